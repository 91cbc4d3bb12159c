/**
 * Processes followed from fork to exit, each with something attached to it, by process events (ffi/proc-events.ts).
 *
 *     attach(pid) -> [entry] -- fork --> onFork: what the child gets
 *                       |  <-- thread start, thread exit: counted, for a process ends with its last thread
 *                       +----- that exit --> onExit, with the wait status
 *
 * A process is its thread group: the first thread may end long before it, and the last one to end brings the status. Pids
 * come round within a second in a storm, so what is followed is told apart by the order of events, never by a look at
 * /proc. An answer is exact after drain(). After a loss everything is looked at again.
 */
import type { Clock } from "#core/model/clock.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { type ProcessEvent, ProcessEvents } from "#ffi/proc-events.ts";
import { listPids, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { bornAt } from "./born.ts";

export interface TrackerOptions<T> {
  readonly procRoot: string;
  readonly clock: Clock;
  /** Asked for with a larger buffer by whoever follows storms; 16 MB by default. */
  readonly bufferBytes?: number;
  /** What the child gets; undefined leaves it out. */
  readonly onFork: (parent: T, childPid: number, parentPid: number) => T | undefined;
  /** Without it, execs are not listened to. */
  readonly onExec?: (pid: number, data: T) => void;
  readonly onExit: (pid: number, data: T, exit: TrackedExit) => void;
  /** A process was forked by one that is not followed. */
  readonly onStranger?: (parentPid: number, childPid: number, timeNs: number) => void;
  /** Called after a loss: what processes get that are not known and have no known parent. */
  readonly claims?: () => (stat: ProcessStat) => T | undefined;
  /** Events were lost; nobody living is missing and no ghost is left now. Without onRepair() nothing is said. */
  readonly onRepair?: () => void;
  readonly openEvents?: typeof ProcessEvents.open;
}

export interface TrackedExit {
  /** Wait status; null if nobody saw it. */
  readonly status: number | null;
  /** Who forked it; 0 for what was attached. */
  readonly parentPid: number;
  /** It was told to be another's child: who forked it had ended before. */
  readonly isOrphan: boolean;
  /** Its parent had collected it before its end was told, so it ended earlier than the order of events says. */
  readonly isCollected: boolean;
  /** It was told to be the child of who forked it: that one had not ended yet. */
  readonly hadParent: boolean;
  /** CLOCK_MONOTONIC; null if nobody saw it. */
  readonly timeNs: number | null;
  /** When the thread before its last one ended; null if it had one alone. */
  readonly previousNs: number | null;
}

/** An end that nobody saw. */
export const UNSEEN = {
  status: null,
  isOrphan: false,
  isCollected: false,
  hadParent: false,
  timeNs: null,
  previousNs: null,
} as const;

export interface Tracked<T> {
  readonly pid: number;
  readonly data: T;
  /** Clock ticks; null if it was never looked at: a child known by its fork. */
  readonly startTicks: string | null;
}

interface Entry<T> {
  readonly pid: number;
  data: T;
  startTicks: string | null;
  /** Of its fork; null for what was attached. */
  readonly bornNs: number | null;
  readonly parentPid: number;
  /** Threads that have not ended. */
  threads: number;
  /** Every thread was counted from the first on; else the count is a guess that is checked. */
  isCounted: boolean;
  isLeaderGone: boolean;
  /** Of the threads that have ended, together. */
  status: number | null;
  /** When the last one of them did. */
  endedNs: number | null;
  /** It was found ended, without the event that says so. */
  isDoubted: boolean;
}

const BUFFER_BYTES = 16 << 20;
/** Between two looks at what may have ended without a word: the first, and the longest. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 5000;
/** WCOREDUMP(status), which only the thread that dumped tells. */
const CORE_FLAG = 0x80;

export class ProcessTracker<T> {
  readonly #options: TrackerOptions<T>;
  readonly #entries = new Map<number, Entry<T>>();
  /** Pids whose next exit event is that of an earlier process. */
  readonly #overdue = new Map<number, number>();
  /** Those whose first thread has ended, of whom we are not sure that their last thread's end will be told. */
  readonly #lingering = new Set<Entry<T>>();
  #events: ProcessEvents | null = null;
  #cancelLook: (() => void) | null = null;
  #lookMs = FIRST_LOOK_MS;
  #losses = 0;
  #hearers = 0;
  #isApplying = false;

  constructor(options: TrackerOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How often events were lost. */
  get losses(): number {
    return this.#losses;
  }

  /** Whether the receive buffer is large enough for storms; null while nothing is followed. */
  get isBufferForced(): boolean | null {
    return this.#events?.isBufferForced ?? null;
  }

  get(pid: number): T | undefined {
    return this.#entries.get(pid)?.data;
  }

  tracked(pid: number): Tracked<T> | undefined {
    return this.#entries.get(pid);
  }

  [Symbol.iterator](): IterableIterator<Tracked<T>> {
    return this.#entries.values();
  }

  /** Tells, before it returns, of everything that has happened. Within a handler it does nothing. */
  drain(): void {
    this.#events?.drain();
  }

  /** Listening begins now, not with the first process. Throws SysError where events are not to be had. */
  listen(): void {
    const { openEvents = ProcessEvents.open, bufferBytes = BUFFER_BYTES, onExec } = this.#options;
    this.#events ??= openEvents({
      events: onExec ? ["fork", "exec", "exit"] : ["fork", "exit"],
      threads: true,
      bufferBytes,
      isEager: true,
      onEvents: (batch) => {
        this.#isApplying = true;
        try {
          for (const event of batch) this.#apply(event);
        } finally {
          this.#isApplying = false;
        }
      },
      onLoss: () => this.repair(),
    });
  }

  /** Listens as listen() until it is disposed of, whether or not anything is followed. */
  hear(): Disposable {
    this.listen();
    this.#hearers++;
    return {
      [Symbol.dispose]: () => {
        this.#hearers--;
        this.#stopIfIdle();
      },
    };
  }

  /**
   * Follows a process from now on; for one that is followed, replaces what is attached. False if it is gone, ended, or
   * another one than that with `startTicks`. Throws SysError where events are not to be had.
   */
  attach(pid: number, data: T, startTicks?: string | null): boolean {
    this.listen();
    this.drain();
    const known = this.#entries.get(pid);
    const stat = readProcessStat(this.#options.procRoot, pid);
    const isThere =
      stat !== null && !hasEnded(stat) && (typeof startTicks !== "string" || stat.startTicks === startTicks);
    if (!isThere) {
      this.#stopIfIdle();
      return false;
    }
    if (known) {
      known.data = data;
      known.startTicks = stat.startTicks;
      return true;
    }
    this.#put(this.#entryOf(stat, data));
    return true;
  }

  /**
   * Follows a process from now on, with what `make` gives; what is followed already keeps what it has. Null if it is gone or
   * ended, or `make` has nothing for it. Within a handler only what the events told so far say is seen: where the pid is
   * another process's by now, that one's fork is still to be told. Throws SysError where events are not to be had.
   */
  take(pid: number, make: (stat: ProcessStat) => T | undefined): { data: T; stat: ProcessStat } | null {
    this.listen();
    this.drain();
    let stat = readProcessStat(this.#options.procRoot, pid);
    const known = this.#entries.get(pid);
    if (known && stat && !this.#isSame(known, stat)) {
      if (this.#isApplying) return null;
      // Its end and the other's fork have come in between.
      this.drain();
      stat = readProcessStat(this.#options.procRoot, pid);
    }
    if (!stat || hasEnded(stat)) {
      this.#stopIfIdle();
      return null;
    }
    const entry = this.#entries.get(pid);
    if (entry && this.#isSame(entry, stat)) {
      entry.startTicks ??= stat.startTicks;
      return { data: entry.data, stat };
    }
    // An end that nobody told.
    if (entry) this.#end(entry, UNSEEN);
    const data = make(stat);
    if (data === undefined) {
      this.#stopIfIdle();
      return null;
    }
    this.#put(this.#entryOf(stat, data));
    return { data, stat };
  }

  /** No longer followed: nothing more is told of it. */
  detach(pid: number): T | undefined {
    const entry = this.#entries.get(pid);
    if (!entry) return undefined;
    this.#remove(entry);
    return entry.data;
  }

  close(): void {
    this.#entries.clear();
    this.#lingering.clear();
    this.#stopIfIdle();
  }

  /** Whether what is under this pid now, alive or not collected, is what is followed. */
  isStillThere(pid: number): boolean {
    const entry = this.#entries.get(pid);
    const stat = entry && readProcessStat(this.#options.procRoot, pid);
    return entry !== undefined && stat !== null && stat !== undefined && this.#isSame(entry, stat);
  }

  /** Says of a followed process that it has ended, as the kernel's own list of living ones shows. */
  lose(pid: number): void {
    const entry = this.#entries.get(pid);
    if (entry) this.#end(entry, UNSEEN);
  }

  /**
   * Looks at everything again: those that are gone have ended, with a status nobody knows; children of followed processes
   * are taken in, and of the others what the owner claims.
   */
  repair(): void {
    this.#losses++;
    this.#overdue.clear();
    for (const entry of [...this.#entries.values()]) this.#lookAgain(entry);
    this.#takeInUnknown();
    this.#options.onRepair?.();
  }

  #lookAgain(entry: Entry<T>): void {
    const stat = readProcessStat(this.#options.procRoot, entry.pid);
    if (!stat || !this.#isSame(entry, stat)) {
      this.#end(entry, UNSEEN);
      return;
    }
    // A 0 there may mean that it is not for us to know.
    if (hasEnded(stat)) {
      this.#end(entry, { ...UNSEEN, status: stat.exitStatus || null });
      return;
    }
    entry.startTicks = stat.startTicks;
    entry.isCounted = false;
    entry.isLeaderGone = isLeaderGone(stat);
    entry.threads = livingThreads(stat);
    if (entry.isLeaderGone) this.#linger(entry);
  }

  #takeInUnknown(): void {
    const { procRoot, onFork, claims } = this.#options;
    const unknown = listPids(procRoot).flatMap((pid) => {
      if (this.#entries.has(pid)) return [];
      const stat = readProcessStat(procRoot, pid);
      return stat && !hasEnded(stat) && !stat.kernelThread ? [stat] : [];
    });
    const byParent = Map.groupBy(unknown, (stat) => stat.parentPid);
    const grow = (parent: Entry<T>): void => {
      for (const stat of byParent.get(parent.pid) ?? []) {
        if (this.#entries.has(stat.pid)) continue;
        const data = onFork(parent.data, stat.pid, parent.pid);
        if (data !== undefined) grow(this.#put(this.#entryOf(stat, data)));
      }
    };
    for (const entry of [...this.#entries.values()]) grow(entry);
    const claim = claims?.();
    if (!claim) return;
    for (const stat of unknown) {
      if (this.#entries.has(stat.pid)) continue;
      const data = claim(stat);
      if (data !== undefined) grow(this.#put(this.#entryOf(stat, data)));
    }
  }

  #apply(event: ProcessEvent): void {
    switch (event.type) {
      case "fork":
        this.#forked(event.parentTgid, event.childPid, event.timeNs);
        return;
      case "threadStart": {
        const entry = this.#entries.get(event.tgid);
        if (entry) entry.threads++;
        return;
      }
      case "threadExit": {
        const entry = this.#entries.get(event.tgid);
        if (entry) this.#threadEnded(entry, event.status, event.timeNs, null);
        return;
      }
      case "exec": {
        const entry = this.#entries.get(event.pid);
        if (entry) this.#options.onExec?.(event.pid, entry.data);
        return;
      }
      case "exit":
        this.#leaderEnded(event.pid, event.status, event.timeNs, event.parentPid);
    }
  }

  #forked(parentPid: number, pid: number, timeNs: number): void {
    const earlier = this.#entries.get(pid);
    if (earlier) {
      // It was looked at before its fork was told.
      if (earlier.bornNs === null && earlier.startTicks !== null && bornAt(earlier.startTicks, timeNs)) return;
      // Its pid is given away, so it is gone; the word of it is late, if it has not come yet.
      if (!earlier.isLeaderGone) this.#overdue.set(pid, (this.#overdue.get(pid) ?? 0) + 1);
      const status = earlier.isLeaderGone ? earlier.status : null;
      this.#end(earlier, { ...UNSEEN, status, isCollected: true, timeNs });
    }
    const parent = this.#entries.get(parentPid);
    if (!parent) {
      this.#options.onStranger?.(parentPid, pid, timeNs);
      return;
    }
    const data = this.#options.onFork(parent.data, pid, parentPid);
    // Whoever answers may have detached it, or attached it by another way.
    if (data === undefined || this.#entries.has(pid)) return;
    this.#put({
      pid,
      data,
      startTicks: null,
      bornNs: timeNs,
      parentPid,
      threads: 1,
      isCounted: true,
      isLeaderGone: false,
      status: null,
      endedNs: null,
      isDoubted: false,
    });
  }

  #leaderEnded(pid: number, status: number, timeNs: number, toldParent: number): void {
    const owed = this.#overdue.get(pid);
    if (owed !== undefined) {
      if (owed > 1) this.#overdue.set(pid, owed - 1);
      else this.#overdue.delete(pid);
      return;
    }
    const entry = this.#entries.get(pid);
    if (!entry) return;
    entry.isLeaderGone = true;
    this.#threadEnded(entry, status, timeNs, toldParent);
  }

  /** `toldParent`: null for a thread that is not the first, of which it is never told. */
  #threadEnded(entry: Entry<T>, status: number, timeNs: number, toldParent: number | null): void {
    const previousNs = entry.endedNs;
    entry.endedNs = timeNs;
    entry.status = entry.status === null ? status : together(entry.status, status);
    entry.threads--;
    if (entry.threads <= 0 && (entry.isCounted || !this.#lives(entry.pid))) {
      const isCollected = toldParent === 0;
      const isKnown = toldParent !== null && !isCollected && entry.parentPid !== 0;
      const hadParent = isKnown && toldParent === entry.parentPid;
      const isOrphan = isKnown && !hadParent;
      this.#end(entry, { status: entry.status, isOrphan, isCollected, hadParent, timeNs, previousNs });
      return;
    }
    entry.threads = Math.max(1, entry.threads);
    if (entry.isLeaderGone && !entry.isCounted) this.#linger(entry);
  }

  #end(entry: Entry<T>, exit: Omit<TrackedExit, "parentPid">): void {
    this.#remove(entry);
    this.#options.onExit(entry.pid, entry.data, { ...exit, parentPid: entry.parentPid });
  }

  #put(entry: Entry<T>): Entry<T> {
    this.#entries.set(entry.pid, entry);
    if (entry.isLeaderGone) this.#linger(entry);
    return entry;
  }

  #remove(entry: Entry<T>): void {
    if (this.#entries.get(entry.pid) === entry) this.#entries.delete(entry.pid);
    this.#lingering.delete(entry);
    this.#stopIfIdle();
  }

  #entryOf(stat: ProcessStat, data: T): Entry<T> {
    return {
      pid: stat.pid,
      data,
      startTicks: stat.startTicks,
      bornNs: null,
      parentPid: 0,
      threads: livingThreads(stat),
      isCounted: false,
      isLeaderGone: isLeaderGone(stat),
      status: null,
      endedNs: null,
      isDoubted: false,
    };
  }

  #isSame(entry: Entry<T>, stat: ProcessStat): boolean {
    if (entry.startTicks !== null) return entry.startTicks === stat.startTicks;
    return entry.bornNs === null || bornAt(stat.startTicks, entry.bornNs);
  }

  /** Of the process as a whole; without a descriptor left, as /proc says. */
  #lives(pid: number): boolean {
    try {
      using pidfd = PidFd.open(pid);
      return pidfd?.isAlive() ?? false;
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      const stat = readProcessStat(this.#options.procRoot, pid);
      return stat !== null && !hasEnded(stat);
    }
  }

  /** To be looked at now and then: its threads were not counted from the first. */
  #linger(entry: Entry<T>): void {
    this.#lingering.add(entry);
    if (this.#cancelLook) return;
    this.#lookMs = FIRST_LOOK_MS;
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.setTimer(this.#lookMs, () => {
      this.#cancelLook = null;
      this.#lookMs = Math.min(this.#lookMs * 2, LONGEST_LOOK_MS);
      this.drain();
      for (const entry of [...this.#lingering]) this.#checkLingering(entry);
      if (this.#lingering.size > 0 && !this.#cancelLook) this.#lookLater();
    });
  }

  #checkLingering(entry: Entry<T>): void {
    const stat = readProcessStat(this.#options.procRoot, entry.pid);
    if (stat && this.#isSame(entry, stat) && !hasEnded(stat)) {
      // A thread that executes a program takes the place of the first one.
      if (!isLeaderGone(stat)) {
        entry.isLeaderGone = false;
        this.#lingering.delete(entry);
      }
      return;
    }
    // The last event may be on its way: only what is ended for a while is ended without one.
    if (entry.isDoubted) this.#end(entry, { ...UNSEEN, status: entry.status });
    else entry.isDoubted = true;
  }

  #stopIfIdle(): void {
    if (this.#lingering.size === 0) {
      this.#cancelLook?.();
      this.#cancelLook = null;
    }
    if (this.#entries.size > 0 || this.#hearers > 0) return;
    this.#events?.close();
    this.#events = null;
    this.#overdue.clear();
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

/** All of it: the first thread stays a zombie as long as others live. */
function hasEnded({ state, threads }: ProcessStat): boolean {
  return (state === "Z" || state === "X") && threads <= 1;
}

function isLeaderGone({ state }: ProcessStat): boolean {
  return state === "Z" || state === "X";
}

function livingThreads(stat: ProcessStat): number {
  return isLeaderGone(stat) ? stat.threads - 1 : stat.threads;
}
