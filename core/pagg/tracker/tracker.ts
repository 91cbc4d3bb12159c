/**
 * Processes followed from fork to exit, each with something attached to it, by process events (ffi/proc-events.ts).
 *
 *     attach(pid) -> [process] -- fork --> onFork: what the child gets
 *                       |  <-- thread start, thread exit: counted, for a process ends with its last thread
 *                       +----- that exit --> onExit, with the wait status
 *
 * A process is its thread group: the first thread may end long before it, and the last one to end brings the status. Pids
 * come round within a second in a storm, so what is followed is told apart by the order of events, never by a look at
 * /proc. An answer is exact after drain(). What one process is known by is in tracked-process.ts; where the events do not
 * tell, /proc is looked at: lingering.ts, and after a loss repair.ts.
 */
import type { Clock } from "#core/model/clock.ts";
import { type ProcessEvent, ProcessEvents } from "#ffi/proc-events.ts";
import { hasEnded, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { Lingering } from "./lingering.ts";
import { isAlive } from "./liveness.ts";
import { lookAtFollowed, type Repair, takeInUnknown } from "./repair.ts";
import { type TrackedExit, UNSEEN } from "./tracked-exit.ts";
import { type Tracked, TrackedProcess } from "./tracked-process.ts";

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

const BUFFER_BYTES = 16 << 20;

export class ProcessTracker<T> {
  readonly #options: TrackerOptions<T>;
  readonly #followed = new Map<number, TrackedProcess<T>>();
  /** Pids whose next exit event is that of an earlier process. */
  readonly #overdue = new Map<number, number>();
  readonly #lingering: Lingering<T>;
  #events: ProcessEvents | null = null;
  #losses = 0;
  #hearers = 0;
  #isApplying = false;

  constructor(options: TrackerOptions<T>) {
    this.#options = options;
    this.#lingering = new Lingering({
      procRoot: options.procRoot,
      clock: options.clock,
      beforeLook: () => this.drain(),
      onEnded: (process) => this.#end(process, { ...UNSEEN, status: process.status }),
    });
  }

  get size(): number {
    return this.#followed.size;
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
    return this.#followed.get(pid)?.data;
  }

  tracked(pid: number): Tracked<T> | undefined {
    return this.#followed.get(pid);
  }

  [Symbol.iterator](): IterableIterator<Tracked<T>> {
    return this.#followed.values();
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
    const known = this.#followed.get(pid);
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
    this.#follow(TrackedProcess.found(data, stat));
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
    const known = this.#followed.get(pid);
    if (known && stat && !known.isSame(stat)) {
      if (this.#isApplying) return null;
      // Its end and the other's fork have come in between.
      this.drain();
      stat = readProcessStat(this.#options.procRoot, pid);
    }
    if (!stat || hasEnded(stat)) {
      this.#stopIfIdle();
      return null;
    }
    const process = this.#followed.get(pid);
    if (process?.isSame(stat)) {
      process.startTicks ??= stat.startTicks;
      return { data: process.data, stat };
    }
    // An end that nobody told.
    if (process) this.#end(process, UNSEEN);
    const data = make(stat);
    if (data === undefined) {
      this.#stopIfIdle();
      return null;
    }
    this.#follow(TrackedProcess.found(data, stat));
    return { data, stat };
  }

  /** No longer followed: nothing more is told of it. */
  detach(pid: number): T | undefined {
    const process = this.#followed.get(pid);
    if (!process) return undefined;
    this.#remove(process);
    return process.data;
  }

  close(): void {
    this.#followed.clear();
    this.#lingering.clear();
    this.#stopIfIdle();
  }

  /** Whether what is under this pid now, alive or not collected, is what is followed. */
  isStillThere(pid: number): boolean {
    const process = this.#followed.get(pid);
    const stat = process && readProcessStat(this.#options.procRoot, pid);
    return process !== undefined && stat !== null && stat !== undefined && process.isSame(stat);
  }

  /** Says of a followed process that it has ended, as the kernel's own list of living ones shows. */
  lose(pid: number): void {
    const process = this.#followed.get(pid);
    if (process) this.#end(process, UNSEEN);
  }

  /** Looks at everything again: nobody living is missing then, and what has ended has, with a status nobody knows. */
  repair(): void {
    const { procRoot, onFork, claims, onRepair } = this.#options;
    this.#losses++;
    this.#overdue.clear();
    const repair: Repair<T> = {
      procRoot,
      followed: this.#followed,
      onFork,
      claims,
      end: (process, exit) => this.#end(process, exit),
      follow: (process) => this.#follow(process),
    };
    lookAtFollowed(repair);
    takeInUnknown(repair);
    onRepair?.();
  }

  #apply(event: ProcessEvent): void {
    switch (event.type) {
      case "fork":
        this.#forked(event.parentTgid, event.childPid, event.timeNs);
        return;
      case "threadStart":
        this.#followed.get(event.tgid)?.threadStarted();
        return;
      case "threadExit": {
        const process = this.#followed.get(event.tgid);
        if (process) this.#threadEnded(process, event.status, event.timeNs, null);
        return;
      }
      case "exec": {
        const process = this.#followed.get(event.pid);
        if (process) this.#options.onExec?.(event.pid, process.data);
        return;
      }
      case "exit":
        this.#leaderEnded(event.pid, event.status, event.timeNs, event.parentPid);
    }
  }

  #forked(parentPid: number, pid: number, timeNs: number): void {
    const earlier = this.#followed.get(pid);
    if (earlier) {
      // It was looked at before its fork was told.
      if (earlier.isFoundBefore(timeNs)) return;
      // Its pid is given away, so it is gone; the word of it is late, if it has not come yet.
      if (!earlier.isLeaderGone) this.#overdue.set(pid, (this.#overdue.get(pid) ?? 0) + 1);
      const status = earlier.isLeaderGone ? earlier.status : null;
      this.#end(earlier, { ...UNSEEN, status, isCollected: true, timeNs });
    }
    const parent = this.#followed.get(parentPid);
    if (!parent) {
      this.#options.onStranger?.(parentPid, pid, timeNs);
      return;
    }
    const data = this.#options.onFork(parent.data, pid, parentPid);
    // Whoever answers may have detached it, or attached it by another way.
    if (data === undefined || this.#followed.has(pid)) return;
    this.#follow(TrackedProcess.forked(data, { pid, parentPid, timeNs }));
  }

  #leaderEnded(pid: number, status: number, timeNs: number, toldParent: number): void {
    const owed = this.#overdue.get(pid);
    if (owed !== undefined) {
      if (owed > 1) this.#overdue.set(pid, owed - 1);
      else this.#overdue.delete(pid);
      return;
    }
    const process = this.#followed.get(pid);
    if (!process) return;
    process.isLeaderGone = true;
    this.#threadEnded(process, status, timeNs, toldParent);
  }

  /** `toldParent`: null for a thread that is not the first, of which it is never told. */
  #threadEnded(process: TrackedProcess<T>, status: number, timeNs: number, toldParent: number | null): void {
    const wasLast = process.threadEnded(status, timeNs);
    if (wasLast && (process.isCounted || !isAlive(this.#options.procRoot, process.pid))) {
      this.#end(process, process.exit(toldParent));
      return;
    }
    process.hasMoreThreads();
    if (process.isLeaderGone && !process.isCounted) this.#lingering.add(process);
  }

  #end(process: TrackedProcess<T>, exit: Omit<TrackedExit, "parentPid">): void {
    this.#remove(process);
    this.#options.onExit(process.pid, process.data, { ...exit, parentPid: process.parentPid });
  }

  #follow(process: TrackedProcess<T>): void {
    this.#followed.set(process.pid, process);
    if (process.isLeaderGone) this.#lingering.add(process);
  }

  #remove(process: TrackedProcess<T>): void {
    if (this.#followed.get(process.pid) === process) this.#followed.delete(process.pid);
    this.#lingering.delete(process);
    this.#stopIfIdle();
  }

  #stopIfIdle(): void {
    if (this.#followed.size > 0 || this.#hearers > 0) return;
    this.#events?.close();
    this.#events = null;
    this.#overdue.clear();
  }
}
