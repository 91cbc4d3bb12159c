/** The verbs of privileged processes, of the service or, with --socket, of another server of pmdaRoot. */
import { ACTIONS } from "#core/act/actions.ts";
import { newProcessId } from "#core/act/new-subjects.ts";
import type { ActionResult } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import type { Service } from "#core/service/service.ts";
import { carryOut } from "../acting.ts";
import type { Call } from "../context.ts";
import { tell } from "../context.ts";
import { usage } from "../option-values.ts";
import { exitCodeOfStatus } from "../program.ts";
import { shelfWarnings } from "../session.ts";
import { type Subject, subjectOf, subjectsOf } from "../subjects.ts";
import { act } from "./act.ts";
import { socketOf } from "./other-server.ts";

/** `processes start LABEL -- CMD...` */
export async function startProcess(call: Call): Promise<number> {
  const { words, behind } = call.invocation;
  const [label = ""] = words.slice(0, words.length - (behind?.length ?? 0));
  const command = commandLineOf(behind ?? []);
  if (socketOf(call) !== null)
    return (await import("./process-verbs-elsewhere.ts")).startElsewhere(call, label, command);
  return carryOut(call, {
    action: "process.start",
    ordersOf: ({ node }) => {
      const subject: Subject = { target: { id: newProcessId(node, label) }, label, item: null };
      return { orders: [{ subjects: [subject], values: { command } }], missing: [] };
    },
    lineOf: lineOfStart,
  });
}

export const lineOfStart = ({ answer, message }: ActionResult): string => (answer ? String(answer.pid) : message);

/** Split at blanks by whoever starts it: a word that holds one would be two. */
function commandLineOf(words: readonly string[]): string {
  const split = words.find((word) => word === "" || word.includes(" "));
  if (split === undefined) return words.join(" ");
  const problem = split === "" ? "an empty argument cannot be given" : `the argument '${split}' holds a blank`;
  throw usage(
    `${problem}: the command line is split at blanks, and there are no quotes`,
    split,
    "put it into a script",
  );
}

/** `processes wait [PROCESS...]`: of one that has ended already, how. */
export async function waitForProcesses(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const timeoutSeconds = options.number("timeout");
  if (timeoutSeconds === 0) throw usage("--timeout must be more than 0", "--timeout");
  const isCode = options.has("exit-code");
  if (isCode && new Set(words).size !== 1) throw usage("--exit-code goes with one PROCESS", "--exit-code");
  if (socketOf(call) !== null) return (await import("./process-verbs-elsewhere.ts")).waitElsewhere(call);
  return carryOut(call, {
    action: "process.wait",
    timeoutSeconds,
    ordersOf: (service) => {
      if (words.length > 0) {
        const { all, missing } = subjectsOf(ACTIONS["process.wait"], service, words);
        return { orders: [{ subjects: all, values: {} }], missing };
      }
      const subjects = running(service);
      if (subjects.length === 0)
        tell(call, "no process runs that could be waited for; 'muster processes list' shows all");
      return { orders: [{ subjects, values: {} }], missing: [] };
    },
    lineOf: lineOfEnd,
    ...(isCode ? { exitOf: ({ results }) => exitCodeOf(results[0]) } : {}),
  });
}

export const lineOfEnd = ({ answer, message }: ActionResult): string =>
  answer ? `${answer.pid} ${answer.text}` : message;

/** That of the process; 1 if nobody saw how it ended. */
export function exitCodeOf(result: ActionResult | undefined): number {
  const status = result?.answer?.status;
  return typeof status === "number" ? exitCodeOfStatus(status) : 1;
}

function running(service: Service): Subject[] {
  const shelf = service.snapshot().shelves.processes;
  shelfWarnings("processes", shelf);
  return [...shelf.items.values()]
    .filter(({ state }) => state === "running")
    .map((item) => subjectOf("processes", item));
}

export async function terminateProcesses(call: Call): Promise<number> {
  if (socketOf(call) === null) return act(call);
  return (await import("./process-verbs-elsewhere.ts")).terminateElsewhere(call);
}

export async function signalProcesses(call: Call): Promise<number> {
  if (socketOf(call) === null) return act(call);
  throw new MusterError("UNSUPPORTED", "the protocol has no signals: only SIGKILL, which is 'processes terminate'", {
    target: "--socket",
  });
}
