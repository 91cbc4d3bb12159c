/** A jobd of a test's own: jobs of living processes, behind the service's own door. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { Environment } from "#core/model/environment.ts";
import type { JobdAddress } from "#core/pagg/job/jobd/client.ts";
import { type JobdServer, type JobdServerOptions, openJobd } from "#core/pagg/job/jobd/server.ts";
import type { JobSet } from "#core/pagg/job/set.ts";
import { Audit } from "#core/service/audit.ts";
import { Chronicle } from "#core/service/chronicle.ts";
import { jobdDoor } from "#core/service/jobd.ts";
import type { TemporaryDirectory } from "./directory.ts";
import { TestJobs } from "./job-set.ts";

export class TestJobd implements Disposable {
  readonly #kept: TestJobs;
  readonly jobs: JobSet;
  readonly server: JobdServer;
  readonly path: string;
  readonly log: string[] = [];
  /** Audit rows: `ACTION_ENDED job.kill done n1/job/0x... 0 jobd: what was done`. */
  readonly rows: string[] = [];

  constructor(directory: TemporaryDirectory, options: Partial<JobdServerOptions> = {}, isReadOnly = false) {
    this.path = directory.file("jobd/jobd-socket");
    this.#kept = new TestJobs(directory);
    this.jobs = this.#kept.set;
    const environment: Environment = {
      node: "n1",
      procRoot: "/proc",
      root: "",
      stateDirectory: directory.file("journal"),
      runtimeDirectory: directory.path,
      configFile: directory.file("muster.toml"),
      uid: process.getuid?.() ?? 0,
      variables: {},
    };
    // Without a journal: what would be written is told only.
    const chronicle = new Chronicle({
      environment,
      clock: systemClock,
      isReadOnly: false,
      publish: (event) => {
        if (event.src !== "events" || event.op !== "upsert") return;
        const { code, action, outcome, target, actor, message } = event.item;
        const words = [code, action, outcome, target, actor].filter((word) => word !== null);
        this.rows.push(`${words.join(" ")}: ${message}`);
      },
    });
    const audit = new Audit(chronicle);
    this.server = openJobd({
      path: this.path,
      jobs: this.jobs,
      changesBy: jobdDoor({ jobs: this.jobs, clock: systemClock, environment, isReadOnly: () => isReadOnly, audit }),
      clock: systemClock,
      log: (text) => {
        this.log.push(text);
      },
      ...options,
    });
  }

  /** For libjob.ts. */
  get address(): JobdAddress {
    return { path: this.path, clock: systemClock, timeoutMs: null };
  }

  [Symbol.dispose](): void {
    this.server.close();
    this.#kept[Symbol.dispose]();
  }
}
