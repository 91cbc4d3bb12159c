/**
 * Who of a job was the last to end. Process events mostly tell, but an end is told a moment after it can be seen, and the one
 * who saw it may end meanwhile. So the few that are left in a job are held by descriptors, which know the order.
 */
import { DeathOrder } from "#ffi/death-order.ts";
import { SysError } from "#ffi/sys-error.ts";
import type { RunningJob } from "./running-job.ts";

/** A job with more has its end not in sight. */
const FEW = 2;
/** Descriptors for all jobs together. */
const MOST_HELD = 512;

export class LastOnes {
  readonly #order = new DeathOrder<Member>();
  #rank = 0;

  /** After its members have changed. */
  look(job: RunningJob): void {
    if (job.members.size === 0 || job.members.size > FEW) return;
    for (const pid of job.members) {
      if (job.ranks.has(pid)) continue;
      // Those that ended up to now ended before whoever is found alive.
      this.take();
      const member = { job, pid };
      job.ranks.set(pid, { member, rank: null, isExact: false });
      if (this.#order.size >= MOST_HELD) continue;
      try {
        if (!this.#order.add(member, pid)) job.ranks.set(pid, { member, rank: ++this.#rank, isExact: false });
      } catch (thrown) {
        // No descriptor left: then the events alone tell.
        if (!(thrown instanceof SysError)) throw thrown;
      }
    }
  }

  /** Asks who has ended; to be called before the word of an end counts. */
  take(): void {
    for (const member of this.#order.take()) {
      const held = member.job.ranks.get(member.pid);
      if (held?.member === member) member.job.ranks.set(member.pid, { member, rank: ++this.#rank, isExact: true });
    }
  }

  forget(job: RunningJob, pid: number): void {
    const held = job.ranks.get(pid);
    if (!held) return;
    this.#order.remove(held.member);
    job.ranks.delete(pid);
  }

  close(): void {
    this.#order.close();
  }
}

export interface Member {
  readonly job: RunningJob;
  readonly pid: number;
}

export interface Rank {
  readonly member: Member;
  /** null: not known to have ended. */
  readonly rank: number | null;
  /** It ended while it was held; else it had ended some time before its rank was given. */
  readonly isExact: boolean;
}

/** Whether `one` ended after `other`: null where that is not known. */
export function endedAfter(one: Rank | null, other: Rank | null): boolean | null {
  if (one === null || other === null || one.rank === null || other.rank === null) return null;
  if (one.isExact && one.rank > other.rank) return true;
  if (other.isExact && other.rank > one.rank) return false;
  return null;
}
