/** An action on privileged processes turned into what will be done: judged first, so that it can be told before. */
import { newProcessId } from "#core/act/new-subjects.ts";
import { PMDAROOT_ACTIONS } from "#core/act/pmdaroot-actions.ts";
import type { ActionRequest, ActionTarget } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import { splitArguments } from "#core/pmdaroot/program.ts";
import { signalName, signalNumber } from "#ffi/signals.ts";
import type { Caller } from "../caller.ts";
import type { KeptProcess } from "../kept-process-list.ts";
import type { KeptProcesses } from "../kept-processes.ts";
import { endText } from "../observe/privileged.ts";
import type { PmdaRootContext } from "../pmdaroot.ts";
import { processId, processOfId } from "../pmdaroot-id.ts";
import type { Done } from "./ending.ts";
import { signalProcess } from "./signal-process.ts";

export type PmdaRootRequest = ActionRequest & { readonly action: keyof typeof PMDAROOT_ACTIONS };

export function isPmdaRootRequest(request: ActionRequest): request is PmdaRootRequest {
  return Object.hasOwn(PMDAROOT_ACTIONS, request.action);
}

export interface PmdaRootOrder {
  /** null: it is to be started. */
  readonly process: KeptProcess | null;
  readonly plan: readonly Step[];
  readonly run: (caller: Caller, signal: AbortSignal | undefined) => Done | Promise<Done>;
}

/** As in the protocol: PM_MAXLABEL of pmdaroot(1) and MAXPATHLEN, each with a NUL. */
const LONGEST_LABEL = 63;
const LONGEST_COMMAND = 4095;

/** Throws USAGE, NOT_FOUND, IDENTITY_CHANGED, UNREACHABLE. */
export function orderFor(request: PmdaRootRequest, target: ActionTarget, context: PmdaRootContext): PmdaRootOrder {
  const { kept } = context;
  if (request.action === "process.start") return start(request, target, context, kept);
  const process = processIn(target, context);
  switch (request.action) {
    case "process.wait":
      return waitFor(process, kept);
    case "process.terminate":
      return send(process, "SIGKILL", 9, context);
    case "process.signal":
      return send(process, ...signalIn(request), context);
  }
}

function start(
  { arguments: { command } }: PmdaRootRequest,
  target: ActionTarget,
  { node }: PmdaRootContext,
  kept: KeptProcesses | null,
): PmdaRootOrder {
  const label = processOfId(target.id) ?? (target.id === newProcessId(node, "") ? "" : null);
  if (label === null) throw usage(`not the id of a process to be: ${target.id}`, "it is node/process/LABEL");
  const commandLine = typeof command === "string" ? command : "";
  checkText("label", label, LONGEST_LABEL);
  checkText("command line", commandLine, LONGEST_COMMAND);
  if (splitArguments(commandLine).length === 0) throw usage("no program was named", "give a command line");
  return {
    process: null,
    plan: [{ op: "run", text: `start ${label}: ${commandLine}` }],
    run: ({ uid, pid }) => {
      const { process, failure } = keeperOf(kept).start({ uid, pid }, label, commandLine);
      const { identity, row } = process;
      if (failure !== null) throw couldNotRun(label, row.pid, failure);
      const id = processId(node, identity);
      return { id, message: `${label} runs as process ${row.pid}`, answer: { pid: row.pid, identity, label } };
    },
  };
}

/** There is a process only to say so. */
function couldNotRun(label: string, pid: number, failure: string): MusterError {
  const hint = `process ${pid}, which was to become it, has ended: ${endText(1 << 8)}`;
  return new MusterError("START_FAILED", `${label} could not be executed: ${failure}`, { hint });
}

function waitFor(process: KeptProcess, kept: KeptProcesses | null): PmdaRootOrder {
  const { identity, row } = process;
  return {
    process,
    plan: row.endedAtMs === null ? [{ op: "wait", text: `wait for the end of process ${row.pid} (${row.label})` }] : [],
    run: async (caller, signal) => {
      const ended = row.endedAtMs === null ? await endOf(process, keeperOf(kept), signal) : process;
      // Whoever had it started, or runs the service, has been told with this.
      if (caller.uid === row.starter.uid || caller.uid === caller.serviceUid) kept?.tell(identity);
      const { status } = ended.row;
      const text = endText(status);
      const message = `process ${row.pid} (${row.label}) has ended: ${text}`;
      return { message, answer: { pid: row.pid, identity, label: row.label, status, text } };
    },
  };
}

function endOf({ identity, row }: KeptProcess, kept: KeptProcesses, signal?: AbortSignal): Promise<KeptProcess> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      giveUp();
      reject(new MusterError("CANCELLED", `process ${row.pid} goes on; it is no longer waited for`));
    };
    const giveUp = kept.onEnd(identity, (ended) => {
      signal?.removeEventListener("abort", abort);
      resolve(ended);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

function send(process: KeptProcess, name: string, signal: number, { procRoot }: PmdaRootContext): PmdaRootOrder {
  const { identity, row } = process;
  const { pid, label } = row;
  return {
    process,
    plan: [{ op: "signal", text: `send ${name} to process ${pid} (${label})`, signal: name, pid, identity }],
    run: () => {
      const startTicks = identity.slice(identity.indexOf(":") + 1);
      const gone = (message: string) => new MusterError("NOT_ALLOWED_NOW", message, { errno: "ESRCH" });
      // What may be done to it was judged: whom it runs as does not matter, it was started with our rights.
      signalProcess({ pid, startTicks }, signal, { procRoot, authorize: () => {}, gone });
      return { message: `${name} was sent to process ${pid} (${label})` };
    },
  };
}

function processIn({ id, identity: seen }: ActionTarget, { find }: PmdaRootContext): KeptProcess {
  const identity = processOfId(id);
  if (identity === null) throw usage(`not the id of a process: ${id}`, "it is node/process/PID:START");
  if (seen && seen !== identity) {
    throw new MusterError("IDENTITY_CHANGED", `${id} is not process ${seen}`, {
      hint: "look again, then repeat the action",
    });
  }
  const kept = find(identity);
  if (kept !== null) return kept;
  throw new MusterError("NOT_FOUND", `no process ${identity} was started here`, {
    target: id,
    errno: "ESRCH",
    hint: "'muster processes list' shows those there are; of any other process nothing is done",
  });
}

function keeperOf(kept: KeptProcesses | null): KeptProcesses {
  if (kept !== null) return kept;
  const hint = "start it with 'muster serve'";
  throw new MusterError("UNREACHABLE", "no service keeps processes here", { errno: "ENODEV", hint });
}

function signalIn({ arguments: { signal } }: PmdaRootRequest): [string, number] {
  const number = signal === undefined ? null : signalNumber(String(signal));
  if (number !== null) return [signalName(number), number];
  throw usage(
    signal === undefined ? "no signal was given" : `unknown signal: ${signal}`,
    "give a name such as HUP, or a number from 1 to 64",
  );
}

function checkText(what: string, text: string, most: number): void {
  const { length } = new TextEncoder().encode(text);
  if (length === 0) throw usage(`the ${what} is empty`, "name one");
  if (length > most) throw usage(`the ${what} has ${length} bytes, at most ${most} are allowed`, "make it shorter");
  if (/[\u0000-\u001f\u007f]/.test(text)) throw usage(`the ${what} holds control characters`, "leave them out");
}

const usage = (message: string, hint: string) => new MusterError("USAGE", message, { errno: "EINVAL", hint });
