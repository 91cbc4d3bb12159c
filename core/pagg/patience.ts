/** How long is waited for what a module owes. One time for all of it, begun anew whenever something comes. */
import type { Clock } from "#core/model/clock.ts";

/** A loop that was held up itself looks at what has come before it calls another one slow. */
const SECOND_LOOK_MS = 100;

export class Patience {
  readonly #clock: Clock;
  readonly #onOver: (waitedMs: number) => void;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, onOver: (waitedMs: number) => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** Something is to come within `delayMs`; if something is already, that is waited for first. */
  owe(delayMs: number): void {
    if (this.#cancel) return;
    this.#cancel = this.#clock.setTimer(delayMs, () => {
      this.#cancel = this.#clock.setTimer(SECOND_LOOK_MS, () => {
        this.#cancel = null;
        this.#onOver(delayMs);
      });
    });
  }

  settle(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
