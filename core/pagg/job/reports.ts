/** Reports of ended jobs on their way into the store: none is lost because it refuses one for a while. */
import type { MusterError } from "#core/model/error.ts";
import type { JobReport } from "#core/model/job.ts";
import type { Jid } from "./requests.ts";
import type { JobStore, ReportQuery } from "./store.ts";

export interface Ended {
  readonly jid: Jid;
  readonly endedMs: number;
  readonly report: JobReport;
}

export interface JobReportsOptions {
  readonly store: JobStore;
  /** How many are kept. */
  readonly kept: () => number;
  readonly onProblem: (message: string) => void;
}

export class JobReports {
  readonly #options: JobReportsOptions;
  /** What the store has refused so far, or was not given yet. */
  readonly #unwritten: Ended[] = [];

  constructor(options: JobReportsOptions) {
    this.#options = options;
  }

  add(ended: Ended): void {
    this.#unwritten.push(ended);
  }

  /** What is refused is tried again with the next one, and when somebody asks. */
  tryWrite(): void {
    try {
      this.#write();
    } catch (thrown) {
      this.#options.onProblem(`reports of ended jobs cannot be written: ${(thrown as MusterError).message}`);
    }
  }

  /** The latest last. Throws EIO. */
  find(query: ReportQuery): JobReport[] {
    this.#write();
    return this.#options.store.reports(query);
  }

  #write(): void {
    if (this.#unwritten.length === 0) return;
    this.#options.store.end(this.#unwritten, this.#options.kept());
    this.#unwritten.length = 0;
  }
}
