/** The verbs of jobs whose words are more than names of items: attach, detach, wait, pids. */
import { ACTIONS } from "#core/act/actions.ts";
import { jobId } from "#core/act/new-subjects.ts";
import type { ActionResult, Answer } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import { nameOf } from "#core/model/id.ts";
import type { Service } from "#core/service/service.ts";
import { carryOut } from "../acting.ts";
import type { Call } from "../context.ts";
import { KIND_WORDS } from "../kind-words.ts";
import { usage } from "../option-values.ts";
import { exitCodeOfStatus } from "../program.ts";
import { shelfWarnings } from "../session.ts";
import { checkPid, type Subject, subjectOf, subjectsOf } from "../subjects.ts";

/** `jobs attach JID PID...`: one request for each process. */
export async function attachToJob(call: Call): Promise<number> {
  const [jid = "", ...pids] = call.invocation.words;
  for (const pid of pids) checkPid(pid, "jobs attach JID PID...");
  return carryOut(call, {
    action: "job.attach",
    ordersOf: (service) => {
      const { all, missing } = subjectsOf(ACTIONS["job.attach"], service, [jid]);
      if (missing.length > 0) return { orders: [], missing };
      return {
        orders: [...new Set(pids)].map((pid) => ({ subjects: all, values: { pid: Number(pid) } })),
        missing: [],
      };
    },
  });
}

/** `jobs detach JID...` lets all out; `jobs detach --pid PID` one. */
export async function detachFromJob(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const pid = options.number("pid");
  if (pid === null) {
    if (words.length === 0) throw usage("jobs detach needs JID or --pid PID", "JID");
    return carryOut(call, {
      action: "job.detach",
      ordersOf: (service) => {
        const { all, missing } = subjectsOf(ACTIONS["job.detach"], service, words);
        return { orders: [{ subjects: all, values: {} }], missing };
      },
    });
  }
  if (words.length > 0) throw usage("jobs detach takes either JID or --pid, not both", "--pid");
  return carryOut(call, {
    action: "attachment.detach",
    ordersOf: (service) => ({ orders: [{ subjects: [memberOfJob(service, pid)], values: {} }], missing: [] }),
  });
}

function memberOfJob(service: Service, pid: number): Subject {
  const shelf = service.snapshot().shelves.attachments;
  shelfWarnings("attachments", shelf);
  for (const item of shelf.items.values()) {
    if (item.module === "job" && item.pid === pid) return subjectOf("attachments", item);
  }
  throw new MusterError("NOT_FOUND", `process ${pid} is in no job`, {
    target: String(pid),
    errno: "ESRCH",
    hint: "'muster attachments list --filter module=job' shows what is",
  });
}

/** `jobs wait [JID...]`: a job that has ended is told of out of its report. */
export async function waitForJobs(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const asked = words.map(spelled);
  const timeoutSeconds = options.number("timeout");
  if (timeoutSeconds === 0) throw usage("--timeout must be more than 0", "--timeout");
  const isCode = options.has("exit-code");
  if (isCode && new Set(asked).size !== 1) throw usage("--exit-code goes with one JID", "--exit-code");
  return carryOut(call, {
    action: "job.wait",
    timeoutSeconds,
    ordersOf: (service) => ({ orders: [{ subjects: jobSubjects(service, asked), values: {} }], missing: [] }),
    lineOf: ({ answer }) => `${textIn(answer, "jid")} ${textIn(answer, "text")}`,
    ...(isCode ? { exitOf: ({ results }) => exitCodeOf(results[0]) } : {}),
  });
}

/** `jobs pids [JID...]` */
export async function tellPids(call: Call): Promise<number> {
  const asked = call.invocation.words.map(spelled);
  const isOne = new Set(asked).size === 1;
  return carryOut(call, {
    action: "job.pids",
    ordersOf: (service) => ({ orders: [{ subjects: jobSubjects(service, asked), values: {} }], missing: [] }),
    lineOf: ({ answer }) => {
      const pids = Array.isArray(answer?.pids) ? answer.pids : [];
      return pids.map((pid) => (isOne ? String(pid) : `${textIn(answer, "jid")} ${pid}`)).join("\n");
    },
  });
}

/** What was typed for a job as its jid, or its full id; throws USAGE. */
const spelled = (word: string): string => KIND_WORDS.jobs.spell?.(word) ?? word;

/** Jobs by their ids, there or not; without a word all there are. */
function jobSubjects(service: Service, asked: readonly string[]): Subject[] {
  const shelf = service.snapshot().shelves.jobs;
  shelfWarnings("jobs", shelf);
  if (asked.length === 0) return [...shelf.items.values()].map((item) => subjectOf("jobs", item));
  return [...new Set(asked)].map((word) => {
    const id = word.includes("/") ? word : jobId(service.node, word);
    // Not with the identity of its prime process: the job is meant, whichever that is.
    return { target: { id }, label: nameOf(id), item: null };
  });
}

/** That of its last process; 1 if nobody saw how it ended. */
function exitCodeOf(result: ActionResult | undefined): number {
  const status = result?.answer?.status;
  return typeof status === "number" ? exitCodeOfStatus(status) : 1;
}

const textIn = (answer: Answer | null | undefined, name: string) => String(answer?.[name] ?? "-");
