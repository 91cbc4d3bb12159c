/**
 * The jobs of this node, kept by this process: job_create(3) and its kin. They survive its restart, in their control groups
 * and in jobs.db. Each request is checked and answered here; what is behind them is put together here, too:
 *
 *     create --> Lifetime --> Moves --> Membership --> UntoldChanges --> whoever shows and tells it
 *     attach, detach -----------^          ^   |
 *     the kernel --------------------------'   `-- the last one is out --> Lifetime --> JobReports, who waits
 */

import { join } from "node:path";
import { takeLock } from "#core/keep/lock.ts";
import type { Clock } from "#core/model/clock.ts";
import { jidText } from "#core/model/jid.ts";
import type { JobReport } from "#core/model/job.ts";
import type { JobSettings } from "#core/model/pagg-settings.ts";
import type { Fd } from "#ffi/fd.ts";
import type { ProcessEvents } from "#ffi/proc-events.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { adoptJobs } from "./adopt.ts";
import { groupOf } from "./base-group.ts";
import { type JobChange, UntoldChanges } from "./changes.ts";
import type { JobEntry, JobUsage } from "./entry.ts";
import { jobError, kernelError, noProcess } from "./errors.ts";
import { setFrozen } from "./freeze.ts";
import { DISABLED, JidCounter } from "./jid.ts";
import { JobGroups } from "./job-groups.ts";
import { JobTable } from "./job-table.ts";
import { Lifetime } from "./lifetime.ts";
import { Membership } from "./membership.ts";
import { Moves } from "./moves.ts";
import { checkMovable, checkPid, commandText, holdProcess, tryHold } from "./process.ts";
import { JobReports } from "./reports.ts";
import type { CreateOptions, Jid, JobEnd, JobRequests } from "./requests.ts";
import type { RunningJob } from "./running-job.ts";
import { SavedMembers } from "./saved-members.ts";
import { signalJob } from "./signal-job.ts";
import { JobStore, type ReportQuery } from "./store.ts";
import { usageOf } from "./usage.ts";

export interface JobSetOptions {
  readonly node: string;
  readonly stateDirectory: string;
  readonly procRoot: string;
  readonly uid: number;
  readonly clock: Clock;
  readonly settings: JobSettings;
  /** What changed, after it is in the store. Never empty. */
  readonly onChange: (changes: readonly JobChange[]) => void;
  /** What the operator should know, as a sentence. */
  readonly onProblem: (message: string) => void;
  /** Process events were lost, and everything has been read again. */
  readonly onRepair?: () => void;
  readonly openEvents?: typeof ProcessEvents.open;
  /** false: as if no control group could be written. */
  readonly useGroups?: boolean;
}

const HIGHEST_SIGNAL = 64;

export class JobSet implements JobRequests {
  readonly #procRoot: string;
  readonly #lock: Fd;
  readonly #store: JobStore;
  readonly #groups: JobGroups;
  readonly #membership: Membership;
  readonly #table: JobTable;
  readonly #jids: JidCounter;
  readonly #moves: Moves;
  readonly #lifetime: Lifetime;
  readonly #reports: JobReports;
  readonly #changes: UntoldChanges;
  readonly #saved: SavedMembers;
  #settings: JobSettings;
  #isClosed = false;

  /** null if another process keeps the jobs: then see JobsView. Throws EIO. */
  static open(options: JobSetOptions): JobSet | null {
    const lock = takeLock(join(options.stateDirectory, "jobs.lock"), (message, cause) =>
      jobError("EIO", message, { cause }),
    );
    if (!lock) return null;
    let store: JobStore | null = null;
    try {
      store = JobStore.open(join(options.stateDirectory, "jobs.db"), options.clock.wallMs());
      return new JobSet(options, lock, store);
    } catch (thrown) {
      store?.close();
      lock.close();
      throw thrown;
    }
  }

