/** Writes exits into the store, and again once a second for as long as it cannot be written; the ticks of the watch too. */
import type { Clock } from "#core/model/clock.ts";
import type { MemberEntry } from "./entry.ts";
import type { ExitWatch } from "./exits.ts";
import type { SetStore } from "./store.ts";

const TICK_MS = 1000;

export class ExitLog {
  readonly #clock: Clock;
  readonly #store: SetStore;
  readonly #exits: ExitWatch;
  readonly #onProblem: (message: string) => void;
  readonly #unsaved = new Map<number, MemberEntry>();
  #cancelTick: (() => void) | null = null;

  constructor(clock: Clock, store: SetStore, exits: ExitWatch, onProblem: (message: string) => void) {
    this.#clock = clock;
    this.#store = store;
    this.#exits = exits;
    this.#onProblem = onProblem;
  }

  record(exited: readonly MemberEntry[]): void {
    const wasSaved = this.#unsaved.size === 0;
    for (const entry of exited) this.#unsaved.set(entry.number, entry);
    try {
      this.#store.recordExits([...this.#unsaved.values()]);
      this.#unsaved.clear();
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (wasSaved) this.#onProblem(`exits cannot be stored and will be tried again: ${why}`);
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
