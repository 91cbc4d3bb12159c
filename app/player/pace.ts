/**
 * How a fixture goes on before an operator: the virtual clock follows the real one at the speed that was asked for, and
 * stands still when it is told to.
 */
import type { Clock } from "#core/model/clock.ts";
import type { VirtualClock } from "#core/playback/virtual-clock.ts";
import { type Player, turn } from "./player.ts";

export interface PaceOptions {
  readonly player: Player;
  readonly virtualClock: VirtualClock;
  /** Real time. */
  readonly clock: Clock;
  /** Records from here on are not played. */
  readonly to: number;
  readonly speed: number;
  readonly isStepping: boolean;
  readonly idleLimitMs: number | null;
  readonly onStep: () => void;
  /** Somebody waits for this moment to be over. */
  readonly isCalled: () => boolean;
}

/** The line of the playback is drawn so often while nothing else happens. */
const TICK_MS = 250;
/** Before it begins again: long enough to be seen. */
const AT_END_MS = 1000;
/** What a key of the operator's sets off while all stands still: the past of what is selected is looked for then. */
const NUDGE_MS = 100;

export class Pace {
  readonly #options: PaceOptions;
  readonly #player: Player;
  readonly #clock: VirtualClock;
  speed: number;
  isPaused: boolean;
  /** The operator pressed a key of the console's. */
  #isNudged = false;
  #lastRecordMs = 0;
  #endRest = () => {};

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#player = options.player;
    this.#clock = options.virtualClock;
    this.speed = options.speed;
    this.isPaused = options.isStepping;
  }

  get isAtEnd(): boolean {
    return this.#player.index >= this.#options.to;
  }

  /** It would go on, and there is nothing left to come. */
  get isOver(): boolean {
    return this.isAtEnd && !this.isPaused && !this.#player.isWaiting;
  }

  /** Whoever rests looks what is to be done. */
  wake(): void {
    this.#endRest();
  }

  nudge(): void {
    this.#isNudged = true;
    this.#endRest();
  }

  /** Another place was gone to: idleness counts from here. */
  startHere(): void {
    this.#lastRecordMs = this.#clock.nowMs();
  }

  async restAtEnd(): Promise<void> {
    await this.#rest(AT_END_MS);
  }

  /** Until the next thing that is due, or for a tick of the line. */
  async go(): Promise<void> {
    const player = this.#player;
    if (this.isPaused) {
      await this.#rest(null);
      if (this.#isNudged) await this.#passTo(this.#clock.nowMs() + NUDGE_MS);
      return;
    }
    const lookAgainMs = await player.lookAgainMs();
    if (lookAgainMs !== null) return this.#wait(lookAgainMs);
    const nextMs = this.isAtEnd ? null : player.nextMs;
    const now = this.#clock.nowMs();
    const isIdle = nextMs !== null && this.#isTooLong(nextMs - this.#lastRecordMs, now - this.#lastRecordMs);
    const dueMs = nextMs === null ? this.#clock.nextDueMs() : isIdle ? now : nextMs;
    if (dueMs !== null && dueMs <= now && nextMs !== null) return this.step();
    const restMs = dueMs === null ? null : Math.max(0, dueMs - now) / this.speed;
    const slept = await this.#rest(restMs === null ? null : Math.min(TICK_MS, restMs));
    const reachedMs = now + slept * this.speed;
    if (nextMs !== null && reachedMs >= nextMs) await this.step();
    else await this.#passTo(reachedMs);
  }

  async step(): Promise<void> {
    if (this.isAtEnd) return;
    const player = this.#player;
    await player.step();
    this.#lastRecordMs = this.#clock.nowMs();
    this.#options.onStep();
    if (this.#options.isStepping) this.isPaused = true;
    // What comes at the same moment is drawn with it.
    if (player.nextMs !== this.#lastRecordMs) await turn();
  }

  /** Time goes on, records do not. */
  async #wait(untilMs: number): Promise<void> {
    const now = this.#clock.nowMs();
    const slept = await this.#rest(Math.min(TICK_MS, Math.max(0, untilMs - now) / this.speed));
    this.#isNudged = false;
    await this.#player.passTo(Math.min(untilMs, now + slept * this.speed));
    this.#lastRecordMs = this.#clock.nowMs();
  }

  #isTooLong(gapMs: number, passedMs: number): boolean {
    const { idleLimitMs } = this.#options;
    return idleLimitMs !== null && gapMs > idleLimitMs && passedMs >= idleLimitMs;
  }

  /** Time alone goes on, not beyond the next record. */
  async #passTo(ms: number): Promise<void> {
    this.#isNudged = false;
    await this.#player.passTo(this.isAtEnd ? ms : Math.min(ms, this.#player.nextMs ?? ms));
  }

  /** Real milliseconds that went by; a key ends it. null: until a key is pressed. */
  async #rest(ms: number | null): Promise<number> {
    if (this.#options.isCalled() || this.#isNudged) {
      await turn();
      return 0;
    }
    const { clock } = this.#options;
    const before = clock.nowMs();
    await new Promise<void>((resolve) => {
      const cancel = ms === null ? () => {} : clock.setTimer(ms, resolve);
      this.#endRest = () => {
        cancel();
        resolve();
      };
    });
    this.#endRest = () => {};
    return clock.nowMs() - before;
  }
}
