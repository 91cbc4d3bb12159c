/**
 * jobd's socket in the service. What changes something is judged by the one table of privileges, stopped by the one gate, and
 * leaves the same two audit rows as any action; what only asks goes straight to the jobs.
 */
import { ACTIONS, type ActionId, type EffectClass } from "#core/act/actions.ts";
import { jobId, newJobId, newModuleId } from "#core/act/new-subjects.ts";
import type { Outcome } from "#core/act/request.ts";
import { countedProcesses } from "#core/model/counted.ts";
import { toMusterError } from "#core/model/error.ts";
import { makeId, makeIdentity } from "#core/model/id.ts";
import { jidText } from "#core/model/jid.ts";
import type { ChangesBy, JobChanges } from "#core/pagg/job/jobd/answer.ts";
import { type JobdServer, openJobd } from "#core/pagg/job/jobd/server.ts";
import type { CreateOptions, Jid, JobRequests } from "#core/pagg/job/requests.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import type { Fd } from "#ffi/fd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { signalName } from "#ffi/signals.ts";
import type { AuditedAction } from "./audit.ts";
import { peerCaller } from "./caller.ts";
import { closedTo, type HandlerOptions } from "./handle/around-effect.ts";
import { isRefusal } from "./handle/outcome.ts";
import { authorize, type PrivilegedAction } from "./privilege.ts";

export interface JobdDoorOptions extends HandlerOptions {
  readonly jobs: JobRequests;
}

export interface JobdOptions extends JobdDoorOptions {
  readonly path: string;
  readonly log: (text: string) => void;
}

/** Throws LOCK_HELD, NOT_ALLOWED_NOW, PERMISSION_DENIED, SYSTEM. */
export function serveJobd({ path, log, ...options }: JobdOptions): JobdServer {
  const { jobs, clock } = options;
  return openJobd({ path, jobs, clock, log, changesBy: jobdDoor(options) });
}

export function jobdDoor(options: JobdDoorOptions): ChangesBy {
  const door = new Door(options);
  return (peer) => door.changesBy(peer);
}

/** A request as the rows of its action tell it. */
interface Change<T> {
  /** As which action it is judged and written down; SETHID is one of the requests of the Job module. */
  readonly action: ActionId;
  /** The row of the privilege table; that of the action if left out. */
  readonly privilege?: PrivilegedAction;
  readonly effect: EffectClass;
  readonly target: string;
  readonly plan: string;
  readonly done: (result: T) => string;
}

class Door {
  readonly #options: JobdDoorOptions;
  /** No two services keep the jobs of one state directory at the same time. */
  readonly #openedMs: number;
  #requests = 0;

  constructor(options: JobdDoorOptions) {
    this.#options = options;
    this.#openedMs = options.clock.wallMs();
  }

