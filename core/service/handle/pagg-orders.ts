/**
 * An action on modules, jobs and attachments turned into what will be done: read and judged first, so that it can be told
 * before. The requests themselves are those of paggctl(3) and job_paggctl(3) (core/pagg).
 */
import type { EffectClass } from "#core/act/actions.ts";
import { jobId } from "#core/act/new-subjects.ts";
import { PAGG_ACTIONS } from "#core/act/pagg-actions.ts";
import type { ActionRequest, ActionTarget, Answer } from "#core/act/request.ts";
import type { Attachment } from "#core/model/attachment.ts";
import { MusterError } from "#core/model/error.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { Job, JobReport } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";
import type { Step } from "#core/model/step.ts";
import { jobError, noJob, noProcess } from "#core/pagg/job/errors.ts";
import type { Jid, JobEnd, JobRequests } from "#core/pagg/job/requests.ts";
import type { Modules } from "#core/pagg/modules.ts";
import { PAGG_MOD } from "#core/pagg/names.ts";
import type { Json, RequestNeed } from "#core/pagg/request.ts";
import { lookupUser } from "#ffi/accounts.ts";
import { readProcessCredentials } from "#ffi/process-credentials.ts";
import { signalName, signalNumber } from "#ffi/signals.ts";
import { attachmentOfId, jidOfId, moduleOfId, type NamedAttachment } from "../pagg-id.ts";
import type { PrivilegedAction } from "../privilege.ts";
import { signalProcess } from "./signal-process.ts";

export type PaggRequest = ActionRequest & { readonly action: keyof typeof PAGG_ACTIONS };

export function isPaggRequest(request: ActionRequest): request is PaggRequest {
  return Object.hasOwn(PAGG_ACTIONS, request.action);
}

/** What actions act on, in a service that keeps it. */
export interface Kept {
  readonly jobs: JobRequests;
  readonly modules: Modules;
  job(jid: Jid): Job | null;
  /** Of the last job with this id that has ended. */
  report(jid: Jid): JobReport | null;
  attachment(named: NamedAttachment): Attachment | null;
}

export interface OrderContext {
  readonly node: string;
  readonly procRoot: string;
  /** pid of who asks; null if it is not known. */
  readonly callerPid: number | null;
}

/** What an order may use while it is carried out. */
export interface Carrying {
  /** Throws for whom something of this user's is not. */
  readonly authorize: (ownerUid: number | null) => void;
  readonly signal: AbortSignal | undefined;
}

export interface Done {
  readonly message: string;
  readonly answer?: Answer;
  /** It was so already. */
  readonly isUnchanged?: boolean;
  /** Of what was made. */
  readonly id?: string;
}

export interface PaggOrder {
  /** The item it is about; null for one that is to be made, or that an ended job's report stands for. */
  readonly item: Module | Job | Attachment | null;
  /** The row of the privilege table that holds; the action's own, but for a request to a module. */
  readonly privilege: PrivilegedAction;
  readonly effect: EffectClass;
  /** Whose it is; null if nobody's, or if that is known only when it is done. */
  readonly ownerUid: number | null;
  /** The owner is asked for when it is done. */
  readonly asksOwner: boolean;
  readonly plan: readonly Step[];
  readonly run: (carrying: Carrying) => Done | Promise<Done>;
}

/** Throws what keeps it from being asked for at all: USAGE, NOT_FOUND, IDENTITY_CHANGED, and what modules say. */
export function orderFor(request: PaggRequest, target: ActionTarget, kept: Kept, context: OrderContext): PaggOrder {
  switch (request.action) {
    case "module.check":
      return order(request, null, {
        plan: [],
        run: async () => checkModule(kept.modules, moduleIn(target)),
      });
    case "module.load":
      return loadModule(request, moduleIn(target), kept.modules);
    case "module.unload":
      return unloadModule(request, moduleIn(target), kept.modules);
    case "module.ctl":
      return controlModule(request, moduleIn(target), kept.modules, context);
    case "job.create":
      return createJob(request, target, kept, context);
    case "job.attach":
      return attach(request, target, kept);
    case "job.detach":
      return detachJob(request, jobIn(target, kept), kept.jobs);
    case "job.kill":
      return killJob(request, jobIn(target, kept), kept.jobs);
    case "job.wait":
      return waitForJob(request, jidIn(target), kept);
    case "job.pids":
      return tellPids(request, jobIn(target, kept), kept.jobs);
    case "job.freeze":
    case "job.thaw":
      return freezeOrThaw(request, jobIn(target, kept), kept.jobs);
    case "attachment.detach":
      return detachProcess(request, attachmentIn(target, kept), kept.jobs);
    case "attachment.signal":
      return sendSignal(request, attachmentIn(target, kept), context);
  }
}

