/** jobd's socket in the service: who is at the other end is judged by the one table of privileges. */
import type { Clock } from "#core/model/clock.ts";
import type { Authorize, PrivilegedRequest } from "#core/pagg/job/jobd/answer.ts";
import { type JobdServer, openJobd } from "#core/pagg/job/jobd/server.ts";
import type { JobRequests } from "#core/pagg/job/requests.ts";
import { peerCaller } from "./caller.ts";
import { authorize, type PrivilegedAction } from "./privilege.ts";

/** The rows of the table that say what job_paggctl(3) says of a request: CAP_SYS_RESOURCE, and for KILLJID the owner. */
const ROWS: Readonly<Record<PrivilegedRequest, PrivilegedAction>> = {
  CREATE: "job.create",
  KILLJID: "job.kill",
  SETHID: "job.create",
  DETACHJID: "job.detach",
  DETACHPID: "attachment.detach",
  ATTACHPID: "job.attach",
  RUNCSA: "job.create",
};

export interface JobdOptions {
  readonly path: string;
  readonly jobs: JobRequests;
  readonly clock: Clock;
  readonly uid: number;
  readonly procRoot: string;
  readonly log: (text: string) => void;
}

/** Throws LOCK_HELD, NOT_ALLOWED_NOW, PERMISSION_DENIED, SYSTEM. */
export function serveJobd({ uid, procRoot, ...options }: JobdOptions): JobdServer {
  const judge: Authorize = (request, peer, ownerUid) => {
    const refusal = authorize(ROWS[request], peerCaller(peer, uid, procRoot), ownerUid);
    if (refusal) throw refusal;
  };
  return openJobd({ ...options, authorize: judge });
}