  changesBy(peer: Fd): JobChanges {
    const { jobs } = this.#options;
    const make = <T>(change: Change<T>, run: () => T): T =>
      this.#carryOut(change, peer, (begin) => {
        begin(null);
        return run();
      });
    return {
      create: (asked) => make(this.#creation(asked), () => jobs.create(asked)),
      // Whose it is comes out when it is about to be done.
      killjid: (jid, signal) =>
        this.#carryOut(this.#signalling(jid, signal), peer, (begin) => jobs.killjid(jid, signal, begin)),
      sethid: (hid) => make(this.#hostId(hid), () => jobs.sethid(hid)),
      detachjid: (jid) => make(this.#release(jid), () => jobs.detachjid(jid)),
      detachpid: (pid) => make(this.#departure(pid), () => jobs.detachpid(pid)),
      attachpid: (pid, jid) => make(this.#entry(pid, jid), () => jobs.attachpid(pid, jid)),
      runcsa: () => make(this.#accounting(), () => {}),
    };
  }

  #creation({ pid, uid }: CreateOptions): Change<Jid> {
    return {
      action: "job.create",
      effect: "change",
      target: newJobId(this.#node, pid),
      plan: `put process ${pid} into a new job of uid ${uid}`,
      done: (jid) => `process ${pid} is the first of ${jidText(jid)}`,
    };
  }

  /** Signal 0 only asks. */
  #signalling(jid: Jid, signal: number): Change<void> {
    const name = signalName(signal);
    return {
      action: "job.kill",
      effect: signal === 0 ? "read" : "destroy",
      target: jobId(this.#node, jidText(jid)),
      plan: `send ${name} to ${jidText(jid)}`,
      done: () => `${name} was sent to every process of ${jidText(jid)}`,
    };
  }

  #hostId(hid: number): Change<number> {
    return {
      action: "module.ctl",
      privilege: "job.create",
      effect: "change",
      target: newModuleId(this.#node, JOB_MODULE),
      plan: `send JOB_SETHID to ${JOB_MODULE}: ${hid.toString(16).padStart(8, "0")}`,
      done: (inForce) => `the host id of new jobs is ${inForce.toString(16).padStart(8, "0")}`,
    };
  }

  #release(jid: Jid): Change<number> {
    return {
      action: "job.detach",
      effect: "destroy",
      target: jobId(this.#node, jidText(jid)),
      plan: `let all processes out of ${jidText(jid)}`,
      done: (processes) => `${countedProcesses(processes)} let out; the job has ended`,
    };
  }

  #departure(pid: number): Change<Jid> {
    const ticks = processIdentityTicks(this.#options.environment.procRoot, pid);
    const process = ticks === null ? String(pid) : makeIdentity(pid, ticks);
    return {
      action: "attachment.detach",
      effect: "destroy",
      target: makeId(this.#node, "attachment", `${JOB_MODULE}/${process}`),
      plan: `let process ${pid} out of its job`,
      done: (jid) => `process ${pid} has left ${jidText(jid)}`,
    };
  }

  #entry(pid: number, jid: Jid): Change<Jid> {
    return {
      action: "job.attach",
      effect: "change",
      target: jobId(this.#node, jidText(jid)),
      plan: `put process ${pid} into ${jidText(jid)}`,
      done: () => `process ${pid} is in ${jidText(jid)}`,
    };
  }

  /** RUNCSA asks for CAP_SYS_RESOURCE, and nothing comes of it. */
  #accounting(): Change<void> {
    return {
      action: "module.ctl",
      privilege: "job.create",
      effect: "read",
      target: newModuleId(this.#node, JOB_MODULE),
      plan: "RUNCSA",
      done: () => "",
    };
  }

  /** `run` says when it is about to be done, and whose it is: until then nobody is asked, and there is no row. */
  #carryOut<T>(change: Change<T>, peer: Fd, run: (begin: (ownerUid: number | null) => void) => T): T {
    const { audit, environment } = this.#options;
    const { action, privilege = action, effect, target } = change;
    let row: AuditedAction | null = null;
    const begin = (ownerUid: number | null) => {
      const caller = peerCaller(peer, environment.uid, environment.procRoot);
      const refusal = authorize(privilege, caller, ownerUid) ?? closedTo(this.#options, effect, ACTIONS[action].title);
      if (refusal) throw refusal;
      if (effect === "read") return;
      const requestId = `jobd-${this.#openedMs}-${++this.#requests}`;
      row = { requestId, action, target, actor: `${caller.uid} jobd` };
      audit.begin(row, change.plan);
    };
    const end = (outcome: Outcome, message: string) => {
      if (row) audit.end(row, outcome, message);
    };
    let result: T;
    try {
      result = run(begin);
    } catch (thrown) {
      const error = toMusterError(thrown);
      end(isRefusal(error) ? "refused" : "failed", error.message);
      throw thrown;
    }
    end("done", change.done(result));
    return result;
  }

  get #node(): string {
    return this.#options.environment.node;
  }
}
