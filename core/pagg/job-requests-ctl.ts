/**
 * The Job module's paggctl service: job_paggctl(3). The data of a request is the struct of job.h as a JSON object, with jids
 * as text (`0x0000000000000501`); what comes back is that object with the r_ fields, the lists and the status filled in.
 */
import { jidText, parseJid } from "#core/model/jid.ts";
import { paggError } from "./errors.ts";
import { bad, integerField, missing, type Struct, structOf } from "./fields.ts";
import type { Jid, JobRequests } from "./job/requests.ts";
import { findRequest, type PaggctlContext, type PaggctlService, type RequestSpec } from "./request.ts";

/** JOB_NAME, PAGG_JOB */
export const JOB_MODULE = "job";

interface JobRequestSpec extends RequestSpec {
  /** Of the struct, in its order. */
  readonly fields: readonly string[];
}

/** Numbers, privilege and structs: job.h. CAP_SYS_RESOURCE is `resource`. */
export const JOB_REQUESTS = [
  { name: "JOB_NOOP", number: 0, effect: "read", need: "anyone", fields: [] },
  {
    name: "JOB_CREATE",
    number: 1,
    effect: "change",
    need: "resource",
    fields: ["r_jid", "jid", "pid", "user", "options"],
  },
  { name: "JOB_GETJID", number: 4, effect: "read", need: "anyone", fields: ["r_jid", "pid"] },
  { name: "JOB_WAITJID", number: 5, effect: "read", need: "anyone", fields: ["r_jid", "jid", "stat", "options"] },
  { name: "JOB_KILLJID", number: 6, effect: "destroy", need: "owner", fields: ["r_val", "jid", "sig"] },
  { name: "JOB_GETJIDCNT", number: 9, effect: "read", need: "anyone", fields: ["r_val"] },
  { name: "JOB_GETJIDLST", number: 10, effect: "read", need: "anyone", fields: ["r_val", "jid"] },
  { name: "JOB_GETPIDCNT", number: 11, effect: "read", need: "anyone", fields: ["r_val", "jid"] },
  { name: "JOB_GETPIDLST", number: 12, effect: "read", need: "anyone", fields: ["r_val", "pid", "jid"] },
  { name: "JOB_GETUSER", number: 17, effect: "read", need: "anyone", fields: ["r_user", "jid"] },
  { name: "JOB_GETPRIMEPID", number: 18, effect: "read", need: "anyone", fields: ["r_pid", "jid"] },
  { name: "JOB_SETHID", number: 19, effect: "change", need: "resource", fields: ["r_hid", "hid"] },
  { name: "JOB_DETACHJID", number: 20, effect: "destroy", need: "resource", fields: ["r_val", "jid"] },
  { name: "JOB_DETACHPID", number: 21, effect: "destroy", need: "resource", fields: ["r_jid", "pid"] },
  { name: "JOB_ATTACHPID", number: 22, effect: "change", need: "resource", fields: ["r_jid", "pid"] },
] as const satisfies readonly JobRequestSpec[];

export type JobRequestName = (typeof JOB_REQUESTS)[number]["name"];

const INT_MIN = -0x8000_0000;
const INT_MAX = 0x7fff_ffff;
const HIGHEST_ID = 0xffff_fffe;
const HIGHEST_SIGNAL = 64;

type Answer = (jobs: JobRequests, struct: Struct, context: PaggctlContext) => Struct | Promise<Struct>;

export function jobPaggctl(jobs: JobRequests): PaggctlService {
  return {
    find: (request) => findRequest(JOB_REQUESTS, request),
    call: async (spec, data, context) => {
      const { fields } = spec as JobRequestSpec;
      const struct = structOf(data, fields);
      return { ...struct, ...(await ANSWERS[spec.name as JobRequestName](jobs, struct, context)) };
    },
    unknown: (request) =>
      paggError("EBADR", `the Job module has no request ${JSON.stringify(request)}`, {
        target: JOB_MODULE,
        hint: `it has ${JOB_REQUESTS.map(({ name, number }) => `${name} (${number})`).join(", ")}`,
      }),
  };
}

