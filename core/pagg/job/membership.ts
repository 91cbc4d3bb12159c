/**
 * Who is in which job. The truth is the control group; process events keep a copy of it that is exact whenever they are
 * drained, and the two are compared whenever they may differ.
 *
 *     process events --> tracker --> job.members <-- compare() -- cgroup.procs
 *                                        |
 *                 empty, and cgroup.events says so too --> onEmpty
 */
import type { Clock } from "#core/model/clock.ts";
import type { ProcessEvents } from "#ffi/proc-events.ts";
import { type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { UNSEEN } from "../tracker/tracked-exit.ts";
import { ProcessTracker } from "../tracker/tracker.ts";
import { groupOf } from "./base-group.ts";
import { LastOnes } from "./last-ones.ts";
import type { RunningJob } from "./running-job.ts";

export interface MembershipOptions {
  readonly procRoot: string;
  readonly clock: Clock;
  /** A job has no process left. */
  readonly onEmpty: (job: RunningJob) => void;
  /** Its members, or what is known of them, are others now. */
  readonly onChange: (job: RunningJob) => void;
  readonly onProblem: (message: string) => void;
  /** Events were lost, and everything has been read again. */
  readonly onRepair?: () => void;
  readonly openEvents?: typeof ProcessEvents.open;
}

/** SO_RCVBUFFORCE doubles it: room for a second and more of the worst storm. */
const BUFFER_BYTES = 32 << 20;
/** Processes can be moved by hand, and nobody tells: that is looked for when somebody asks, so often at most. */
const COMPARE_MS = 1000;
const DOUBT_MS = 250;
const DOUBTS = 2;
const INIT = 1;

export class Membership {
  readonly #options: MembershipOptions;
  readonly #tracker: ProcessTracker<RunningJob>;
  readonly #jobs = new Set<RunningJob>();
  readonly #byGroup = new Map<string, RunningJob>();
  readonly #outside = new Map<number, number>();
  readonly #lastOnes = new LastOnes();
  #cancelDoubt: (() => void) | null = null;
  /** Process events are not to be had: only the control groups tell. */
  #isBlind = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    const { procRoot, clock, openEvents } = options;
    this.#tracker = new ProcessTracker<RunningJob>({
      procRoot,
      clock,
      bufferBytes: BUFFER_BYTES,
      ...(openEvents && { openEvents }),
      onFork: (job, pid) => {
        job.entered(pid);
        this.#changed(job);
        return job;
      },
      onExit: (pid, job, exit) => {
        this.#lastOnes.take();
        job.exited(pid, exit);
        this.#lastOnes.forget(job, pid);
        if (exit.status === null && exit.timeNs === null && !job.group) job.total = null;
        // A child of it now belongs to init.
        this.#addOutside(job, INIT);
        this.#changed(job);
        if (job.members.size === 0) this.#checkEmpty(job);
      },
      onStranger: (parentPid, pid) => this.#stranger(parentPid, pid),
      claims: () => this.#claims(),
      onRepair: () => this.#repaired(),
    });
  }

  /** Whether process events are to be had; asked by actually listening. */
  canTrack(): boolean {
    try {
      this.#tracker.listen();
      this.#isBlind = false;
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      if (!this.#isBlind) {
        this.#options.onProblem(`process events are not to be had (${thrown.message}): how jobs end will not be known`);
      }
      this.#isBlind = true;
    }
    return !this.#isBlind;
  }

  drain(): void {
    this.#tracker.drain();
  }

  jobOf(pid: number): RunningJob | undefined {
    return this.#tracker.get(pid);
  }

  /** Whose control group it is, or is below. */
  jobAt(path: string): RunningJob | null {
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const job = this.#byGroup.get(path.slice(0, end));
      if (job) return job;
    }
    return null;
  }

  /** Whether what is under this pid is the member that is meant. */
  isMember(job: RunningJob, pid: number): boolean {
    this.#tracker.drain();
    return this.#tracker.get(pid) === job && this.#tracker.isStillThere(pid);
  }

  startTicks(pid: number): string | null {
    return this.#tracker.tracked(pid)?.startTicks ?? readProcessStat(this.#options.procRoot, pid)?.startTicks ?? null;
  }

  add(job: RunningJob): void {
    this.#jobs.add(job);
    if (job.group) this.#byGroup.set(job.group.path, job);
    this.#addOutside(job, INIT);
    job.group?.watch(() => this.#groupChanged(job));
  }

  remove(job: RunningJob): void {
    this.#jobs.delete(job);
    if (job.group) this.#byGroup.delete(job.group.path);
    for (const pid of job.members) this.#tracker.detach(pid);
    for (const pid of [...job.ranks.keys()]) this.#lastOnes.forget(job, pid);
    job.members.clear();
    for (const pid of job.outsideParents) this.#outside.set(pid, (this.#outside.get(pid) ?? 1) - 1);
    for (const pid of job.outsideParents) if (this.#outside.get(pid) === 0) this.#outside.delete(pid);
    job.outsideParents.clear();
  }

  /** Its process is in the job from now on, and no longer in another. False if it has ended, or is another one. */
  enter(job: RunningJob, pid: number, startTicks?: string): boolean {
    // Its fork may not have been told yet: then it is in its parent's job first, and leaves that one.
    this.#tracker.drain();
    const before = this.#tracker.get(pid);
    if (this.canTrack() && !this.#tracker.attach(pid, job, startTicks)) return false;
    if (before && before !== job) this.#left(before, pid);
    job.entered(pid);
    // Who is forked and gone between two looks is not seen.
    if (this.#isBlind) job.total = null;
    const parent = readProcessStat(this.#options.procRoot, pid)?.parentPid ?? 0;
    if (parent > 0 && this.#tracker.get(parent) !== job) this.#addOutside(job, parent);
    this.#changed(job);
    return true;
  }

  /** It was let out. */
  release(job: RunningJob, pid: number): void {
    const startTicks = this.startTicks(pid);
    if (startTicks !== null) job.released.add(`${pid}:${startTicks}`);
    this.#tracker.detach(pid);
    this.#left(job, pid);
  }

  /** Its members are right at this instant; what was moved by hand is seen within a second. */
  refresh(job: RunningJob): void {
    this.#tracker.drain();
    if (job.hasEnded || !job.group) return;
    if (this.#isBlind || this.#options.clock.nowMs() - job.checkedMs >= COMPARE_MS) this.compare(job);
  }

  /** Makes the members what the control group says. */
  compare(job: RunningJob): void {
    const { group } = job;
    if (!group || job.hasEnded) return;
    this.#tracker.drain();
    job.checkedMs = this.#options.clock.nowMs();
    const listed = group.processes() ?? new Set<number>();
    for (const pid of listed) {
      if (!job.members.has(pid) || (!this.#isBlind && this.#tracker.get(pid) !== job)) this.enter(job, pid);
    }
    for (const pid of [...job.members]) if (!listed.has(pid)) this.#judge(job, pid);
    if (job.members.size === 0) this.#checkEmpty(job);
  }

  /** Looks at everything again, as after a loss: for jobs of an earlier run. */
  repair(): void {
    if (this.canTrack()) this.#tracker.repair();
  }

  close(): void {
    this.#cancelDoubt?.();
    this.#cancelDoubt = null;
    this.#tracker.close();
    this.#lastOnes.close();
  }

  #changed(job: RunningJob): void {
    if (!job.hasEnded) this.#lastOnes.look(job);
    this.#options.onChange(job);
  }

  #left(job: RunningJob, pid: number): void {
    if (!job.members.has(pid)) return;
    job.detached(pid);
    this.#lastOnes.forget(job, pid);
    this.#changed(job);
    if (job.members.size === 0) this.#checkEmpty(job);
  }

  /** A member that the group does not list: gone, moved, or a zombie of which the word is on its way. */
  #judge(job: RunningJob, pid: number): void {
    if (this.#isBlind) {
      job.exited(pid, { ...UNSEEN, parentPid: 0 });
      return;
    }
    const path = groupOf(this.#options.procRoot, pid);
    if (path === null || job.group?.contains(path) || !this.#tracker.isStillThere(pid)) {
      this.#doubt(job, pid);
      return;
    }
    // Moved by hand, or forked before its parent came here.
    const other = this.jobAt(path);
    if (other) this.enter(other, pid);
    else {
      this.#tracker.detach(pid);
      this.#left(job, pid);
    }
  }

  #groupChanged(job: RunningJob): void {
    const events = job.group?.events() ?? null;
    this.#tracker.drain();
    if (job.hasEnded) return;
    if (events && events.isFrozen !== job.isFrozen) {
      job.isFrozen = events.isFrozen;
      job.isFreezeWanted = job.group?.isFreezeWanted() ?? false;
      this.#options.onChange(job);
    }
    if (events?.isPopulated) return;
    // Everybody is out of the group; how the last ones ended is about to be told.
    if (job.members.size === 0) this.#checkEmpty(job);
    else this.compare(job);
  }

  #checkEmpty(job: RunningJob): void {
    if (job.hasEnded || job.members.size > 0) return;
    const isPopulated = job.group?.events()?.isPopulated ?? false;
    if (!isPopulated) this.#options.onEmpty(job);
    // Somebody is in it that no event told of; once more is enough, then the group tells its own end.
    else for (const pid of job.group?.processes() ?? []) this.enter(job, pid);
  }

  #doubt(job: RunningJob, pid: number): void {
    if (!job.doubted.has(pid)) job.doubted.set(pid, 0);
    this.#cancelDoubt ??= this.#options.clock.setTimer(DOUBT_MS, () => this.#lookAtDoubted());
  }

  #lookAtDoubted(): void {
    this.#cancelDoubt = null;
    this.#tracker.drain();
    for (const job of [...this.#jobs]) {
      const listed = job.doubted.size > 0 ? job.group?.processes() : null;
      for (const [pid, times] of [...job.doubted]) {
        if (listed?.has(pid) || !job.members.has(pid)) job.doubted.delete(pid);
        else if (times + 1 < DOUBTS) job.doubted.set(pid, times + 1);
        // The word of its end is lost.
        else if (this.#tracker.get(pid) === job) this.#tracker.lose(pid);
        // Its end was told to another job.
        else this.#left(job, pid);
      }
    }
    const isAnyLeft = [...this.#jobs].some((job) => job.doubted.size > 0);
    if (isAnyLeft) this.#cancelDoubt ??= this.#options.clock.setTimer(DOUBT_MS, () => this.#lookAtDoubted());
  }

  #addOutside(job: RunningJob, pid: number): void {
    if (!job.group || job.outsideParents.has(pid)) return;
    job.outsideParents.add(pid);
    this.#outside.set(pid, (this.#outside.get(pid) ?? 0) + 1);
  }

  /** A child of a member's parent: it may be the member's, who gave it away with CLONE_PARENT. */
  #stranger(parentPid: number, pid: number): void {
    if (!this.#outside.has(parentPid)) return;
    const path = groupOf(this.#options.procRoot, pid);
    const job = path === null ? null : this.jobAt(path);
    if (job) {
      job.usesCloneParent = true;
      this.enter(job, pid);
      return;
    }
    if (path !== null) return;
    // Gone before it could be looked at.
    for (const one of this.#jobs) if (one.usesCloneParent && one.outsideParents.has(parentPid)) one.total = null;
  }

  /** After a loss, of jobs that no group holds: who is in a session or process group that began inside. */
  #claims(): (stat: ProcessStat) => RunningJob | undefined {
    const sessions = new Map<number, RunningJob>();
    for (const job of this.#jobs) {
      if (job.group) continue;
      for (const pid of job.members) {
        const stat = readProcessStat(this.#options.procRoot, pid);
        // As long as a member is in it, its number means no other session.
        for (const id of [stat?.session, stat?.processGroup]) {
          if (id !== undefined && job.sessions.has(id)) sessions.set(id, job);
        }
      }
    }
    return (stat) => {
      const job = sessions.get(stat.session) ?? sessions.get(stat.processGroup);
      if (!job || job.released.has(`${stat.pid}:${stat.startTicks}`)) return undefined;
      job.entered(stat.pid);
      return job;
    };
  }

  #repaired(): void {
    for (const job of [...this.#jobs]) {
      job.total = null;
      this.compare(job);
      this.#options.onChange(job);
    }
    this.#options.onRepair?.();
  }
}