type Parts = Pick<PaggOrder, "plan" | "run"> & Partial<PaggOrder>;

function order(request: PaggRequest, item: PaggOrder["item"], parts: Parts): PaggOrder {
  const { effect } = PAGG_ACTIONS[request.action];
  return { item, privilege: request.action, effect, ownerUid: null, asksOwner: false, ...parts };
}

async function checkModule(modules: Modules, name: string): Promise<Done> {
  const answer = await modules.paggctl(PAGG_MOD, "MOD_GETCHK", { name });
  const registered = typeof answer === "object" && answer !== null && "r_val" in answer && answer.r_val === 1;
  return {
    message: registered ? `the module ${name} is registered` : `no module ${name} is registered`,
    answer: { name, registered },
  };
}

function loadModule(request: PaggRequest, pathOrName: string, modules: Modules): PaggOrder {
  return order(request, null, {
    plan: [{ ...step(`load the module ${pathOrName} and register it`), path: pathOrName }],
    run: async () => {
      const { id, name, attached } = await modules.load(pathOrName);
      return { message: `the module ${name} is registered and has ${counted(attached)}`, id };
    },
  });
}

function unloadModule(request: PaggRequest, name: string, modules: Modules): PaggOrder {
  const item = modules.item(name);
  if (!item) throw noModule(name);
  return order(request, item, {
    plan: [step(`detach the module ${name} from ${counted(item.attached)} and end it`)],
    run: async () => {
      await modules.unload(name);
      return { message: `the module ${name} is no longer registered` };
    },
  });
}

/** What a request needs, by the row of the privilege table that says the same. */
const ROW_OF_NEED: Readonly<Record<RequestNeed, PrivilegedAction>> = {
  anyone: "read",
  service: "module.load",
  resource: "job.create",
  owner: "job.kill",
};

function controlModule(request: PaggRequest, name: string, modules: Modules, context: OrderContext): PaggOrder {
  const word = request.arguments.request;
  if (word === undefined || typeof word === "boolean") throw usage("no request was given", "such as MOD_GETCNT");
  const spec = modules.request(name, word);
  const data = dataIn(request);
  return order(request, null, {
    privilege: ROW_OF_NEED[spec.need],
    effect: spec.effect,
    asksOwner: spec.need === "owner",
    plan: spec.effect === "read" ? [] : [step(`send ${spec.name} to ${name}`)],
    run: async ({ authorize, signal }) => {
      const { callerPid } = context;
      const answer = await modules.paggctl(name, word, data, { callerPid, authorize, ...(signal ? { signal } : {}) });
      return {
        message: `${name} has answered ${spec.name}`,
        answer: { module: name, request: spec.name, data: answer },
      };
    },
  });
}

function dataIn({ arguments: { data } }: PaggRequest): Json {
  if (data === undefined) return null;
  try {
    return JSON.parse(String(data)) as Json;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw usage(`the data is not JSON: ${reason}`, `such as {"name":"job"}`);
  }
}

