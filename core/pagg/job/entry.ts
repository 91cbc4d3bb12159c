/** What is known of a job, and how it is shown. */

import { timestamp } from "#core/model/clock.ts";
import type { Problem } from "#core/model/daemon.ts";
import { makeId, makeIdentity } from "#core/model/id.ts";
import { jidText } from "#core/model/jid.ts";
import type { Containment, Job, JobReport, JobState } from "#core/model/job.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import type { Jid } from "./requests.ts";

/** What stays as it is as long as the job lasts. */
export interface JobRecord {
  readonly jid: Jid;
  readonly uid: number;
  readonly user: string | null;
  readonly command: string;
  readonly containment: Containment;
  /** Path of its control group below the mount. */
  readonly cgroup: string | null;
  /** Where the first process came from, and goes when it is detached. */
  readonly origin: string | null;
  readonly createdMs: number;
}

/** A job as it is at one moment. */
export interface JobEntry extends JobRecord {
  readonly state: JobState;
  readonly processes: number;
  /** null if some may have been missed. */
  readonly total: number | null;
  readonly prime: { readonly pid: number; readonly startTicks: string } | null;
  readonly problems: readonly Problem[];
}

export interface JobUsage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** What its control group has counted. */
export interface Accounting {
  readonly cpuSeconds: number | null;
  readonly userSeconds: number | null;
  readonly systemSeconds: number | null;
  readonly peakMemoryBytes: number | null;
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
}

export const UNCOUNTED: Accounting = {
  cpuSeconds: null,
  userSeconds: null,
  systemSeconds: null,
  peakMemoryBytes: null,
  readBytes: null,
  writtenBytes: null,
};

export interface JobClosing {
  readonly reason: JobReport["reason"];
  /** Wait status; null if nobody saw it. */
  readonly status: number | null;
  readonly endedMs: number;
  readonly total: number | null;
  readonly accounting: Accounting;
}

export const jobId = (node: string, jid: Jid): string => makeId(node, "job", jidText(jid));

export function jobItem(node: string, entry: JobEntry): Job {
  const { prime } = entry;
  return {
    id: jobId(node, entry.jid),
    kind: "Job",
    node,
    jid: jidText(entry.jid),
    uid: entry.uid,
    user: entry.user,
    state: entry.state,
    containment: entry.containment,
    cgroup: entry.cgroup,
    pid: prime?.pid ?? null,
    identity: prime && makeIdentity(prime.pid, prime.startTicks),
    command: entry.command,
    processes: entry.processes,
    total: entry.total,
    createdAt: timestamp(entry.createdMs),
    usage: null,
    problems: [...entry.problems],
  };
}

export function jobReport(node: string, record: JobRecord, closing: JobClosing): JobReport {
  const { reason, status, endedMs, total, accounting } = closing;
  const endedAt = timestamp(endedMs);
  const text = status === null ? "status unknown" : describeWaitStatus(status);
  return {
    kind: "JobReport",
    node,
    jid: jidText(record.jid),
    uid: record.uid,
    user: record.user,
    command: record.command,
    containment: record.containment,
    createdAt: timestamp(record.createdMs),
    endedAt,
    elapsedSeconds: Math.max(0, endedMs - record.createdMs) / 1000,
    ...accounting,
    processes: total,
    reason,
    exit: reason === "detach" ? null : { at: endedAt, status, text },
  };
}
