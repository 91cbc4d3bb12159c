/** What became different about the jobs, collected and told once for all that happened in one turn of the loop. */
import type { JobReport } from "#core/model/job.ts";
import type { JobEntry } from "./entry.ts";
import type { Ended } from "./reports.ts";
import type { Jid } from "./requests.ts";
import type { RunningJob } from "./running-job.ts";

export type JobChange =
  | { readonly type: "created"; readonly entry: JobEntry }
  /** `membership`: who is in it; else only its state. */
  | { readonly type: "changed"; readonly entry: JobEntry; readonly membership: boolean }
  | { readonly type: "ended"; readonly jid: Jid; readonly report: JobReport };

export interface UntoldChangesOptions {
  readonly entryOf: (job: RunningJob) => JobEntry;
  /** Before the ends are told: their reports are to be had then. */
  readonly beforeEnds: () => void;
  readonly onChange: (changes: readonly JobChange[]) => void;
}

export class UntoldChanges {
  readonly #options: UntoldChangesOptions;
  readonly #changed = new Map<RunningJob, "created" | "membership" | "state">();
  readonly #ended: Ended[] = [];
  #isScheduled = false;
  #isClosed = false;

  constructor(options: UntoldChangesOptions) {
    this.#options = options;
  }

  created(job: RunningJob): void {
    this.#changed.set(job, "created");
    this.#schedule();
  }

  changed(job: RunningJob, what: "membership" | "state"): void {
    if (job.hasEnded) return;
    const before = this.#changed.get(job);
    if (before === undefined || before === "state") this.#changed.set(job, what);
    this.#schedule();
  }

  ended(ended: Ended): void {
    this.#ended.push(ended);
    this.#schedule();
  }

  /** Tells what is not told yet, and nothing from then on. */
  close(): void {
    this.#tell();
    this.#isClosed = true;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    const ended = this.#ended.splice(0);
    if (ended.length > 0) this.#options.beforeEnds();
    const changes: JobChange[] = [];
    for (const [job, what] of this.#changed) {
      if (job.hasEnded) continue;
      const entry = this.#options.entryOf(job);
      changes.push(
        what === "created" ? { type: "created", entry } : { type: "changed", entry, membership: what === "membership" },
      );
    }
    this.#changed.clear();
    for (const { jid, report } of ended) changes.push({ type: "ended", jid, report });
    if (changes.length > 0) this.#options.onChange(changes);
  }
}