const ANSWERS: Readonly<Record<JobRequestName, Answer>> = {
  JOB_NOOP: () => ({}),
  JOB_CREATE: (jobs, struct, { callerPid = null }) => {
    integerField(struct, "options", { lowest: INT_MIN, highest: INT_MAX, otherwise: 0 });
    const pid = struct.pid === undefined && callerPid !== null ? callerPid : pidField(struct, "pid");
    const uid = integerField(struct, "user", { lowest: 0, highest: HIGHEST_ID });
    const jid = struct.jid === undefined ? 0n : jidField(struct, "jid");
    return { r_jid: jidText(jobs.create({ pid, uid, jid })) };
  },
  JOB_GETJID: (jobs, struct) => ({ r_jid: jidText(jobs.getjid(pidField(struct, "pid"))) }),
  JOB_WAITJID: async (jobs, struct, { signal }) => {
    const jid = jidField(struct, "jid");
    if (integerField(struct, "options", { lowest: INT_MIN, highest: INT_MAX, otherwise: 0 }) !== 0) {
      throw paggError("EINVAL", "JOB_WAITJID has no options", { hint: "options is 0" });
    }
    return { r_jid: jidText(jid), stat: await endOf(jobs, jid, signal) };
  },
  JOB_KILLJID: (jobs, struct, { authorize }) => {
    const signal = integerField(struct, "sig", { lowest: 0, highest: HIGHEST_SIGNAL });
    jobs.killjid(jidField(struct, "jid"), signal, authorize);
    return { r_val: 0 };
  },
  JOB_GETJIDCNT: (jobs) => ({ r_val: jobs.getjidcnt() }),
  JOB_GETJIDLST: (jobs, struct) => {
    const list = jobs.getjidlst(capacityField(struct));
    return { r_val: list.length, jid: list.map(jidText) };
  },
  JOB_GETPIDCNT: (jobs, struct) => ({ r_val: jobs.getpidcnt(jidField(struct, "jid")) }),
  JOB_GETPIDLST: (jobs, struct) => {
    const pid = jobs.getpidlst(jidField(struct, "jid"), capacityField(struct));
    return { r_val: pid.length, pid };
  },
  JOB_GETUSER: (jobs, struct) => ({ r_user: jobs.getuser(jidField(struct, "jid")) }),
  JOB_GETPRIMEPID: (jobs, struct) => ({ r_pid: jobs.getprimepid(jidField(struct, "jid")) }),
  JOB_SETHID: (jobs, struct) => ({ r_hid: hidText(jobs.sethid(hidField(struct))) }),
  JOB_DETACHJID: (jobs, struct) => ({ r_val: jobs.detachjid(jidField(struct, "jid")) }),
  JOB_DETACHPID: (jobs, struct) => ({ r_jid: jidText(jobs.detachpid(pidField(struct, "pid"))) }),
  JOB_ATTACHPID: (jobs, struct) => {
    const jid = jidField(struct, "r_jid");
    return { r_jid: jidText(jobs.attachpid(pidField(struct, "pid"), jid)) };
  },
};

/** The wait status the job ended with; ECANCELED if the asker gave up. */
function endOf(jobs: JobRequests, jid: Jid, signal: AbortSignal | undefined): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      giveUp();
      reject(paggError("ECANCELED", `nobody waits for ${jidText(jid)} any more`));
    };
    const giveUp = jobs.waitjid(jid, ({ status }) => {
      signal?.removeEventListener("abort", abort);
      resolve(status);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

const pidField = (struct: Struct, name: string) => integerField(struct, name, { lowest: 1, highest: INT_MAX });

function capacityField(struct: Struct): number {
  const capacity = integerField(struct, "r_val", { lowest: INT_MIN, highest: INT_MAX });
  if (capacity >= 0) return capacity;
  throw paggError("EINVAL", `a list has no ${capacity} elements`, { hint: "r_val is how many are wanted" });
}

/** 0 is a jid that no job has. */
function jidField(struct: Struct, name: string): Jid {
  const value = struct[name];
  if (value === undefined) throw missing(name);
  if (typeof value === "string") {
    const jid = /^(?:0[xX])?0+$/.test(value) ? 0n : parseJid(value);
    if (jid !== null) return jid;
  }
  throw bad(name, value, "the id of a job as text, such as 0x0000000000000501");
}

function hidField(struct: Struct): number {
  const value = struct.hid;
  if (value === undefined) throw missing("hid");
  if (typeof value === "string" && /^(?:0[xX])?[0-9a-fA-F]{1,16}$/.test(value)) {
    return Number(BigInt.asUintN(32, BigInt(`0x${value.replace(/^0[xX]/, "")}`)));
  }
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) {
    return Number(BigInt.asUintN(32, BigInt(value)));
  }
  throw bad("hid", value, "a number, or hexadecimal text such as 0x7f000001");
}

const hidText = (hid: number): string => `0x${hid.toString(16).padStart(8, "0")}`;