function createJob(request: PaggRequest, target: ActionTarget, { jobs }: Kept, context: OrderContext): PaggOrder {
  const pid = pidIn(request);
  const startTicks = ticksOf(target, pid);
  const uid = ownerIn(request, pid, context.procRoot);
  const jid = newJidIn(request);
  const whose = lookupUser(uid)?.name ?? String(uid);
  const named = jid === null ? "a new job" : `the new job ${jidText(jid)}`;
  return order(request, null, {
    plan: [{ ...step(`put process ${pid} into ${named} of ${whose}`), pid, ...identityOf(pid, startTicks) }],
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

function attach(request: PaggRequest, target: ActionTarget, kept: Kept): PaggOrder {
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

function detachJob(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  return order(request, job, {
    ownerUid: job.uid,
    plan: [step(`let ${counted(job.processes)} out of ${job.jid}`)],
    run: () => ({ message: `${counted(jobs.detachjid(jidOf(job)))} let out; the job has ended` }),
  });
}

function killJob(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  const signal = signalIn(request, 15);
  const name = signal === 0 ? "no signal" : signalName(signal);
  return order(request, job, {
    ownerUid: job.uid,
    plan: [{ op: "signal", text: `send ${name} to ${job.jid} (${counted(job.processes)})`, signal: name }],
    run: ({ authorize }) => {
      jobs.killjid(jidOf(job), signal, authorize);
      return { message: `${name} was sent to every process of ${job.jid}` };
    },
  });
}

function freezeOrThaw(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  const isFreeze = request.action === "job.freeze";
  return order(request, job, {
    ownerUid: job.uid,
    plan: [step(`${isFreeze ? "freeze" : "thaw"} ${job.jid} (${counted(job.processes)})`)],
    run: () => {
      if (isFreeze) jobs.freeze(jidOf(job));
      else jobs.thaw(jidOf(job));
      return { message: isFreeze ? `${job.jid} stands still, or will in a moment` : `${job.jid} goes on` };
    },
  });
}

function tellPids(request: PaggRequest, job: Job, jobs: JobRequests): PaggOrder {
  return order(request, job, {
    plan: [],
    run: () => {
      const jid = jidOf(job);
      const pids = jobs.getpidlst(jid, jobs.getpidcnt(jid));
      return { message: `${job.jid} has ${counted(pids.length)}`, answer: { jid: job.jid, pids } };
    },
  });
}

/** Of a job that has ended its report answers: the newest, for a jid may be given again. */
function waitForJob(request: PaggRequest, jid: Jid, kept: Kept): PaggOrder {
  const job = kept.job(jid);
  if (!job) {
    const report = kept.report(jid);
    if (!report) throw noJob(jidText(jid));
    return order(request, null, { plan: [], run: () => ended(report.exit?.status ?? null, report) });
  }
  return order(request, job, {
    plan: [{ op: "wait", text: `wait for the end of ${job.jid} with its ${counted(job.processes)}` }],
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

/** null: it had ended already. Rejects with CANCELLED. */
function endOf(jobs: JobRequests, jid: Jid, signal: AbortSignal | undefined): Promise<JobEnd | null> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      giveUp();
      reject(new MusterError("CANCELLED", `${jidText(jid)} goes on; it is no longer waited for`));
    };
    const giveUp = waitUnlessEnded(jobs, jid, (end) => {
      signal?.removeEventListener("abort", abort);
      resolve(end);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A job that was there a moment ago may be gone. */
function waitUnlessEnded(jobs: JobRequests, jid: Jid, ended: (end: JobEnd | null) => void): () => void {
  try {
    return jobs.waitjid(jid, ended);
  } catch (thrown) {
    if (!(thrown instanceof MusterError) || thrown.errno !== "ENODATA") throw thrown;
    ended(null);
    return () => {};
  }
}

function detachProcess(request: PaggRequest, item: Attachment, jobs: JobRequests): PaggOrder {
  const { pid, identity, job } = item;
  return order(request, item, {
    plan: [{ ...step(`let process ${pid} out of ${job ?? item.module}`), pid, identity }],
    run: () => {
      const left = jidText(jobs.detachpid(pid));
      return { message: `process ${pid} has left ${left}` };
    },
  });
}

function sendSignal(request: PaggRequest, item: Attachment, { procRoot }: OrderContext): PaggOrder {
  const { pid, identity } = item;
  const signal = signalIn(request, null);
  const name = signalName(signal);
  return order(request, item, {
    // Asked when the process is held: it may be another user's than it was.
    asksOwner: true,
    ownerUid: item.uid,
    plan: [{ op: "signal", text: `send ${name} to process ${pid}`, signal: name, pid, identity }],
    run: ({ authorize }) => {
      const startTicks = identity.slice(identity.indexOf(":") + 1);
      const gone = (message: string) => jobError("ESRCH", message);
      signalProcess({ pid, startTicks }, signal, { procRoot, authorize, gone });
      return { message: `${name} was sent to process ${pid} (${item.comm})` };
    },
  });
}

function moduleIn({ id }: ActionTarget): string {
  const name = moduleOfId(id);
  if (name !== null && name !== "") return name;
  throw usage(`not the id of a module: ${id}`, "it is node/module/NAME");
}

function jidIn({ id }: ActionTarget): Jid {
  const jid = jidOfId(id);
  if (jid !== null) return jid;
  throw usage(`not the id of a job: ${id}`, "it is node/job/0x and 16 hex digits");
}

function jobIn(target: ActionTarget, kept: Kept): Job {
  const jid = jidIn(target);
  const job = kept.job(jid);
  if (!job) throw noJob(jidText(jid));
  return job;
}

function attachmentIn({ id, identity }: ActionTarget, kept: Kept): Attachment {
  const named = attachmentOfId(id);
  if (!named) throw usage(`not the id of an attachment: ${id}`, "it is node/attachment/MODULE/PID:START");
  const item = kept.attachment(named);
  if (!item) throw jobError("ESRCH", `process ${named.pid} is not attached to ${named.module}`, { target: id });
  if (identity && identity !== item.identity) {
    throw new MusterError("IDENTITY_CHANGED", `${id} is not process ${identity}`, {
      hint: "look again, then repeat the action",
    });
  }
  return item;
}

/** A job's jid as a number; it was made of one. */
const jidOf = (job: Job): Jid => parseJid(job.jid) ?? 0n;

function pidIn({ arguments: { pid } }: PaggRequest): number {
  const number = Number(pid ?? Number.NaN);
  if (Number.isInteger(number) && number > 0 && number <= 0x7fff_ffff) return number;
  throw usage(pid === undefined ? "no process was given" : `not a process id: ${pid}`, "pid is the id of a process");
}

/** Of the process that is meant, if the asker has told which he saw; a job's own identity is that of its prime process. */
function ticksOf({ identity }: ActionTarget, pid: number): string | null {
  const [seen, ticks] = identity?.split(":") ?? [];
  return Number(seen) === pid ? (ticks ?? null) : null;
}

const identityOf = (pid: number, ticks: string | null) => (ticks === null ? {} : { identity: `${pid}:${ticks}` });

function newJidIn({ arguments: { jid } }: PaggRequest): Jid | null {
  if (jid === undefined) return null;
  const number = parseJid(String(jid));
  if (number !== null) return number;
  throw usage(`not the id of a job: ${jid}`, "hexadecimal, such as 0x501");
}

/** --user, or the user of the process. */
function ownerIn({ arguments: { user } }: PaggRequest, pid: number, procRoot: string): number {
  if (user === undefined) {
    const uid = readProcessCredentials(procRoot, pid)?.uids[0];
    if (uid === undefined) throw noProcess(pid);
    return uid;
  }
  const word = String(user);
  if (/^[0-9]{1,10}$/.test(word) && Number(word) < 0xffff_ffff) return Number(word);
  const account = lookupUser(word);
  if (account) return account.uid;
  throw new MusterError("NOT_FOUND", `there is no user '${word}'`, { target: word });
}

function signalIn({ arguments: { signal } }: PaggRequest, otherwise: number | null): number {
  if (signal === undefined && otherwise !== null) return otherwise;
  if (String(signal) === "0") return 0;
  const number = signal === undefined ? null : signalNumber(String(signal));
  if (number !== null) return number;
  throw usage(
    signal === undefined ? "no signal was given" : `unknown signal: ${signal}`,
    "give a name such as HUP, or a number from 1 to 64",
  );
}

const noModule = (name: string) =>
  new MusterError("NOT_FOUND", `there is no module ${name}`, { target: name, errno: "ENOENT" });

const usage = (message: string, hint: string) => new MusterError("USAGE", message, { errno: "EINVAL", hint });

const counted = (processes: number) => (processes === 1 ? "1 process" : `${processes} processes`);

const step = (text: string): Step => ({ op: "set", text });
