/**
 * What becomes of the jobs of an earlier run: those whose control group is populated, or whose processes still live, go on;
 * of the others it is told honestly that nobody saw their end. Groups without a job are removed, or become jobs.
 */
import { readBootId } from "#ffi/boot-id.ts";
import { childGroups, removeGroup } from "#ffi/cgroup.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { inOrderOfArrival, livingOf } from "./arrival.ts";
import { type BaseGroup, v2Mount } from "./base-group.ts";
import { type Accounting, type JobRecord, UNCOUNTED } from "./entry.ts";
import { JobGroup } from "./group.ts";
import { sidOf } from "./jid.ts";
import type { Membership } from "./membership.ts";
import { holdProcess } from "./process.ts";
import type { Jid } from "./requests.ts";
import { RunningJob } from "./running-job.ts";
import type { JobStore, StoredProcess } from "./store.ts";

export interface Adoption {
  readonly store: JobStore;
  readonly base: BaseGroup | null;
  readonly procRoot: string;
  readonly nowMs: number;
  readonly membership: Membership;
  readonly nextJid: () => Jid;
  readonly onJob: (job: RunningJob) => void;
}

export interface Adopted {
  readonly jobs: readonly RunningJob[];
  readonly lost: readonly { readonly record: JobRecord; readonly accounting: Accounting }[];
}

export function adoptJobs(adoption: Adoption): Adopted {
  const { store, base, procRoot, onJob, membership } = adoption;
  const boot = readBootId(procRoot);
  const isSameBoot = store.meta("boot_id") === boot;
  const mount = base?.mount ?? v2Mount(procRoot);
  const jobs: RunningJob[] = [];
  const lost: { record: JobRecord; accounting: Accounting }[] = [];
  for (const record of store.jobs()) {
    const found = isSameBoot ? find(record, mount, adoption) : UNCOUNTED;
    if (found instanceof RunningJob) {
      onJob(found);
      jobs.push(found);
      enterAll(found, store.processes(record.jid), adoption);
    } else lost.push({ record, accounting: found });
  }
  if (jobs.some((job) => !job.group)) membership.repair();
  if (!isSameBoot) store.setMeta("boot_id", boot);
  if (base) jobs.push(...adoptOrphans(base, jobs, adoption));
  return { jobs, lost };
}

/** The job, or what was counted of it. */
function find(
  record: JobRecord,
  mount: string | null,
  { store, procRoot, membership }: Adoption,
): RunningJob | Accounting {
  if (record.cgroup === null) {
    const living = livingOf(store.processes(record.jid), procRoot);
    if (living.length === 0 || !membership.canTrack()) return UNCOUNTED;
    const job = takeUp(record, null, membership);
    for (const { pid, startTicks } of living) {
      membership.enter(job, pid, startTicks);
      const stat = readProcessStat(procRoot, pid);
      if (stat?.session === pid || stat?.processGroup === pid) job.sessions.add(pid);
    }
    job.total = null;
    if (job.members.size > 0) return job;
    membership.remove(job);
    return UNCOUNTED;
  }
  const group = mount === null ? null : JobGroup.find(mount, record.cgroup, procRoot);
  if (!group) return UNCOUNTED;
  if (!group.events()?.isPopulated) {
    const accounting = group.accounting();
    group.remove();
    return accounting;
  }
  return takeUp(record, group, membership);
}

function takeUp(record: JobRecord, group: JobGroup | null, membership: Membership): RunningJob {
  const job = new RunningJob(record, group);
  job.total = null;
  job.isFreezeWanted = group?.isFreezeWanted() ?? false;
  job.isFrozen = group?.events()?.isFrozen ?? false;
  membership.add(job);
  return job;
}

/** Those its group holds, in the order they came: what is compared later has none. */
function enterAll(job: RunningJob, written: readonly StoredProcess[], { membership, procRoot }: Adoption): void {
  for (const { pid, startTicks } of inOrderOfArrival(job.group?.processes() ?? [], written, procRoot)) {
    if (!job.hasEnded) membership.enter(job, pid, startTicks);
  }
}

/** Groups below the base of which the store knows nothing: its file was lost, or a job was about to be made. */
function adoptOrphans(base: BaseGroup, jobs: readonly RunningJob[], adoption: Adoption): RunningJob[] {
  const known = new Set(jobs.map(({ record }) => record.cgroup));
  return childGroups(base.mount + base.path).flatMap((name) => {
    const path = `${base.path}/${name}`;
    if (known.has(path)) return [];
    try {
      if (removeGroup(base.mount + path)) return [];
      const group = JobGroup.find(base.mount, path, adoption.procRoot);
      const record = group && recordOf(group, adoption);
      if (!record) {
        group?.close();
        return [];
      }
      adoption.store.add(record, sidOf(record.jid), null);
      const job = takeUp(record, group, adoption.membership);
      adoption.onJob(job);
      enterAll(job, [], adoption);
      return [job];
    } catch (thrown) {
      if (thrown instanceof SysError) return [];
      throw thrown;
    }
  });
}

/** As far as it can be told from the outside: its oldest process stands for the one it was made for. */
function recordOf(group: JobGroup, { procRoot, nowMs, nextJid }: Adoption): JobRecord | null {
  const [oldest] = inOrderOfArrival(group.processes() ?? [], [], procRoot);
  if (!oldest) return null;
  using held = holdProcess(procRoot, oldest.pid, oldest.startTicks);
  return {
    jid: nextJid(),
    uid: 0,
    user: null,
    command: held.command,
    containment: "cgroup",
    cgroup: group.path,
    origin: null,
    createdMs: nowMs,
  };
}
