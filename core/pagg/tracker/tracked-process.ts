/**
 * One followed process: which it is, and its threads as they begin and end. It ends with its last thread; the first may end
 * long before.
 */
import { isLeaderGone, type ProcessStat } from "#ffi/procfs.ts";
import { bornAt } from "./born.ts";
import { livingThreads } from "./liveness.ts";
import type { TrackedExit } from "./tracked-exit.ts";

export interface Tracked<T> {
  readonly pid: number;
  readonly data: T;
  /** Clock ticks; null if it was never looked at: a child known by its fork. */
  readonly startTicks: string | null;
}

interface Fork {
  readonly pid: number;
  readonly parentPid: number;
  readonly timeNs: number;
}

/** WCOREDUMP(status), which only the thread that dumped tells. */
const CORE_FLAG = 0x80;

export class TrackedProcess<T> implements Tracked<T> {
  readonly pid: number;
  readonly parentPid: number;
  data: T;
  startTicks: string | null = null;
  isLeaderGone = false;
  /** It was found ended, without the event that says so. */
  isDoubted = false;
  /** Of its fork; null for what was attached. */
  readonly #bornNs: number | null;
  /** Threads that have not ended. */
  #threads = 1;
  /** Every thread was counted from the first on; else the count is a guess that is checked. */
  #isCounted = true;
  /** Of the threads that have ended, together. */
  #status: number | null = null;
  /** When the last one of them did, and the one before it. */
  #endedNs: number | null = null;
  #previousNs: number | null = null;

  private constructor(data: T, pid: number, parentPid: number, bornNs: number | null) {
    this.data = data;
    this.pid = pid;
    this.parentPid = parentPid;
    this.#bornNs = bornNs;
  }

  /** A child known by its fork. */
  static forked<T>(data: T, { pid, parentPid, timeNs }: Fork): TrackedProcess<T> {
    return new TrackedProcess(data, pid, parentPid, timeNs);
  }

  /** As it was found. */
  static found<T>(data: T, stat: ProcessStat): TrackedProcess<T> {
    const process = new TrackedProcess(data, stat.pid, 0, null);
    process.lookedAt(stat);
    return process;
  }

  get isCounted(): boolean {
    return this.#isCounted;
  }

  /** Of the threads that have ended, together; null while none has. */
  get status(): number | null {
    return this.#status;
  }

  /** Starts again from what is found; threads that begin or end around it are not counted for sure. */
  lookedAt(stat: ProcessStat): void {
    this.startTicks = stat.startTicks;
    this.isLeaderGone = isLeaderGone(stat);
    this.#threads = livingThreads(stat);
    this.#isCounted = false;
  }

  isSame(stat: ProcessStat): boolean {
    if (this.startTicks !== null) return this.startTicks === stat.startTicks;
    return this.#bornNs === null || bornAt(stat.startTicks, this.#bornNs);
  }

  /** It was looked at before its fork, at this time, was told. */
  isFoundBefore(forkNs: number): boolean {
    return this.#bornNs === null && this.startTicks !== null && bornAt(this.startTicks, forkNs);
  }

  threadStarted(): void {
    this.#threads++;
  }

  /** True if that was the last one, as far as was counted. */
  threadEnded(status: number, timeNs: number): boolean {
    this.#previousNs = this.#endedNs;
    this.#endedNs = timeNs;
    this.#status = this.#status === null ? status : together(this.#status, status);
    this.#threads--;
    return this.#threads <= 0;
  }

  /** There is another one that was not counted. */
  hasMoreThreads(): void {
    this.#threads = Math.max(1, this.#threads);
  }

  /** Once its last thread has ended; `toldParent`: null if that was not the first, of which it is never told. */
  exit(toldParent: number | null): Omit<TrackedExit, "parentPid"> {
    const isCollected = toldParent === 0;
    const isKnown = toldParent !== null && !isCollected && this.parentPid !== 0;
    const hadParent = isKnown && toldParent === this.parentPid;
    return {
      status: this.#status,
      isOrphan: isKnown && !hadParent,
      isCollected,
      hadParent,
      timeNs: this.#endedNs,
      previousNs: this.#previousNs,
    };
  }
}

/**
 * Wait status of a process of which one thread ended with `earlier` and a later one with `later`. exit_group(2) and a deadly
 * signal give all that still live the same; a thread that leaves on its own says 0, and the word of that may be late.
 */
function together(earlier: number, later: number): number {
  if (later === 0) return earlier;
  // Only the thread that dumped tells of the core.
  const isSameSignal = (later & 0x7f) !== 0 && ((earlier ^ later) & 0x7f) === 0;
  return isSameSignal ? later | (earlier & CORE_FLAG) : later;
}
