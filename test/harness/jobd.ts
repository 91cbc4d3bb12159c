/** A jobd of a test's own: jobs of living processes, who may do what by the service's table. */
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import { JOB_DEFAULTS } from "#core/model/pagg-settings.ts";
import type { Authorize, PrivilegedRequest } from "#core/pagg/job/jobd/answer.ts";
import type { JobdAddress } from "#core/pagg/job/jobd/client.ts";
import { type JobdServer, type JobdServerOptions, openJobd } from "#core/pagg/job/jobd/server.ts";
import { JobSet } from "#core/pagg/job/set.ts";
import { peerCaller } from "#core/service/caller.ts";
import { authorize } from "#core/service/privilege.ts";
import type { TemporaryDirectory } from "./directory.ts";

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
  readonly jobs: JobSet;
  readonly server: JobdServer;
  readonly path: string;
  readonly log: string[] = [];

  constructor(directory: TemporaryDirectory, options: Partial<JobdServerOptions> = {}) {
    this.path = directory.file("jobd/jobd-socket");
    const jobs = JobSet.open({
      node: "n1",
      stateDirectory: directory.path,
      procRoot: "/proc",
      uid: process.getuid?.() ?? 0,
      clock: systemClock,
      settings: JOB_DEFAULTS,
      onChange: () => {},
      onProblem: (text) => {
        this.log.push(text);
      },
    });
    if (!jobs) throw new Error("another process keeps the jobs");
    this.jobs = jobs;
    this.server = openJobd({
      path: this.path,
      jobs,
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
    this.jobs.close();
  }
}
