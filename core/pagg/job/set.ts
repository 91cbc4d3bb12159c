/**
 * The jobs of this node, kept by this process: job_create(3) and its kin. They survive its restart, in their control groups
 * and in jobs.db.
 *
 *     create attach kill ... --> store, control group --> membership --> onChange --> whoever shows and tells it
 *     the kernel -----------------------------------------^     |
 *                                                  last one out +--> report --> waiters, store
 */

import { join } from "node:path";
import { takeLock } from "#core/keep/lock.ts";
import type { Clock } from "#core/model/clock.ts";
import type { MusterError } from "#core/model/error.ts";
import { isJid, jidText } from "#core/model/jid.ts";
import type { JobReport } from "#core/model/job.ts";
import type { JobSettings } from "#core/model/pagg-settings.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { isGroupGone } from "#ffi/cgroup.ts";
import type { Fd } from "#ffi/fd.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import type { ProcessEvents } from "#ffi/proc-events.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { SysError } from "#ffi/sys-error.ts";
import { adoptJobs } from "./adopt.ts";
import { type BaseGroup, closeBaseGroup, groupOf, openBaseGroup } from "./base-group.ts";
import { type JobEntry, type JobRecord, type JobUsage, jobReport, UNCOUNTED } from "./entry.ts";
import { jobError, kernelError, noJob, noProcess } from "./errors.ts";
import { JobGroup, moveOut } from "./group.ts";
import { DISABLED, makeJid, sidOf } from "./jid.ts";
import { Membership } from "./membership.ts";
import { checkMovable, checkPid, commandText, type HeldProcess, holdProcess } from "./process.ts";
import type { CreateOptions, Jid, JobEnd, JobRequests } from "./requests.ts";
import { RunningJob } from "./running-job.ts";
import { signalAll } from "./signal-all.ts";
import { JobStore, type ReportQuery } from "./store.ts";
import { sumUsage } from "./usage.ts";

/** One thing that became different, told once for all that happened in one turn of the loop. */
export type JobChange =
  | { readonly type: "created"; readonly entry: JobEntry }
  /** `membership`: who is in it; else only its state. */
  | { readonly type: "changed"; readonly entry: JobEntry; readonly membership: boolean }
  | { readonly type: "ended"; readonly jid: Jid; readonly report: JobReport };

interface Ended {
  readonly jid: Jid;
  readonly endedMs: number;
  readonly report: JobReport;
}

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

const LARGEST_SID = 0xffff_ffff;
const HIGHEST_SIGNAL = 64;
const PERSIST_MS = 1000;
const REMOVE_AGAIN_MS = 200;
const MOST_DETACH_ROUNDS = 64;
const MOST_NAMES = 100;

