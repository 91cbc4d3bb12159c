/** Jobs as they were told: what a change of them is worth telling at once, what can wait, and what those on a screen use. */
import type { Clock } from "#core/model/clock.ts";
import { makeId } from "#core/model/id.ts";
import { jidText } from "#core/model/jid.ts";
import type { Job } from "#core/model/job.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { JobChange } from "#core/pagg/job/changes.ts";
import { type JobEntry, jobItem } from "#core/pagg/job/entry.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import type { JobSet } from "#core/pagg/job/set.ts";
import { jidOfId } from "../pagg-id.ts";
import { unlessEnded } from "./job-members.ts";
import { JobUsage } from "./job-usage.ts";
import { jobCreated, jobEnded, jobStateChanged, type PaggEvent } from "./pagg-events.ts";

interface News {
  /** For the journal. */
  readonly events: readonly PaggEvent[];
  /** For whoever looks. */
  readonly told: readonly SourceEvent[];
}

export class ToldJobs {
  readonly #node: string;
  readonly #jobs: JobSet;
  readonly #usage: JobUsage;
  readonly #openedMs: number;
  readonly #told = new Map<Jid, Job>();
  /** Others than what was told of them. */
  readonly #changed = new Set<Jid>();
  #attended: readonly Jid[] = [];

  constructor(node: string, clock: Clock, jobs: JobSet) {
    this.#node = node;
    this.#jobs = jobs;
    this.#usage = new JobUsage(clock);
    this.#openedMs = clock.wallMs();
  }

  /** A new state is told at once; who is in it is noted for `late`. */
  take(change: JobChange): News {
    if (change.type === "ended") return this.#end(change);
    const { entry } = change;
    const before = this.#told.get(entry.jid);
    const now = jobItem(this.#node, entry);
    const isOther = !before || before.state !== entry.state;
    if (!isOther) this.#changed.add(entry.jid);
    const turned = before ? jobStateChanged(this.#node, now, before.state) : null;
    return {
      events: [...(change.type === "created" ? [jobCreated(this.#node, now)] : []), ...(turned ? [turned] : [])],
      told: isOther ? [this.#tell(entry)] : [],
    };
  }

  /** What was noted since the last time. */
  late(): SourceEvent[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed.flatMap((jid) => {
      const entry = this.#jobs.entry(jid);
      return entry ? [this.#tell(entry)] : [];
    });
  }

  /** All of them, as they are now. */
  all(): Job[] {
    this.#told.clear();
    this.#changed.clear();
    for (const entry of this.#jobs.entries()) this.#told.set(entry.jid, jobItem(this.#node, entry));
    return [...this.#told.values()].map((job) => this.#used(job));
  }

  /** These are on a screen. */
  attend(ids: readonly string[]): void {
    this.#attended = ids.flatMap((id) => jidOfId(id) ?? []);
    this.#usage.keepOnly(new Set(ids));
  }

  /** What those on a screen use by now, where it is another. */
  sample(): SourceEvent[] {
    return this.#attended.flatMap((jid): SourceEvent[] => {
      const used = unlessEnded(() => this.#jobs.usage(jid));
      if (!used) return [];
      const id = makeId(this.#node, "job", jidText(jid));
      const before = this.#usage.of(id);
      const usage = this.#usage.sample(id, used);
      return JSON.stringify(usage) === JSON.stringify(before) ? [] : [{ src: "jobs", op: "sample", id, usage }];
    });
  }

  #end({ jid, report }: Extract<JobChange, { type: "ended" }>): News {
    // It came and went within one turn of the loop; or before us, and was told of then.
    const isUntold = !this.#told.has(jid) && Date.parse(report.createdAt) >= this.#openedMs;
    this.#told.delete(jid);
    this.#changed.delete(jid);
    return {
      events: [...(isUntold ? [jobCreated(this.#node, report)] : []), jobEnded(this.#node, report)],
      told: [{ src: "jobs", op: "remove", id: makeId(this.#node, "job", jidText(jid)), reason: "ended" }],
    };
  }

  #tell(entry: JobEntry): SourceEvent {
    this.#changed.delete(entry.jid);
    const item = jobItem(this.#node, entry);
    this.#told.set(entry.jid, item);
    return { src: "jobs", op: "upsert", item: this.#used(item) };
  }

  #used(job: Job): Job {
    const usage = this.#usage.of(job.id);
    return usage === null ? job : { ...job, usage };
  }
}