  private constructor(options: JobSetOptions, lock: Fd, store: JobStore) {
    const { node, procRoot, clock, uid, settings, openEvents, onProblem, onRepair, useGroups = true } = options;
    this.#procRoot = procRoot;
    this.#lock = lock;
    this.#store = store;
    this.#settings = settings;
    this.#jids = new JidCounter(settings.hid, Number(store.meta("sid") ?? 0));
    const groups = new JobGroups({ procRoot, uid, wanted: settings.cgroup, clock, onProblem, useGroups });
    const membership = new Membership({
      procRoot,
      clock,
      onProblem,
      onChange: (job) => this.#membersChanged(job),
      onEmpty: (job) => this.#lifetime.end(job),
      ...(onRepair && { onRepair }),
      ...(openEvents && { openEvents }),
    });
    const table = new JobTable(membership, procRoot);
    const reports = new JobReports({ store, kept: () => this.#settings.reports, onProblem });
    const changes = new UntoldChanges({
      entryOf: (job) => table.entryOf(job),
      beforeEnds: () => reports.tryWrite(),
      onChange: options.onChange,
    });
    this.#groups = groups;
    this.#membership = membership;
    this.#table = table;
    this.#reports = reports;
    this.#changes = changes;
    this.#saved = new SavedMembers({ store, membership, clock, onProblem });
    const moves = new Moves({ membership, saved: this.#saved, procRoot, onProblem });
    this.#moves = moves;
    this.#lifetime = new Lifetime({ node, clock, table, membership, groups, moves, store, changes, reports });
    try {
      this.#adopt(options);
    } catch (thrown) {
      membership.close();
      groups.close();
      throw thrown;
    }
  }

  /** Set if a damaged database was moved aside. */
  get movedAside(): string | null {
    return this.#store.movedAside;
  }

  /** Why no control group holds new jobs; null if one does. */
  get groupsMissing(): string | null {
    return this.#groups.missing;
  }

  get hid(): number {
    return this.#jids.hid;
  }

  get settings(): JobSettings {
    return this.#settings;
  }

  /** At run time; where the control groups are stays as it is until the next start. */
  setSettings(settings: JobSettings): void {
    this.#settings = settings;
  }

  create({ pid, startTicks, uid, jid: wanted = 0n, command = null }: CreateOptions): Jid {
    if (this.hid === DISABLED) return 0n;
    checkMovable(pid);
    using held = holdProcess(this.#procRoot, pid, startTicks);
    if (wanted !== 0n) this.#table.checkFree(wanted);
    const jid = wanted === 0n ? this.#jids.next(this.#table) : wanted;
    const origin = groupOf(this.#procRoot, pid);
    const told = command === null ? held.command : commandText(command);
    this.#lifetime.create({ jid, uid, origin, command: told }, this.#jids.sid, held);
    return jid;
  }

  getjid(pid: number): Jid {
    checkPid(pid);
    this.#membership.drain();
    const job = this.#table.holding(pid);
    if (job) return job.record.jid;
    const stat = readProcessStat(this.#procRoot, pid);
    if (!stat) throw noProcess(pid);
    throw jobError("ENODATA", `process ${pid} is in no job`);
  }

  waitjid(jid: Jid, ended: (end: JobEnd) => void): () => void {
    const { waiters } = this.#table.get(jid);
    // Of its own, so that the same function can wait twice.
    const waiter = (end: JobEnd) => ended(end);
    waiters.add(waiter);
    return () => waiters.delete(waiter);
  }

  killjid(jid: Jid, signal: number, authorize?: (ownerUid: number) => void): void {
    if (!Number.isInteger(signal) || signal < 0 || signal > HIGHEST_SIGNAL) {
      throw jobError("EINVAL", `not a signal: ${signal}`, { hint: `0 to ${HIGHEST_SIGNAL}` });
    }
    const job = this.#table.get(jid);
    authorize?.(job.record.uid);
    signalJob(job, signal, this.#membership);
    // Only of all of it: what could not be killed lives on.
    if (signal !== SIGNALS.SIGKILL || job.isDying) return;
    job.isDying = true;
    this.#changes.changed(job, "state");
  }

  getjidcnt(): number {
    this.#membership.drain();
    return this.#table.size;
  }

  getjidlst(capacity: number): Jid[] {
    checkCapacity(capacity);
    this.#membership.drain();
    return this.#table.jids().slice(0, capacity);
  }

  getpidcnt(jid: Jid): number {
    return this.#table.fresh(jid).members.size;
  }

  getpidlst(jid: Jid, capacity: number): number[] {
    checkCapacity(capacity);
    if (capacity === 0) return [];
    return this.members(jid).reverse().slice(0, capacity);
  }

  getuser(jid: Jid): number {
    return this.#table.get(jid).record.uid;
  }

  getprimepid(jid: Jid): number {
    const [prime] = this.#table.fresh(jid).members;
    if (prime === undefined) throw jobError("ESRCH", `job ${jidText(jid)} has no process left`);
    return prime;
  }

  sethid(hid: number): number {
    return this.#jids.setHid(hid);
  }

  detachjid(jid: Jid): number {
    const job = this.#table.fresh(jid);
    const { count, failure } = this.#moves.letAllOut(job);
    if (failure) throw kernelError(failure, `job ${jidText(jid)} cannot be let out`);
    if (!job.hasEnded) {
      job.detached(0);
      this.#lifetime.end(job);
    }
    return count;
  }

  detachpid(pid: number, startTicks?: string | null): Jid {
    using held = holdProcess(this.#procRoot, pid, startTicks);
    this.#membership.drain();
    const job = this.#table.holding(pid);
    if (!job) throw jobError("ESRCH", `process ${pid} is in no job`);
    const failure = this.#moves.letOut(job, held.pidfd);
    if (failure) throw kernelError(failure, `process ${pid} cannot be let out`);
    return job.record.jid;
  }

  attachpid(pid: number, jid: Jid, startTicks?: string | null): Jid {
    checkPid(pid);
    checkMovable(pid);
    this.#membership.drain();
    const current = this.#table.holding(pid);
    if (current) throw jobError("EINVAL", `process ${pid} is in job ${jidText(current.record.jid)} already`);
    using held = holdProcess(this.#procRoot, pid, startTicks);
    this.#moves.moveIn(this.#table.get(jid), held);
    return jid;
  }

  freeze(jid: Jid): void {
    this.#setFrozen(jid, true);
  }

  thaw(jid: Jid): void {
    this.#setFrozen(jid, false);
  }

  /** null if there is no such job (any more). */
  entry(jid: Jid): JobEntry | null {
    const job = this.#table.find(jid);
    return job && this.#table.entryOf(job);
  }

  /** In the order of creation. */
  entries(): JobEntry[] {
    this.#membership.drain();
    return [...this.#table].map((job) => this.#table.entryOf(job));
  }

  /** Pids, the oldest member first. Throws ENODATA. */
  members(jid: Jid): number[] {
    return [...this.#table.fresh(jid).members];
  }

  /** Throws ENODATA. */
  usage(jid: Jid): JobUsage {
    return usageOf(this.#table.fresh(jid), this.#procRoot);
  }

  /** Reports of ended jobs, the latest last. Throws EIO. */
  reports(query: ReportQuery = {}): JobReport[] {
    return this.#reports.find(query);
  }

  /** Leaves the jobs as they are: the next one to open the set takes them over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changes.close();
    this.#saved.close();
    this.#membership.close();
    for (const job of this.#table) job.group?.close();
    this.#store.close();
    this.#groups.close();
    this.#lock.close();
  }

  #adopt({ procRoot, clock, onProblem }: JobSetOptions): void {
    const { lost, jobs } = adoptJobs({
      store: this.#store,
      base: this.#groups.base,
      procRoot,
      nowMs: clock.wallMs(),
      membership: this.#membership,
      nextJid: () => this.#jids.next(this.#table),
      onJob: (job) => this.#table.add(job),
    });
    for (const job of jobs) if (!job.hasEnded) this.#membership.compare(job);
    // Whoever keeps jobs and was started in one of them would be frozen and killed with it.
    using self = tryHold(process.pid);
    const own = self && this.#table.holding(self.pid);
    const failure = own && this.#moves.letOut(own, self);
    if (failure) onProblem(`this service is in a job and cannot leave it: ${failure.message}`);
    for (const { record, accounting } of lost) this.#lifetime.lost(record, accounting);
  }

  #membersChanged(job: RunningJob): void {
    this.#changes.changed(job, "membership");
    this.#saved.changed(job);
  }

  #setFrozen(jid: Jid, isFrozen: boolean): void {
    const job = this.#table.get(jid);
    setFrozen(job, isFrozen);
    this.#changes.changed(job, "state");
  }
}

function checkCapacity(capacity: number): void {
  if (Number.isInteger(capacity) && capacity >= 0) return;
  throw jobError("ENOMEM", `not a capacity: ${capacity}`);
}
