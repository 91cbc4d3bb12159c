/**
 * The end of every member, child or not. One pidfd each: it cannot lose an event, and it never means another process.
 *
 *     exits ----> readable -----> zombie: status from /proc/PID/stat, if we may read it there
 *     reaped ---> hung up ------> status from PIDFD_GET_INFO (Linux 6.15)
 *     proc connector -----------> status, where the kernel keeps none and for those no descriptor was left for
 *
 * The connector is opened only when it is needed: it wakes us for every process of the machine.
 */
import type { PidFd } from "#ffi/pidfd.ts";
import type { ProcessEvents } from "#ffi/proc-events.ts";
import { hasEnded, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { ExitReporter } from "./exit-reporter.ts";

/** A process to be watched. */
export interface Watched {
  /** The member's number. */
  readonly key: number;
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * noticed: it has exited, how is about to be told; told: how it ended, with status null if that cannot be known now. After
 * `isFinal` nothing more comes.
 */
export interface ExitReport {
  readonly stage: "noticed" | "told";
  readonly status: number | null;
  readonly isFinal: boolean;
}

export interface ExitWatchOptions {
  readonly procRoot: string;
  /** PIDFD_GET_INFO tells the status of what was reaped. */
  readonly keepsStatus: boolean;
  /** The status of any zombie may be read from /proc (CAP_SYS_PTRACE); else a 0 there may mean "not for you". */
  readonly readsZombies: boolean;
  /** How many processes may be held by a descriptor. */
  readonly pidfdLimit: number;
  /** All that ended since the last time, by key. Called from the loop, once for all that came together. */
  readonly onExits: (batch: ReadonlyMap<number, ExitReport>) => void;
  /** What makes exits be noticed later or less surely than they should be; told once each. */
  readonly onProblem: (message: string) => void;
  readonly openConnector: (handlers: ConnectorHandlers) => ProcessEvents;
}

export interface ConnectorHandlers {
  readonly onExit: (pid: number, status: number) => void;
  readonly onLoss: () => void;
}

interface Held extends Watched {
  pidfd: PidFd | null;
  watch: Watch | null;
  /** As the connector told it. */
  status: number | null;
  stage: "living" | ExitReport["stage"];
  /** How often tick() found it exited without a status. */
  waited: number;
}

/** A parent collects its child, and the connector speaks, within milliseconds: so many ticks are patience enough. */
const PATIENCE = 2;

export class ExitWatch {
  readonly #options: ExitWatchOptions;
  readonly #held = new Map<number, Held>();
  readonly #byPid = new Map<number, Set<Held>>();
  /** Exited, without a status so far. */
  readonly #pending = new Set<Held>();
  readonly #reporter: ExitReporter<ExitReport>;
  readonly #problems = new Set<string>();
  #descriptors = 0;
  #connector: ProcessEvents | null = null;
  #isConnectorMissing = false;

  constructor(options: ExitWatchOptions) {
    this.#options = options;
    this.#reporter = new ExitReporter((keys) => this.#look(keys), options.onExits);
  }

  /** Room for another descriptor; without it watch() is given none. */
  get hasRoom(): boolean {
    return this.#descriptors < this.#options.pidfdLimit;
  }

  /** There are members that nothing, or nothing more, wakes us for. */
  get needsTick(): boolean {
    return this.#held.size > this.#descriptors || this.#pending.size > 0;
  }

  /** Once a second while it is needed. */
  tick(): void {
    for (const held of this.#pending) {
      held.waited++;
      this.#reporter.touch(held.key);
    }
    this.#checkAll((held) => held.pidfd === null);
  }

  /** From now on. Takes over `pidfd`; null if there is none to be had. */
  watch(watched: Watched, pidfd: PidFd | null): void {
    const held: Held = { ...watched, pidfd: null, watch: null, status: null, stage: "living", waited: 0 };
    this.#held.set(held.key, held);
    const samePid = this.#byPid.get(held.pid);
    if (samePid) samePid.add(held);
    else this.#byPid.set(held.pid, new Set([held]));
    if (pidfd && this.hasRoom) this.#hold(held, pidfd);
    else pidfd?.close();
    if (!held.pidfd)
      this.#problem("too few file descriptors to hold every member: some are known by process events alone");
    if (!held.pidfd || !this.#options.keepsStatus) this.#listen();
    // What ended between its registration and the connector's first word.
    if (!held.pidfd) this.#reporter.touch(held.key);
  }

  forget(key: number): void {
    const held = this.#held.get(key);
    if (!held) return;
    this.#release(held);
    this.#held.delete(key);
    this.#pending.delete(held);
    const samePid = this.#byPid.get(held.pid);
    samePid?.delete(held);
    if (samePid?.size === 0) this.#byPid.delete(held.pid);
    if (this.#held.size === 0) this.#stopListening();
  }

  close(): void {
    this.#reporter.close();
    for (const held of this.#held.values()) this.#release(held);
    this.#held.clear();
    this.#byPid.clear();
    this.#pending.clear();
    this.#stopListening();
  }

  #hold(held: Held, pidfd: PidFd): void {
    try {
      // Edge: once when it exits, once more when it is reaped. HUP comes unasked.
      held.watch = watchKept(pidfd.fd, (EPOLL.IN | EPOLL.EDGE) >>> 0, () => this.#reporter.touch(held.key));
    } catch {
      // The user's share of epoll watches is used up: as if there were no descriptor.
      pidfd.close();
      return;
    }
    held.pidfd = pidfd;
    this.#descriptors++;
  }

  #release(held: Held): void {
    if (!held.pidfd) return;
    held.watch?.[Symbol.dispose]();
    held.pidfd.close();
    held.pidfd = null;
    held.watch = null;
    this.#descriptors--;
  }

  #look(keys: ReadonlySet<number>): Map<number, ExitReport> {
    const batch = new Map<number, ExitReport>();
    for (const key of keys) {
      const held = this.#held.get(key);
      const report = held && this.#judge(held);
      if (!report) continue;
      batch.set(key, report);
      if (report.isFinal) this.forget(key);
    }
    return batch;
  }

  /** null while it lives, and when there is nothing new to tell. */
  #judge(held: Held): ExitReport | null {
    const kept = this.#keptStatus(held);
    if (kept !== null) return { stage: "told", status: kept, isFinal: true };
    if (held.pidfd?.isAlive()) return null;
    const stat = readProcessStat(this.#options.procRoot, held.pid);
    const isThere = stat !== null && stat.startTicks === held.startTicks;
    if (!held.pidfd && isThere && !hasEnded(stat)) return null;
    // Asked again: what is no longer there may have been collected a moment ago.
    const status = (isThere ? this.#zombieStatus(stat) : this.#keptStatus(held)) ?? held.status;
    if (status !== null) return { stage: "told", status, isFinal: true };
    this.#pending.add(held);
    const stage = held.waited < PATIENCE ? "noticed" : "told";
    // The parent of a zombie may collect it years later, and then its status is known after all.
    const isFinal = stage === "told" && !isThere;
    if (held.stage === stage && !isFinal) return null;
    held.stage = stage;
    return { stage, status: null, isFinal };
  }

  #keptStatus({ pidfd }: Held): number | null {
    return pidfd && this.#options.keepsStatus ? pidfd.exitStatus() : null;
  }

  #zombieStatus({ exitStatus }: ProcessStat): number | null {
    return exitStatus !== null && (exitStatus !== 0 || this.#options.readsZombies) ? exitStatus : null;
  }

  #checkAll(fits: (held: Held) => boolean): void {
    for (const held of this.#held.values()) if (fits(held)) this.#reporter.touch(held.key);
  }

  #listen(): void {
    if (this.#connector || this.#isConnectorMissing) return;
    try {
      this.#connector = this.#options.openConnector({
        onExit: (pid, status) => this.#told(pid, status),
        onLoss: () => this.#checkAll(() => true),
      });
    } catch (thrown) {
      this.#isConnectorMissing = true;
      this.#problem(`process events are not to be had (${thrown instanceof Error ? thrown.message : thrown})`);
    }
  }

  #stopListening(): void {
    this.#connector?.close();
    this.#connector = null;
  }

  #told(pid: number, status: number): void {
    for (const held of this.#byPid.get(pid) ?? []) {
      // The event may be of an earlier process with this pid: then ours still lives.
      if (held.pidfd?.isAlive()) continue;
      const stat = held.pidfd ? null : readProcessStat(this.#options.procRoot, pid);
      if (stat && stat.startTicks === held.startTicks && !hasEnded(stat)) continue;
      held.status = status;
      this.#reporter.touch(held.key);
    }
  }

  #problem(message: string): void {
    if (this.#problems.has(message)) return;
    this.#problems.add(message);
    this.#options.onProblem(message);
  }
}
