/** Processes on their way into a job and out of it. */

import { jidText } from "#core/model/jid.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { SysError } from "#ffi/sys-error.ts";
import { groupOf } from "./base-group.ts";
import { kernelError, noProcess } from "./errors.ts";
import type { Membership } from "./membership.ts";
import { type Misplaced, moveHeld, moveHeldToAny } from "./move-held.ts";
import { type HeldProcess, tryHold } from "./process.ts";
import type { RunningJob } from "./running-job.ts";
import type { SavedMembers } from "./saved-members.ts";

/** Who forks faster than it can be let out gets no end of it. */
const MOST_ROUNDS = 64;

export interface MovesOptions {
  readonly membership: Membership;
  readonly saved: SavedMembers;
  readonly procRoot: string;
  /** What the operator should know, as a sentence. */
  readonly onProblem: (message: string) => void;
}

export class Moves {
  readonly #membership: Membership;
  readonly #saved: SavedMembers;
  readonly #procRoot: string;
  readonly #onProblem: (message: string) => void;

  constructor({ membership, saved, procRoot, onProblem }: MovesOptions) {
    this.#membership = membership;
    this.#saved = saved;
    this.#procRoot = procRoot;
    this.#onProblem = onProblem;
  }

  /** Throws ESRCH if it has ended, and what the kernel refuses. */
  moveIn(job: RunningJob, held: HeldProcess): void {
    const { pid } = held;
    if (job.group) {
      const { mount, path } = job.group;
      try {
        this.#tell(moveHeld({ mount, procRoot: this.#procRoot }, held.pidfd, path));
      } catch (thrown) {
        throw kernelError(thrown, `process ${pid} cannot enter job ${jidText(job.record.jid)}`);
      }
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

  /** The failure, or null; one that has ended, or left, is out anyway. */
  letOut(job: RunningJob, held: PidFd): SysError | null {
    const { group } = job;
    if (group) {
      if (!group.holds(held)) return null;
      const place = { mount: group.mount, procRoot: this.#procRoot };
      try {
        this.#tell(moveHeldToAny(place, held, this.#outside(group.path, job.record.origin)));
      } catch (thrown) {
        if (!(thrown instanceof SysError)) throw thrown;
        return thrown.errnoName === "ESRCH" ? null : thrown;
      }
      // Its end is told as any other's.
      if (!held.isAlive()) return null;
    }
    this.#membership.release(job, held.pid);
    return null;
  }

  /** How many were let out, those that were forked meanwhile among them, and the last failure. */
  letAllOut(job: RunningJob): { count: number; failure: SysError | null } {
    const refused = new Set<number>();
    let count = 0;
    let failure: SysError | null = null;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const pids = [...(job.group?.processes() ?? job.members)].filter((pid) => !refused.has(pid));
      if (pids.length === 0) break;
      for (const pid of pids) {
        const refusal = this.#letOutByNumber(job, pid);
        if (refusal === null) {
          count++;
          continue;
        }
        refused.add(pid);
        failure = refusal;
      }
      this.#membership.drain();
    }
    return { count, failure };
  }

  #letOutByNumber(job: RunningJob, pid: number): SysError | null {
    if (!job.group) {
      this.#membership.release(job, pid);
      return null;
    }
    try {
      using held = tryHold(pid);
      return held && this.letOut(job, held);
    } catch (thrown) {
      if (thrown instanceof SysError) return thrown;
      throw thrown;
    }
  }

  #tell(misplaced: Misplaced | null): void {
    if (!misplaced) return;
    const { pid, path } = misplaced;
    this.#onProblem(
      `process ${pid} has the number of one that had ended: it was moved to ${path} instead and stays there`,
    );
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
