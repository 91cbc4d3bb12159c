/**
 * Waiting for what a controller does in shared memory, which no event tells: stores through a mapping are silent. But to
 * attach it must open the region, and when it detaches or dies the kernel closes what it had mapped (inotify(7)):
 *
 *     event of the file -> looked at now, then after 1, 1, 2, 3, 5, 8 ... ms -> at rest
 *     at rest           -> every 250 ms, all waits in one turn, for what no event told
 *     no inotify left   -> every 4 ms instead
 */
import type { Clock } from "#core/model/clock.ts";
import { DirectoryWatch, INOTIFY } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";

export interface Wait {
  /** The file whose events matter. */
  readonly path: string;
  /** One or a few loads of memory. What it throws ends the wait. */
  readonly isDone: () => boolean;
  /** Infinity: no end. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** How often it is looked at when nothing happens. */
  readonly restMs?: number;
}

const REST_MS = 250;
const BLIND_REST_MS = 4;
const FIRST_STEP_MS = 1;
const STEP_GROWTH = 1.6;

const EVENTS = INOTIFY.OPEN | INOTIFY.CLOSE_WRITE | INOTIFY.CLOSE_NOWRITE | INOTIFY.ATTRIB | INOTIFY.DELETE_SELF;

interface Waiting {
  readonly wait: Wait;
  readonly deadlineMs: number;
  stepMs: number;
  dueMs: number;
  readonly end: (outcome: boolean | Error) => void;
}

/** The waits of one process: one inotify queue and one timer for all of them, and neither while nobody waits. */
export class EndpointWaits {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #events: DirectoryWatch | null = null;
  readonly #watched = new Map<string, number>();
  #cancelTimer: (() => void) | null = null;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True as soon as `isDone` says so; false when the time is over or `signal` is aborted. */
  until(wait: Wait): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const nowMs = this.#clock.nowMs();
      const waiting: Waiting = {
        wait,
        deadlineMs: nowMs + wait.timeoutMs,
        stepMs: FIRST_STEP_MS,
        dueMs: nowMs,
        end: (outcome) => {
          if (!this.#waiting.delete(waiting)) return;
          wait.signal?.removeEventListener("abort", abort);
          this.#unwatch(wait.path);
          if (this.#waiting.size === 0) this.#schedule();
          if (typeof outcome === "boolean") resolve(outcome);
          else reject(outcome);
        },
      };
      const abort = () => waiting.end(false);
      this.#waiting.add(waiting);
      this.#watch(wait.path);
      wait.signal?.addEventListener("abort", abort, { once: true });
      if (wait.signal?.aborted) abort();
      else this.#look(waiting, nowMs);
      this.#schedule();
    });
  }

  #look(waiting: Waiting, nowMs: number): void {
    const outcome = outcomeOf(waiting.wait);
    if (outcome !== false || nowMs >= waiting.deadlineMs) {
      waiting.end(outcome);
      return;
    }
    const restMs = Math.min(
      waiting.wait.restMs ?? REST_MS,
      this.#watched.has(waiting.wait.path) ? REST_MS : BLIND_REST_MS,
    );
    const isResting = waiting.stepMs >= restMs;
    // At rest all come due at the same moments.
    const dueMs = isResting ? (Math.floor(nowMs / restMs) + 1) * restMs : nowMs + waiting.stepMs;
    if (!isResting) waiting.stepMs *= STEP_GROWTH;
    waiting.dueMs = Math.min(dueMs, waiting.deadlineMs);
  }

  #lookAtDue(): void {
    const nowMs = this.#clock.nowMs();
    for (const waiting of this.#waiting) if (waiting.dueMs <= nowMs) this.#look(waiting, nowMs);
    this.#schedule();
  }

  #schedule(): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) dueMs = Math.min(dueMs, waiting.dueMs);
    if (dueMs === this.#timerDueMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#timerDueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    // Whole milliseconds: a timer that fires too early by a fraction would be a turn for nothing.
    const delayMs = Math.max(0, Math.ceil(dueMs - this.#clock.nowMs()));
    this.#cancelTimer = this.#clock.setTimer(delayMs, () => {
      this.#cancelTimer = null;
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      this.#lookAtDue();
    });
  }

  #onEvents(paths: ReadonlySet<string>): void {
    const nowMs = this.#clock.nowMs();
    for (const waiting of this.#waiting) {
      if (!paths.has(waiting.wait.path)) continue;
      waiting.stepMs = FIRST_STEP_MS;
      this.#look(waiting, nowMs);
    }
    this.#schedule();
  }

  #watch(path: string): void {
    const count = this.#watched.get(path);
    if (count !== undefined) {
      this.#watched.set(path, count + 1);
      return;
    }
    try {
      this.#events ??= new DirectoryWatch(
        (events) => this.#onEvents(new Set(events.map((event) => event.directory))),
        () => this.#onEvents(new Set(this.#watched.keys())),
      );
      this.#events.add(path, EVENTS);
      this.#watched.set(path, 1);
    } catch (thrown) {
      // No queue, no watch left, or the path is gone: then it is looked at often instead.
      if (!(thrown instanceof SysError)) throw thrown;
      if (this.#watched.size === 0) this.#closeEvents();
    }
  }

  #unwatch(path: string): void {
    const count = this.#watched.get(path);
    // A wait that came without a watch may end one too early: then the others of its path are looked at often.
    if (count === undefined) return;
    if (count > 1) {
      this.#watched.set(path, count - 1);
      return;
    }
    this.#watched.delete(path);
    this.#events?.remove(path);
    if (this.#watched.size === 0) this.#closeEvents();
  }

  #closeEvents(): void {
    this.#events?.close();
    this.#events = null;
  }
}

function outcomeOf(wait: Wait): boolean | Error {
  try {
    return wait.isDone();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
