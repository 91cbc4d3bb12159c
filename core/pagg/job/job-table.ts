/** The jobs there are: by id, by a process that is in one, and as they are shown. */
import { isJid, jidText } from "#core/model/jid.ts";
import { groupOf } from "./base-group.ts";
import type { JobEntry } from "./entry.ts";
import { jobError, noJob } from "./errors.ts";
import { sidOf } from "./jid.ts";
import type { Membership } from "./membership.ts";
import type { Jid } from "./requests.ts";
import type { RunningJob } from "./running-job.ts";

const BUCKETS = 256;

export class JobTable {
  readonly #jobs = new Map<Jid, RunningJob>();
  readonly #membership: Membership;
  readonly #procRoot: string;

  constructor(membership: Membership, procRoot: string) {
    this.#membership = membership;
    this.#procRoot = procRoot;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** In the order of creation. */
  [Symbol.iterator](): IterableIterator<RunningJob> {
    return this.#jobs.values();
  }

  add(job: RunningJob): void {
    this.#jobs.set(job.record.jid, job);
  }

  remove(job: RunningJob): void {
    this.#jobs.delete(job.record.jid);
  }

  has(jid: Jid): boolean {
    return this.#jobs.has(jid);
  }

  /** GETJIDLST, in the order of jobd's table. */
  jids(): Jid[] {
    const buckets = Array.from({ length: BUCKETS }, (): Jid[] => []);
    for (const jid of this.#jobs.keys()) buckets[sidOf(jid) % BUCKETS]?.push(jid);
    return buckets.flatMap((bucket) => bucket.reverse());
  }

  /** What the kernel has said already has happened: null if the job has ended. */
  find(jid: Jid): RunningJob | null {
    this.#membership.drain();
    return this.#jobs.get(jid) ?? null;
  }

  /** Throws ENODATA. */
  get(jid: Jid): RunningJob {
    const job = this.find(jid);
    if (!job) throw noJob(isJid(jid) ? jidText(jid) : String(jid));
    return job;
  }

  /** With its members as they are at this instant. Throws ENODATA. */
  fresh(jid: Jid): RunningJob {
    const job = this.get(jid);
    this.#membership.refresh(job);
    if (job.hasEnded) throw noJob(jidText(jid));
    return job;
  }

  /** Throws EINVAL for what is no job id, EBUSY for one in use. */
  checkFree(jid: Jid): void {
    if (!isJid(jid)) throw jobError("EINVAL", `not a job id: ${jid}`);
    if (this.find(jid)) throw jobError("EBUSY", `job id ${jidText(jid)} is in use`);
  }

  /** The job a process is in, by the kernel's own word where a group holds it. */
  holding(pid: number): RunningJob | null {
    const known = this.#membership.jobOf(pid) ?? null;
    if (known && !known.group) return known;
    const path = groupOf(this.#procRoot, pid);
    const job = path === null ? null : this.#membership.jobAt(path);
    if (job === known) return job;
    // The word of its end is on its way, or it was moved by hand.
    for (const one of [known, job]) if (one) this.#membership.compare(one);
    return this.#membership.jobOf(pid) ?? (job?.members.has(pid) ? job : null);
  }

  entryOf(job: RunningJob): JobEntry {
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
}
