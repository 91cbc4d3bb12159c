/**
 * From the beginning of a job to its end: every place that knows of it learns of both.
 *
 *     group, membership, store, table <-- create -- the first process is in -- ... -- the last one is out --> end
 *                    ^------------------- abandon: it did not come in                 report, who waits <------'
 */
import type { Clock } from "#core/model/clock.ts";
import { lookupUser } from "#ffi/accounts.ts";
import type { UntoldChanges } from "./changes.ts";
import { type Accounting, type JobClosing, type JobRecord, jobReport, UNCOUNTED } from "./entry.ts";
import { jobError } from "./errors.ts";
import type { JobGroup } from "./group.ts";
import type { JobGroups } from "./job-groups.ts";
import type { JobTable } from "./job-table.ts";
import type { Membership } from "./membership.ts";
import type { Moves } from "./moves.ts";
import type { HeldProcess } from "./process.ts";
import type { JobReports } from "./reports.ts";
import { RunningJob } from "./running-job.ts";
import type { JobStore } from "./store.ts";

export interface LifetimeOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly table: JobTable;
  readonly membership: Membership;
  readonly groups: JobGroups;
  readonly moves: Moves;
  readonly store: JobStore;
  readonly changes: UntoldChanges;
  readonly reports: JobReports;
}

/** What is said of a job when it is made. */
export type JobGiven = Pick<JobRecord, "jid" | "uid" | "origin" | "command">;

export class Lifetime {
  readonly #options: LifetimeOptions;

  constructor(options: LifetimeOptions) {
    this.#options = options;
  }

  /** A job with its first process, or none at all; `sid`: the last that was given by count. Throws ENOTSUP, ENOMEM, EIO. */
  create(given: JobGiven, sid: number, first: HeldProcess): void {
    const group = this.#options.groups.make(given.jid);
    try {
      this.#createIn(group, given, sid, first);
    } catch (thrown) {
      // Given to whom cannot move it: held by the tracker then.
      if (group === null || !isRefusal(thrown)) throw thrown;
      this.#createIn(null, given, sid, first);
    }
  }

  #createIn(group: JobGroup | null, given: JobGiven, sid: number, first: HeldProcess): void {
    const job = this.#begin(group, given, sid, first);
    try {
      this.#options.moves.moveIn(job, first);
    } catch (thrown) {
      this.#abandon(job);
      throw thrown;
    }
  }

  /** Without a process in it so far. If it fails, the group is gone. */
  #begin(group: JobGroup | null, given: JobGiven, sid: number, first: HeldProcess): RunningJob {
    const { clock, membership, groups, store, table, changes } = this.#options;
    const record: JobRecord = {
      ...given,
      user: lookupUser(given.uid)?.name ?? null,
      containment: group ? "cgroup" : "tracker",
      cgroup: group?.path ?? null,
      createdMs: clock.wallMs(),
    };
    const job = new RunningJob(record, group);
    try {
      membership.add(job);
      if (!group && !membership.canTrack()) {
        throw jobError("ENOTSUP", "neither control groups nor process events are to be had here", {
          hint: `${groups.missing ?? "the group cannot be entered"}; see muster doctor`,
        });
      }
      store.add(record, sid, { pid: first.pid, startTicks: first.stat.startTicks });
      job.savedPrime = first.pid;
    } catch (thrown) {
      membership.remove(job);
      group?.remove();
      throw thrown;
    }
    table.add(job);
    changes.created(job);
    return job;
  }

  /** It has not come to be. */
  #abandon(job: RunningJob): void {
    this.#forget(job);
    this.#options.store.remove(job.record.jid);
    if (job.group) this.#options.groups.remove(job.group);
  }

  /** Its last process is out. */
  end(job: RunningJob): void {
    if (job.hasEnded) return;
    const { how = "lost", status = null } = job.last ?? {};
    const endedMs = this.#options.clock.wallMs();
    const accounting = job.group?.accounting() ?? UNCOUNTED;
    this.#forget(job);
    if (job.group) this.#options.groups.remove(job.group);
    this.#report(job.record, { reason: how, status, endedMs, total: job.total, accounting });
    const { waiters } = job;
    queueMicrotask(() => {
      for (const ended of waiters) ended({ status });
    });
  }

  /** A job of an earlier run of which nobody saw the end. */
  lost(record: JobRecord, accounting: Accounting): void {
    const endedMs = this.#options.clock.wallMs();
    this.#report(record, { reason: "lost", status: null, endedMs, total: null, accounting });
  }

  #forget(job: RunningJob): void {
    job.hasEnded = true;
    this.#options.table.remove(job);
    this.#options.membership.remove(job);
  }

  #report(record: JobRecord, closing: JobClosing): void {
    const { node, reports, changes } = this.#options;
    const ended = { jid: record.jid, endedMs: closing.endedMs, report: jobReport(node, record, closing) };
    reports.add(ended);
    changes.ended(ended);
  }
}

/** The kernel does not let us move it. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && "errno" in thrown && thrown.errno === "EPERM";
}
