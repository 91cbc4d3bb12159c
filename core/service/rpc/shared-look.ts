/**
 * A look for all who ask for it, one at a time. What is found is not older than the question: who asks during a look is
 * answered by the next one, together with all who asked meanwhile.
 */
import type { Clock } from "#core/model/clock.ts";

export class SharedLook<T> {
  readonly #clock: Clock;
  readonly #look: () => Promise<T>;
  /** By those whose look has not begun. */
  #asked: PromiseWithResolvers<T> | null = null;
  /** Of the least patient of them. */
  #restMs = Number.POSITIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, look: () => Promise<T>) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Not sooner than `restMs` after the end of the last one, unless somebody else wants it sooner. */
  ask(restMs = 0): Promise<T> {
    this.#asked ??= Promise.withResolvers<T>();
    this.#restMs = Math.min(this.#restMs, restMs);
    const { promise } = this.#asked;
    this.#arm();
    return promise;
  }

  /** Those whose look has not begun are told why it never will. */
  end(reason: Error): void {
    this.#cancelTimer?.();
    this.#asked?.reject(reason);
    this.#asked = null;
  }

  #arm(): void {
    if (this.#isLooking || this.#asked === null) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const waitMs = this.#endedMs + this.#restMs - this.#clock.nowMs();
    if (waitMs > 0) this.#cancelTimer = this.#clock.setTimer(waitMs, () => this.#arm());
    else void this.#begin(this.#asked);
  }

  async #begin({ resolve, reject }: PromiseWithResolvers<T>): Promise<void> {
    this.#asked = null;
    this.#restMs = Number.POSITIVE_INFINITY;
    this.#isLooking = true;
    try {
      resolve(await this.#look());
    } catch (thrown) {
      reject(thrown);
    }
    this.#isLooking = false;
    this.#endedMs = this.#clock.nowMs();
    this.#arm();
  }
}
