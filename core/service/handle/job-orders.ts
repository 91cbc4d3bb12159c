/** Orders on jobs: job_create(3) and its kin, the wait for their end, freezing. */
import { jobId } from "#core/act/new-subjects.ts";
import type { ActionTarget } from "#core/act/request.ts";
import { countedProcesses } from "#core/model/counted.ts";
import { MusterError } from "#core/model/error.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import { noJob } from "#core/pagg/job/errors.ts";
import type { Jid, JobRequests } from "#core/pagg/job/requests.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { signalName } from "#ffi/signals.ts";
import { unlessEnded } from "../observe/job-members.ts";
import { jidOfId } from "../pagg-id.ts";
import type { Done } from "./ending.ts";
import { endOf } from "./job-end.ts";
import { identityOf, newJidIn, ownerIn, pidIn, ticksOf } from "./job-words.ts";
import {
  type Kept,
  type OrderContext,
  order,
  type PaggOrder,
  type PaggRequest,
  signalIn,
  step,
  usage,
} from "./pagg-order.ts";

export function createJob(
  request: PaggRequest,
  target: ActionTarget,
  { jobs }: Kept,
  context: OrderContext,
): PaggOrder {
  const pid = pidIn(request);
  const startTicks = ticksOf(target, pid);
  const uid = ownerIn(request, pid, context.procRoot);
  const jid = newJidIn(request);
  const whose = lookupUser(uid)?.name ?? String(uid);
  const named = jid === null ? "a new job" : `the new job ${jidText(jid)}`;
  const from = jobLeft(jobs, pid);
  return order(request, null, {
    plan: [{ ...step(`put process ${pid} into ${named} of ${whose}${from}`), pid, ...identityOf(pid, startTicks) }],
    run: () => {
      const { command } = request.arguments;
      const named = command === undefined ? {} : { command: String(command) };
      const made = jobs.create({ pid, startTicks, uid, ...(jid === null ? {} : { jid }), ...named });
      if (made === 0n) {
        throw new MusterError("NOT_ALLOWED_NOW", "jobs are disabled: the host id is ffffffff", {
          hint: "'muster jobs sethid HID' enables them",
        });
      }
      const text = jidText(made);
      const id = jobId(context.node, text);
      return { message: `process ${pid} is the first of ${text}`, answer: { jid: text, id }, id };
    },
  });
}

/** A process is in one job: that it leaves another, and maybe ends it, is told before. */
function jobLeft(jobs: JobRequests, pid: number): string {
  const told = unlessEnded(() => {
    const jid = jobs.getjid(pid);
    return `, out of ${jidText(jid)}${jobs.getpidcnt(jid) === 1 ? ", which ends" : ""}`;
  });
  return told ?? "";
}

export function attach(request: PaggRequest, target: ActionTarget, kept: Kept): PaggOrder {
  const job = jobIn(target, kept);
  const pid = pidIn(request);
  const startTicks = ticksOf(target, pid);
  return order(request, job, {
    plan: [{ ...step(`put process ${pid} into ${job.jid}`), pid, ...identityOf(pid, startTicks) }],
    run: () => {
      kept.jobs.attachpid(pid, jidOf(job), startTicks);
      return { message: `process ${pid} is in ${job.jid}` };
    },
  });
}

export function detachJob(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  return order(request, job, {
    ownerUid: job.uid,
    plan: [step(`let ${countedProcesses(job.processes)} out of ${job.jid}`)],
    run: () => ({ message: `${countedProcesses(jobs.detachjid(jidOf(job)))} let out; the job has ended` }),
  });
}

export function killJob(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  const signal = signalIn(request, 15);
  const name = signal === 0 ? "no signal" : signalName(signal);
  return order(request, job, {
    ownerUid: job.uid,
    plan: [{ op: "signal", text: `send ${name} to ${job.jid} (${countedProcesses(job.processes)})`, signal: name }],
    run: ({ authorize }) => {
      jobs.killjid(jidOf(job), signal, authorize);
      return {
        message: signal === 0 ? `${job.jid} can be signalled` : `${name} was sent to every process of ${job.jid}`,
      };
    },
  });
}

export function freezeOrThaw(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  const isFreeze = request.action === "job.freeze";
  return order(request, job, {
    ownerUid: job.uid,
    plan: [step(`${isFreeze ? "freeze" : "thaw"} ${job.jid} (${countedProcesses(job.processes)})`)],
    run: () => {
      if (isFreeze) jobs.freeze(jidOf(job));
      else jobs.thaw(jidOf(job));
      return { message: isFreeze ? `${job.jid} stands still, or will in a moment` : `${job.jid} goes on` };
    },
  });
}

export function tellPids(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  return order(request, job, {
    plan: [],
    run: () => {
      const jid = jidOf(job);
      const pids = jobs.getpidlst(jid, jobs.getpidcnt(jid));
      return { message: `${job.jid} has ${countedProcesses(pids.length)}`, answer: { jid: job.jid, pids } };
    },
  });
}

/** Of a job that has ended its report answers: the newest, for a jid may be given again. */
export function waitForJob(request: PaggRequest, jid: Jid, kept: Kept): PaggOrder {
  const job = kept.job(jid);
  if (!job) {
    const report = kept.report(jid);
    if (!report) throw noJob(jidText(jid));
    return order(request, null, { plan: [], run: () => ended(report.exit?.status ?? null, report) });
  }
  return order(request, job, {
    plan: [{ op: "wait", text: `wait for the end of ${job.jid} with its ${countedProcesses(job.processes)}` }],
    run: async ({ signal }) => {
      const end = await endOf(kept.jobs, jid, signal);
      const report = kept.report(jid);
      return ended(end === null ? (report?.exit?.status ?? null) : end.status, report);
    },
  });

  function ended(status: number | null, report: JobReport | null): Done {
    const text = report === null ? "ended" : (report.exit?.text ?? "detached");
    return { message: `${jidText(jid)} has ended: ${text}`, answer: { jid: jidText(jid), status, text } };
  }
}

export function jidIn({ id }: ActionTarget): Jid {
  const jid = jidOfId(id);
  if (jid !== null) return jid;
  throw usage(`not the id of a job: ${id}`, "it is node/job/0x and 16 hex digits");
}

export function jobIn(target: ActionTarget, kept: Kept): Job {
  const jid = jidIn(target);
  const job = kept.job(jid);
  if (!job) throw noJob(jidText(jid));
  return job;
}

/** A job's jid as a number; it was made of one. */
const jidOf = (job: Job): Jid => parseJid(job.jid) ?? 0n;
