/**
 * How fast a user may have things changed who is neither root nor the service's own. What he does is written down, and the
 * disk that it is written to is not his: many at once now and then, but not without end.
 */
import { type Clock, delay } from "#core/model/clock.ts";

/** Milliseconds that one change is worth. */
const A_CHANGE_MS = 100;
/** Changes that need not wait, after a while without any. */
const AT_ONCE = 300;

export class Pace {
  readonly #clock: Clock;
  /** By uid, the moment up to which his changes are spent. */
  readonly #spentMs = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when one more change of this user's may be made; false if it was given up before. */
  async take(uid: number, signal?: AbortSignal): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    const spentMs =
      Math.max(this.#spentMs.get(uid) ?? Number.NEGATIVE_INFINITY, nowMs - AT_ONCE * A_CHANGE_MS) + A_CHANGE_MS;
    this.#spentMs.set(uid, spentMs);
    if (spentMs > nowMs) await delay(this.#clock, spentMs - nowMs, signal);
    return signal?.aborted !== true;
  }
}
