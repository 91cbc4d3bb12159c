/** A jobd of a test's own: jobs of living processes, who may do what by the service's table. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { Authorize, PrivilegedRequest } from "#core/pagg/job/jobd/answer.ts";
import type { JobdAddress } from "#core/pagg/job/jobd/client.ts";
import { type JobdServer, type JobdServerOptions, openJobd } from "#core/pagg/job/jobd/server.ts";
import type { JobSet } from "#core/pagg/job/set.ts";
import { peerCaller } from "#core/service/caller.ts";
import { authorize } from "#core/service/privilege.ts";
import type { TemporaryDirectory } from "./directory.ts";
import { TestJobs } from "./job-set.ts";

const ACTIONS: Readonly<Record<PrivilegedRequest, ActionId>> = {
  CREATE: "job.create",
  KILLJID: "job.kill",
  SETHID: "job.create",
  DETACHJID: "job.detach",
  DETACHPID: "job.detach",
  ATTACHPID: "job.attach",
  RUNCSA: "job.create",
};

const byTable: Authorize = (request, peer, ownerUid) => {
  const refusal = authorize(ACTIONS[request], peerCaller(peer, process.getuid?.() ?? 0, "/proc"), ownerUid);
  if (refusal) throw refusal;
};

export class TestJobd implements Disposable {
  readonly #kept: TestJobs;
  readonly jobs: JobSet;
  readonly server: JobdServer;
  readonly path: string;
  readonly log: string[] = [];

  constructor(directory: TemporaryDirectory, options: Partial<JobdServerOptions> = {}) {
    this.path = directory.file("jobd/jobd-socket");
    this.#kept = new TestJobs(directory);
    this.jobs = this.#kept.set;
    this.server = openJobd({
      path: this.path,
      jobs: this.jobs,
      authorize: byTable,
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