export class JobSet implements JobRequests {
  /** Set if a damaged database was moved aside. */
  readonly movedAside: string | null;
  /** Why no control group holds new jobs; null if one does. */
  readonly groupsMissing: string | null;
  readonly #options: JobSetOptions;
  readonly #lock: Fd;
  readonly #store: JobStore;
  readonly #base: BaseGroup | null;
  readonly #membership: Membership;
  readonly #jobs = new Map<Jid, RunningJob>();
  readonly #created = new Set<Jid>();
  readonly #changed = new Map<Jid, boolean>();
  readonly #ended: Ended[] = [];
  /** Reports the store has refused so far. */
  readonly #unwritten: Ended[] = [];
  readonly #unsaved = new Set<RunningJob>();
  readonly #cancels = new Set<() => void>();
  #saveTimer: (() => void) | null = null;
  #settings: JobSettings;
  #hid: number;
  #sid: number;
  #isTelling = false;
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
    const { procRoot, clock, uid, settings, openEvents, onProblem, useGroups = true } = options;
    this.#options = options;
    this.#lock = lock;
    this.#store = store;
    this.#settings = settings;
    this.#hid = settings.hid;
    this.#sid = Number(store.meta("sid") ?? 0);
    this.movedAside = store.movedAside;
    const base = useGroups ? openBaseGroup({ procRoot, uid, wanted: settings.cgroup }) : "they are not to be used";
    this.#base = typeof base === "string" ? null : base;
    this.groupsMissing = typeof base === "string" ? base : null;
    this.#membership = new Membership({
      procRoot,
      clock,
      onProblem,
      onChange: (job) => this.#touch(job, true),
      onEmpty: (job) => this.#end(job),
      ...(options.onRepair && { onRepair: options.onRepair }),
      ...(openEvents && { openEvents }),
    });
    try {
      this.#adopt();
    } catch (thrown) {
      this.#membership.close();
      if (this.#base) closeBaseGroup(this.#base);
      throw thrown;
    }
  }

  get hid(): number {
    return this.#hid;
  }

  get settings(): JobSettings {
    return this.#settings;
  }

  /** At run time; where the control groups are stays as it is until the next start. */
  setSettings(settings: JobSettings): void {
    this.#settings = settings;
  }

  create({ pid, startTicks, uid, jid: wanted = 0n, command = null }: CreateOptions): Jid {
    if (this.#hid === DISABLED) return 0n;
    checkMovable(pid);
    using held = holdProcess(this.#options.procRoot, pid, startTicks);
    const jid = wanted === 0n ? this.#nextJid() : this.#checkFree(wanted);
    const origin = groupOf(this.#options.procRoot, pid);
    const group = this.#makeGroup(jid);
    const given = { jid, uid, origin, command: command === null ? held.command : commandText(command) };
    const job = this.#begin(group, given);
    try {
      this.#moveIn(job, held);
    } catch (thrown) {
      this.#abandon(job);
      // Given to whom cannot move it: held by the tracker then.
      if (group === null || !isRefusal(thrown)) throw thrown;
      const tracked = this.#begin(null, given);
      try {
        this.#moveIn(tracked, held);
      } catch (again) {
        this.#abandon(tracked);
        throw again;
      }
    }
    return jid;
  }

  getjid(pid: number): Jid {
    checkPid(pid);
    this.#membership.drain();
    const job = this.#jobOf(pid);
    if (job) return job.record.jid;
    const stat = readProcessStat(this.#options.procRoot, pid);
    if (!stat) throw noProcess(pid);
    throw jobError("ENODATA", `process ${pid} is in no job`);
  }

  waitjid(jid: Jid, ended: (end: JobEnd) => void): () => void {
    const { waiters } = this.#job(jid);
    // Of its own, so that the same function can wait twice.
    const waiter = (end: JobEnd) => ended(end);
    waiters.add(waiter);
    return () => waiters.delete(waiter);
  }

  killjid(jid: Jid, signal: number, authorize?: (ownerUid: number) => void): void {
    if (!Number.isInteger(signal) || signal < 0 || signal > HIGHEST_SIGNAL) {
      throw jobError("EINVAL", `not a signal: ${signal}`, { hint: `0 to ${HIGHEST_SIGNAL}` });
    }
    const job = this.#job(jid);
    authorize?.(job.record.uid);
    if (signal === SIGNALS.SIGKILL) {
      const wasDying = job.isDying;
      job.isDying = true;
      if (!wasDying) this.#touch(job, false);
      if (this.#killGroup(job)) return;
    }
    const { failure } = this.#signalEach(job, signal);
    if (failure) throw kernelError(failure, `signal ${signal} to job ${jidText(jid)}`);
  }

  getjidcnt(): number {
    this.#membership.drain();
    return this.#jobs.size;
  }

  getjidlst(capacity: number): Jid[] {
    checkCapacity(capacity);
    this.#membership.drain();
    const buckets = Array.from({ length: 256 }, (): Jid[] => []);
    for (const jid of this.#jobs.keys()) buckets[sidOf(jid) % 256]?.push(jid);
    return buckets.flatMap((bucket) => bucket.reverse()).slice(0, capacity);
  }

  getpidcnt(jid: Jid): number {
    return this.#fresh(jid).members.size;
  }

  getpidlst(jid: Jid, capacity: number): number[] {
    checkCapacity(capacity);
    if (capacity === 0) return [];
    return [...this.#fresh(jid).members].reverse().slice(0, capacity);
  }

  getuser(jid: Jid): number {
    return this.#job(jid).record.uid;
  }

  getprimepid(jid: Jid): number {
    const [prime] = this.#fresh(jid).members;
    if (prime === undefined) throw jobError("ESRCH", `job ${jidText(jid)} has no process left`);
    return prime;
  }

  sethid(hid: number): number {
    // As the kernel cuts an unsigned long.
    this.#hid = Number(BigInt.asUintN(32, BigInt(Math.trunc(Number.isFinite(hid) ? hid : 0))));
    return this.#hid;
  }

  detachjid(jid: Jid): number {
    const job = this.#fresh(jid);
    const seen = new Set<number>();
    let failure: SysError | null = null;
    for (let round = 0; round < MOST_DETACH_ROUNDS; round++) {
      const pids = [...(job.group?.processes() ?? job.members)].filter((pid) => !seen.has(pid));
      if (pids.length === 0) break;
      for (const pid of pids) {
        seen.add(pid);
        failure = this.#letOut(job, pid) ?? failure;
      }
      this.#membership.drain();
    }
    if (failure) throw kernelError(failure, `job ${jidText(jid)} cannot be let out`);
    if (!job.hasEnded) {
      job.last = { pid: 0, how: "detach", status: 0, timeNs: null, rank: null, orphanOf: null };
      this.#end(job);
    }
    return seen.size;
  }

  detachpid(pid: number): Jid {
    checkPid(pid);
    this.#membership.drain();
    const job = this.#jobOf(pid);
    if (!job) throw jobError("ESRCH", `process ${pid} is in no job`);
    const failure = this.#letOut(job, pid);
    if (failure) throw kernelError(failure, `process ${pid} cannot be let out`);
    return job.record.jid;
  }

  attachpid(pid: number, jid: Jid, startTicks?: string | null): Jid {
    checkPid(pid);
    checkMovable(pid);
    this.#membership.drain();
    const current = this.#jobOf(pid);
    if (current) throw jobError("EINVAL", `process ${pid} is in job ${jidText(current.record.jid)} already`);
    using held = holdProcess(this.#options.procRoot, pid, startTicks);
    this.#moveIn(this.#job(jid), held);
    return jid;
  }

  freeze(jid: Jid): void {
    this.#setFrozen(this.#job(jid), true);
  }

  thaw(jid: Jid): void {
    this.#setFrozen(this.#job(jid), false);
  }

  /** null if there is no such job (any more). */
  entry(jid: Jid): JobEntry | null {
    this.#membership.drain();
    const job = this.#jobs.get(jid);
    return job ? this.#entryOf(job) : null;
  }

  /** In the order of creation. */
  entries(): JobEntry[] {
    this.#membership.drain();
    return [...this.#jobs.values()].map((job) => this.#entryOf(job));
  }

  /** Pids, the oldest member first. Throws ENODATA. */
  members(jid: Jid): number[] {
    return [...this.#fresh(jid).members];
  }

  /**
   * What it uses: CPU of all that were ever in it where a control group counts, else of the living; memory as the group
   * counts it, else the sum of what is resident, shared pages once for each process. Throws ENODATA.
   */
  usage(jid: Jid): JobUsage {
    const job = this.#fresh(jid);
    const cpuSeconds = job.group?.accounting().cpuSeconds ?? null;
    const memoryBytes = job.group?.memoryBytes() ?? null;
    if (cpuSeconds !== null && memoryBytes !== null) return { cpuSeconds, memoryBytes };
    const sum = sumUsage(this.#options.procRoot, job.members);
    return { cpuSeconds: cpuSeconds ?? sum.cpuSeconds, memoryBytes: memoryBytes ?? sum.memoryBytes };
  }

  /** Reports of ended jobs, the latest last. Throws EIO. */
  reports(query: ReportQuery = {}): JobReport[] {
    // One that has ended in this very turn is among them.
    if (this.#ended.length > 0) this.#flush();
    this.#write();
    return this.#store.reports(query);
  }

  /** Leaves the jobs as they are: the next one to open the set takes them over. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#saveTimer?.();
    this.#save();
    for (const cancel of this.#cancels) cancel();
    this.#membership.close();
    for (const job of this.#jobs.values()) job.group?.close();
    this.#store.close();
    if (this.#base) closeBaseGroup(this.#base);
    this.#lock.close();
  }

  #adopt(): void {
    const { lost, jobs } = adoptJobs({
      store: this.#store,
      base: this.#base,
      procRoot: this.#options.procRoot,
      nowMs: this.#options.clock.wallMs(),
      membership: this.#membership,
      nextJid: () => this.#nextJid(),
      onJob: (job) => this.#jobs.set(job.record.jid, job),
    });
    for (const job of jobs) if (!job.hasEnded) this.#membership.compare(job);
    this.#leaveOwnJob();
    const endedMs = this.#options.clock.wallMs();
    for (const { record, accounting } of lost) {
      const closing = { reason: "lost", status: null, endedMs, total: null, accounting } as const;
      this.#report({ jid: record.jid, endedMs, report: jobReport(this.#options.node, record, closing) });
    }
  }

  /** Whoever keeps jobs and was started in one of them would be frozen and killed with it. */
  #leaveOwnJob(): void {
    const job = this.#jobOf(process.pid);
    const failure = job && this.#letOut(job, process.pid);
    if (failure) this.#options.onProblem(`this service is in a job and cannot leave it: ${failure.message}`);
  }

  #job(jid: Jid): RunningJob {
    // What the kernel has said already has happened: it may have ended.
    this.#membership.drain();
    const job = this.#jobs.get(jid);
    if (!job) throw noJob(isJid(jid) ? jidText(jid) : String(jid));
    return job;
  }

  #fresh(jid: Jid): RunningJob {
    const job = this.#job(jid);
    this.#membership.refresh(job);
    if (job.hasEnded) throw noJob(jidText(jid));
    return job;
  }

  /** By the kernel's own word where a group holds it. */
  #jobOf(pid: number): RunningJob | null {
    const known = this.#membership.jobOf(pid) ?? null;
    if (known && !known.group) return known;
    const path = groupOf(this.#options.procRoot, pid);
    const job = path === null ? null : this.#membership.jobAt(path);
    if (job === known) return job;
    // The word of its end is on its way, or it was moved by hand.
    for (const one of [known, job]) if (one) this.#membership.compare(one);
    return this.#membership.jobOf(pid) ?? (job?.members.has(pid) ? job : null);
  }

  #nextJid(): Jid {
    for (let tries = 0; tries <= this.#jobs.size; tries++) {
      this.#sid = this.#sid >= LARGEST_SID ? 1 : this.#sid + 1;
      const jid = makeJid(this.#hid, this.#sid);
      if (!this.#jobs.has(jid)) return jid;
    }
    throw jobError("EBUSY", "every job id is in use");
  }

  #checkFree(jid: Jid): Jid {
    if (!isJid(jid)) throw jobError("EINVAL", `not a job id: ${jid}`);
    this.#membership.drain();
    if (this.#jobs.has(jid)) throw jobError("EBUSY", `job id ${jidText(jid)} is in use`);
    return jid;
  }

  #makeGroup(jid: Jid): JobGroup | null {
    if (!this.#base) return null;
    const { mount, path } = this.#base;
    for (let attempt = 0; ; attempt++) {
      const name = `${jidText(jid).slice(2)}${attempt === 0 ? "" : `.${attempt}`}`;
      try {
        return JobGroup.make(mount, `${path}/${name}`, this.#options.procRoot);
      } catch (thrown) {
        // The group of an earlier job with this id, which is not empty yet.
        if (thrown instanceof SysError && thrown.errnoName === "EEXIST" && attempt < MOST_NAMES) continue;
        throw kernelError(thrown, `no control group for job ${jidText(jid)}`);
      }
    }
  }

  #begin(group: JobGroup | null, given: Pick<JobRecord, "jid" | "uid" | "origin" | "command">): RunningJob {
    const record: JobRecord = {
      ...given,
      user: lookupUser(given.uid)?.name ?? null,
      containment: group ? "cgroup" : "tracker",
      cgroup: group?.path ?? null,
      createdMs: this.#options.clock.wallMs(),
    };
    const job = new RunningJob(record, group);
    try {
      this.#membership.add(job);
      if (!group && !this.#membership.canTrack()) {
        throw jobError("ENOTSUP", "neither control groups nor process events are to be had here", {
          hint: `${this.groupsMissing ?? "the group cannot be entered"}; see muster doctor`,
        });
      }
      this.#store.add(record, this.#sid);
    } catch (thrown) {
      this.#membership.remove(job);
      group?.remove();
      throw thrown;
    }
    this.#jobs.set(record.jid, job);
    this.#created.add(record.jid);
    return job;
  }

  /** It has not come to be. */
  #abandon(job: RunningJob): void {
    const { jid } = job.record;
    job.hasEnded = true;
    this.#jobs.delete(jid);
    this.#created.delete(jid);
    this.#changed.delete(jid);
    this.#membership.remove(job);
    this.#store.remove(jid);
    if (job.group) this.#removeGroup(job.group);
  }

  #moveIn(job: RunningJob, held: HeldProcess): void {
    const { pid } = held;
    if (job.group) {
      try {
        job.group.moveIn(pid);
      } catch (thrown) {
        throw kernelError(thrown, `process ${pid} cannot enter job ${jidText(job.record.jid)}`);
      }
      if (!held.isAlive()) this.#putBack(job, pid);
    } else if (held.stat.session === pid) job.sessions.add(pid);
    else if (held.stat.processGroup === pid) job.sessions.add(pid);
    const isNew = job.members.size === 0;
    const isIn = held.isAlive() && this.#membership.enter(job, pid, held.stat.startTicks);
    // What it forked on its way in stays in the group: a new job is theirs, for without it nobody would know of them.
    if (!isIn && !(isNew && job.group?.processes()?.size)) throw noProcess(pid, "has ended");
    if (!isIn) job.total = null;
    // Children it forked around the move are in it or not, as the kernel has it.
    this.#membership.compare(job);
    if (!job.group) this.#save();
    this.#touch(job, true);
  }

  /** It ended before it was moved: who has its pid now was never meant. */
  #putBack(job: RunningJob, pid: number): void {
    if (!this.#base || !job.group?.processes()?.has(pid) || this.#membership.jobOf(pid) === job) return;
    try {
      moveOut(this.#base.mount, pid, this.#outsideGroups(null));
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
    }
  }

  /** The failure, or null; one that has ended is out anyway. */
  #letOut(job: RunningJob, pid: number): SysError | null {
    try {
      if (job.group && this.#base) moveOut(this.#base.mount, pid, this.#outsideGroups(job.record.origin));
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      return thrown.errnoName === "ESRCH" ? null : thrown;
    }
    this.#membership.release(job, pid);
    return null;
  }

  /** Where a process goes that is let out: back, else beside us, else to the top. */
  #outsideGroups(origin: string | null): string[] {
    const own = groupOf(this.#options.procRoot, process.pid);
    const outside = [origin, own, this.#base?.path.replace(/\/[^/]*$/, "") || "/", "/"];
    return outside.filter((path): path is string => path !== null && this.#membership.jobAt(path) === null);
  }

  #killGroup(job: RunningJob): boolean {
    try {
      return job.group?.kill() ?? false;
    } catch (thrown) {
      throw kernelError(thrown, `job ${jidText(job.record.jid)} cannot be killed`);
    }
  }

  #signalEach(job: RunningJob, signal: number): ReturnType<typeof signalAll> {
    const { group } = job;
    const target = group
      ? { processes: () => group.processes() ?? [], holds: (pidfd: PidFd) => group.holds(pidfd) }
      : {
          processes: () => {
            this.#membership.drain();
            return job.members;
          },
          holds: (pidfd: PidFd) => this.#membership.isMember(job, pidfd.pid) && pidfd.isAlive(),
        };
    try {
      return signalAll(target, signal);
    } catch (thrown) {
      throw kernelError(thrown, `signal ${signal} to job ${jidText(job.record.jid)}`);
    }
  }

  #setFrozen(job: RunningJob, isFrozen: boolean): void {
    if (!job.group) {
      throw jobError("ENOTSUP", `job ${jidText(job.record.jid)} is held by the tracker: nothing can freeze it`);
    }
    try {
      job.group.setFrozen(isFrozen);
    } catch (thrown) {
      if (isGroupGone(thrown)) throw jobError("ENOTSUP", "this kernel cannot freeze control groups", { cause: thrown });
      throw kernelError(thrown, `job ${jidText(job.record.jid)}`);
    }
    job.isFreezeWanted = isFrozen;
    job.isFrozen = job.group.events()?.isFrozen ?? job.isFrozen;
    this.#touch(job, false);
  }

  #entryOf(job: RunningJob): JobEntry {
    const [pid] = job.members;
    const startTicks = pid === undefined ? null : this.#membership.startTicks(pid);
    return {
      ...job.record,
      state: job.state,
      processes: job.members.size,
      total: job.total,
      prime: pid !== undefined && startTicks !== null ? { pid, startTicks } : null,
      problems: [],
    };
  }

  #end(job: RunningJob): void {
    if (job.hasEnded) return;
    job.hasEnded = true;
    const { jid } = job.record;
    const { how = "lost", status = null } = job.last ?? {};
    const endedMs = this.#options.clock.wallMs();
    const accounting = job.group?.accounting() ?? UNCOUNTED;
    const closing = { reason: how, status, endedMs, total: job.total, accounting };
    this.#jobs.delete(jid);
    this.#membership.remove(job);
    if (job.group) this.#removeGroup(job.group);
    this.#report({ jid, endedMs, report: jobReport(this.#options.node, job.record, closing) });
    const { waiters } = job;
    queueMicrotask(() => {
      for (const ended of waiters) ended({ status });
    });
  }

  #report(ended: Ended): void {
    this.#ended.push(ended);
    this.#unwritten.push(ended);
    this.#tell();
  }

  /** Busy for as long as its last process takes to be gone altogether. */
  #removeGroup(group: JobGroup): void {
    const attempt = () => {
      try {
        if (group.remove()) return;
      } catch (thrown) {
        if (!(thrown instanceof SysError)) throw thrown;
        this.#options.onProblem(`control group ${group.path} cannot be removed: ${thrown.message}`);
        return;
      }
      const cancel = this.#options.clock.setTimer(REMOVE_AGAIN_MS, () => {
        this.#cancels.delete(cancel);
        attempt();
      });
      this.#cancels.add(cancel);
    };
    attempt();
  }

  #touch(job: RunningJob, membership: boolean): void {
    if (job.hasEnded) return;
    const { jid } = job.record;
    this.#changed.set(jid, membership || (this.#changed.get(jid) ?? false));
    if (!job.group && membership) this.#saveLater(job);
    this.#tell();
  }

  #tell(): void {
    if (this.#isTelling || this.#isClosed) return;
    this.#isTelling = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isTelling = false;
    if (this.#isClosed) return;
    const ended = this.#ended.splice(0);
    if (ended.length > 0) this.#tryWrite();
    const changes: JobChange[] = [];
    for (const [jid, membership] of this.#changed) {
      const job = this.#jobs.get(jid);
      if (!job) continue;
      const entry = this.#entryOf(job);
      changes.push(this.#created.delete(jid) ? { type: "created", entry } : { type: "changed", entry, membership });
    }
    this.#changed.clear();
    for (const { jid, report } of ended) changes.push({ type: "ended", jid, report });
    if (changes.length > 0) this.#options.onChange(changes);
  }

  #tryWrite(): void {
    try {
      this.#write();
    } catch (thrown) {
      // It is tried again with the next one, and when somebody asks for the reports.
      this.#options.onProblem(`reports of ended jobs cannot be written: ${(thrown as MusterError).message}`);
    }
  }

  #write(): void {
    if (this.#unwritten.length === 0) return;
    this.#store.end(this.#unwritten, this.#settings.reports);
    this.#unwritten.length = 0;
  }

  /** Members of jobs that only the tracker holds: what a restart can find again. */
  #saveLater(job: RunningJob): void {
    this.#unsaved.add(job);
    this.#saveTimer ??= this.#options.clock.setTimer(PERSIST_MS, () => {
      this.#saveTimer = null;
      this.#save();
    });
  }

  #save(): void {
    for (const job of this.#unsaved) {
      if (job.hasEnded) continue;
      const processes = [...job.members].flatMap((pid) => {
        const startTicks = this.#membership.startTicks(pid);
        return startTicks === null ? [] : [{ pid, startTicks }];
      });
      try {
        this.#store.setProcesses(job.record.jid, processes);
      } catch (thrown) {
        this.#options.onProblem(`members of job ${jidText(job.record.jid)}: ${(thrown as MusterError).message}`);
      }
    }
    this.#unsaved.clear();
  }
}

function checkCapacity(capacity: number): void {
  if (Number.isInteger(capacity) && capacity >= 0) return;
  throw jobError("ENOMEM", `not a capacity: ${capacity}`);
}

/** The kernel does not let us move it. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && "errno" in thrown && thrown.errno === "EPERM";
}
