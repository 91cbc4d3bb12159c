/** Writes exits into the store, and again once a second for as long as it cannot be written; the ticks of the watch too. */
import type { Clock } from "#core/model/clock.ts";
import type { MemberEntry } from "./entry.ts";
import type { ExitWatch } from "./exits.ts";
import type { SetStore } from "./store.ts";

const TICK_MS = 1000;

export interface ExitLogOptions {
  readonly clock: Clock;
  readonly store: SetStore;
  readonly exits: ExitWatch;
  readonly onProblem: (message: string) => void;
  /** What was told before is over. */
  readonly onRepaired: (message: string) => void;
}

export class ExitLog {
  readonly #clock: Clock;
  readonly #store: SetStore;
  readonly #exits: ExitWatch;
  readonly #onProblem: (message: string) => void;
  readonly #onRepaired: (message: string) => void;
  /** As it was told. */
  #problem: string | null = null;
  readonly #unsaved = new Map<number, MemberEntry>();
  #cancelTick: (() => void) | null = null;

  constructor({ clock, store, exits, onProblem, onRepaired }: ExitLogOptions) {
    this.#clock = clock;
    this.#store = store;
    this.#exits = exits;
    this.#onProblem = onProblem;
    this.#onRepaired = onRepaired;
  }

  record(exited: readonly MemberEntry[]): void {
    for (const entry of exited) this.#unsaved.set(entry.number, entry);
    try {
      this.#store.recordExits([...this.#unsaved.values()]);
      this.#unsaved.clear();
      if (this.#problem !== null) this.#onRepaired(this.#problem);
      this.#problem = null;
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (this.#problem === null) {
        this.#problem = `exits cannot be stored and will be tried again: ${why}`;
        this.#onProblem(this.#problem);
      }
    }
    this.wake();
  }

  /** Starts the ticks if anything needs them; at rest there are none. */
  wake(): void {
    if (this.#cancelTick || (this.#unsaved.size === 0 && !this.#exits.needsTick)) return;
    this.#cancelTick = this.#clock.setTimer(TICK_MS, () => {
      this.#cancelTick = null;
      this.#exits.tick();
      if (this.#unsaved.size > 0) this.record([]);
      this.wake();
    });
  }

  close(): void {
    this.#cancelTick?.();
  }
}
