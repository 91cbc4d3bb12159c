/** Something is done at once when it is asked for, and then not again before a lull is over: a storm costs a few a second. */
import type { Clock } from "#core/model/clock.ts";

/** No more than a fifth of the time goes into it, however much there is to do. */
const WAIT_PER_COST = 4;

/** However many want to know, it is done no more often than this. */
const HURRY_MS = 20;

export class Lull {
  readonly #clock: Clock;
  readonly #lullMs: number;
  readonly #act: () => boolean;
  #cancel: (() => void) | null = null;
  #atMs = 0;
  /** When it was done last. */
  #doneMs = Number.NEGATIVE_INFINITY;
  #isAsked = false;
  /** When it may be done again. */
  #dueMs = Number.NEGATIVE_INFINITY;

  /** `act` gives false if it is to go on in the next turn of the loop. */
  constructor(clock: Clock, lullMs: number, act: () => boolean) {
    this.#clock = clock;
    this.#lullMs = lullMs;
    this.#act = act;
  }

  ask(): void {
    this.#isAsked = true;
    this.#arm(Math.max(0, this.#dueMs - this.#clock.nowMs()));
  }

  /** Once more in so long, unless it is asked for before. */
  askIn(delayMs: number): void {
    if (!this.#cancel) this.#arm(delayMs);
  }

  /** For somebody who wants to know now: what is asked for is done, if it was not done a moment ago. */
  hurry(): void {
    if (!this.#isAsked || this.#clock.nowMs() - this.#doneMs < HURRY_MS) return;
    this.#cancel?.();
    this.#do();
  }

  #arm(delayMs: number): void {
    const atMs = this.#clock.nowMs() + delayMs;
    if (this.#cancel && this.#atMs <= atMs) return;
    this.#cancel?.();
    this.#atMs = atMs;
    this.#cancel = this.#clock.setTimer(delayMs, () => this.#do());
  }

  #do(): void {
    this.#cancel = null;
    this.#isAsked = false;
    const begunMs = this.#clock.nowMs();
    const isDone = this.#act();
    const nowMs = this.#clock.nowMs();
    this.#doneMs = nowMs;
    if (isDone) this.#dueMs = nowMs + Math.max(this.#lullMs, (nowMs - begunMs) * WAIT_PER_COST);
    else this.ask();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
