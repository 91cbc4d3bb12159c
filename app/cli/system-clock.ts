/** The machine's clock: the one place where time is read. */
import type { Clock } from "#core/model/clock.ts";

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** 24 days: what setTimeout takes; nobody waits longer. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
