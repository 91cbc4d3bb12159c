/** A clock that goes only when it is told to. Timers due fire in the order of their time, then of their making. */
import type { Clock } from "#core/model/clock.ts";

export interface VirtualClock extends Clock {
  /** Moves time on and fires every timer that falls due, at its own moment. */
  advance(ms: number): void;
  /** The same up to a moment; a moment that is past changes nothing. */
  advanceTo(ms: number): void;
  /** When the next timer is due; null: none waits. */
  nextDueMs(): number | null;
  /** Timers that wait: an idle program has none. */
  pending(): number;
  /** Puts the clock elsewhere, backwards too. Timers that wait are dropped: whoever set them is gone. */
  moveTo(ms: number): void;
}

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export function createVirtualClock(startWallMs = Date.parse("2026-03-01T10:00:00Z")): VirtualClock {
  let elapsedMs = 0;
  const timers = new Set<Timer>();
  const nextDue = (limitMs: number): Timer | null => {
    let next: Timer | null = null;
    for (const timer of timers) {
      if (timer.dueMs <= limitMs && (next === null || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  };
  const advanceTo = (limitMs: number) => {
    for (let timer = nextDue(limitMs); timer; timer = nextDue(limitMs)) {
      timers.delete(timer);
      elapsedMs = Math.max(elapsedMs, timer.dueMs);
      timer.callback();
    }
    elapsedMs = Math.max(elapsedMs, limitMs);
  };
  return {
    nowMs: () => elapsedMs,
    wallMs: () => startWallMs + elapsedMs,
    setTimer(delayMs, callback) {
      const timer = { dueMs: elapsedMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => advanceTo(elapsedMs + ms),
    advanceTo,
    nextDueMs: () => nextDue(Number.POSITIVE_INFINITY)?.dueMs ?? null,
    pending: () => timers.size,
    moveTo(ms) {
      timers.clear();
      elapsedMs = ms;
    },
  };
}
