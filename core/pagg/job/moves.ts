/** Processes on their way into a job and out of it. */

import { jidText } from "#core/model/jid.ts";
import { SysError } from "#ffi/sys-error.ts";
import { groupOf } from "./base-group.ts";
import { kernelError, noProcess } from "./errors.ts";
import { moveOut } from "./group.ts";
import type { Membership } from "./membership.ts";
import type { HeldProcess } from "./process.ts";
import type { RunningJob } from "./running-job.ts";
import type { SavedMembers } from "./saved-members.ts";

/** Who forks faster than it can be let out gets no end of it. */
const MOST_ROUNDS = 64;

export interface MovesOptions {
  readonly membership: Membership;
  readonly saved: SavedMembers;
  readonly procRoot: string;
}

export class Moves {
  readonly #membership: Membership;
  readonly #saved: SavedMembers;
  readonly #procRoot: string;

  constructor({ membership, saved, procRoot }: MovesOptions) {
    this.#membership = membership;
    this.#saved = saved;
    this.#procRoot = procRoot;
  }

  /** Throws ESRCH if it has ended, and what the kernel refuses. */
  moveIn(job: RunningJob, held: HeldProcess): void {
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
    // What was acknowledged is found again after a restart.
    if (!job.group) this.#saved.save();
  }

  /** The failure, or null; one that has ended is out anyway. */
  letOut(job: RunningJob, pid: number): SysError | null {
    try {
      if (job.group) moveOut(job.group.mount, pid, this.#outside(job.group.path, job.record.origin));
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      return thrown.errnoName === "ESRCH" ? null : thrown;
    }
    this.#membership.release(job, pid);
    return null;
  }

  /** How many were let out, those that were forked meanwhile among them, and the last failure. */
  letAllOut(job: RunningJob): { count: number; failure: SysError | null } {
    const seen = new Set<number>();
    let failure: SysError | null = null;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const pids = [...(job.group?.processes() ?? job.members)].filter((pid) => !seen.has(pid));
      if (pids.length === 0) break;
      for (const pid of pids) {
        seen.add(pid);
        failure = this.letOut(job, pid) ?? failure;
      }
      this.#membership.drain();
    }
    return { count: seen.size, failure };
  }

  /** It ended before it was moved: who has its pid now was never meant. */
  #putBack(job: RunningJob, pid: number): void {
    if (!job.group?.processes()?.has(pid) || this.#membership.jobOf(pid) === job) return;
    try {
      moveOut(job.group.mount, pid, this.#outside(job.group.path, null));
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
    }
  }

  /** Where a process goes that is let out: back, else beside us, else to the top. */
  #outside(group: string, origin: string | null): string[] {
    const own = groupOf(this.#procRoot, process.pid);
    const aboveAll = group.split("/").slice(0, -2).join("/") || "/";
    return [origin, own, aboveAll, "/"].filter(
      (path): path is string => path !== null && this.#membership.jobAt(path) === null,
    );
  }
}
