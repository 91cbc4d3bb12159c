/**
 * Who asks over a socket takes turns with everybody else. An action may name thousands of targets, and each of them may cost
 * several writes that wait for the disk; a user may have a hundred connections, each with a request that reads the journal.
 * Only a few are begun before the loop has its turn, and of those who wait for theirs every user gets one after the other.
 */
import type { Clock } from "#core/model/clock.ts";

/** Begun in one turn of the loop, of all users together. */
const A_TURN = 4;

export class Turns {
  readonly #clock: Clock;
  /** By uid, in the order in which they come next. */
  readonly #waiting = new Map<number, (() => void)[]>();
  #left = A_TURN;
  #isTimed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when one more of this user's may be begun. */
  take(uid: number): Promise<void> {
    this.#wake();
    if (this.#left > 0) {
      this.#left--;
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const queue = this.#waiting.get(uid);
    if (queue) queue.push(resolve);
    else this.#waiting.set(uid, [resolve]);
    return promise;
  }

  #wake(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#clock.setTimer(0, () => this.#next());
  }

  #next(): void {
    this.#isTimed = false;
    this.#left = A_TURN;
    while (this.#left > 0) {
      const [next] = this.#waiting;
      if (!next) break;
      const [uid, queue] = next;
      queue.shift()?.();
      // To the end of the row.
      this.#waiting.delete(uid);
      if (queue.length > 0) this.#waiting.set(uid, queue);
      this.#left--;
    }
    if (this.#left < A_TURN) this.#wake();
  }
}
