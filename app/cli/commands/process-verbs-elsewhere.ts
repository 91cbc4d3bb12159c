/**
 * Processes of another server of pmdaRoot: pmdaRootProcessStart, -Wait and -Terminate. What is told of them has the form of
 * every action. A pid is all that the protocol knows of a process, and pmdaroot(1) kills whatever has it: only what is a child
 * of that server at this moment is ever named to it.
 */
import { ACTIONS, type ActionId, type ActionSpec } from "#core/act/actions.ts";
import { gate } from "#core/act/gate.ts";
import { newProcessId } from "#core/act/new-subjects.ts";
import type { ActionReport, ActionResult, Answer } from "#core/act/request.ts";
import { delay } from "#core/model/clock.ts";
import { errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { makeIdentity } from "#core/model/id.ts";
import { visible } from "#core/output/text.ts";
import type { RootClient } from "#core/pmdaroot/client.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import { confirm, needsConfirmation, requireSomeoneToAsk } from "../confirm.ts";
import { type Call, fail } from "../context.ts";
import { watchInterrupts } from "../interrupt.ts";
import { usage } from "../option-values.ts";
import { errorOf, isGood, newRequestId, tellReport } from "../requests.ts";
import { configWarnings, openSoundSession, type Session } from "../session.ts";
import { LONGEST_TIMER_MS } from "../system-clock.ts";
import { partial } from "../targets.ts";
import { connectTo, socketOf } from "./other-server.ts";
import { exitCodeOf, lineOfEnd, lineOfStart } from "./process-verbs.ts";

/** Between two questions: nothing tells of an end by itself. */
const ASK_EVERY_MS = 50;

interface Done {
  readonly message: string;
  readonly answer: Answer;
}

type Task = {
  readonly pid: number | null;
  readonly label: string;
  readonly text: string;
  readonly run: () => Promise<Done>;
};

export async function startElsewhere(call: Call, label: string, command: string): Promise<number> {
  return onServer(call, "process.start", lineOfStart, ({ client }) => [
    {
      pid: null,
      label,
      text: `start ${label}: ${command}`,
      run: async () => {
        // Without pipes: they would end with this command.
        const { pid } = await client().processStart(label, command, "SOCKET");
        return { message: `${label} runs as process ${pid}`, answer: { pid, label } };
      },
    },
  ]);
}

export async function terminateElsewhere(call: Call): Promise<number> {
  const pids = pidsOf(call);
  return onServer(call, "process.terminate", null, ({ client, session }) =>
    pids.map((pid) => ({
      pid,
      label: String(pid),
      text: `have SIGKILL sent to process ${pid}`,
      run: async () => {
        using child = childOf(client().server.pid, pid, session.environment.procRoot);
        await client().processTerminate(pid);
        return { message: `SIGKILL was sent to process ${pid}`, answer: { pid, identity: child.identity } };
      },
    })),
  );
}

export async function waitElsewhere(call: Call): Promise<number> {
  const pids = call.invocation.words.length === 0 ? [null] : pidsOf(call);
  const seconds = call.invocation.options.number("timeout");
  const deadline = new AbortController();
  const cancel =
    seconds === null
      ? () => {}
      : call.clock.setTimer(Math.min(seconds * 1000, LONGEST_TIMER_MS), () => deadline.abort());
  const interrupts = watchInterrupts(call);
  const signal = AbortSignal.any([deadline.signal, interrupts.signal]);
  const stopped = () => {
    if (deadline.signal.aborted)
      return new MusterError("TIMED_OUT", `none has ended within ${seconds} s`, {
        hint: "give a longer --timeout, or none",
      });
    return new MusterError(
      interrupts.received() === "SIGTERM" ? "INTERRUPTED" : "CANCELLED",
      "it is no longer waited for",
    );
  };
  try {
    return await onServer(call, "process.wait", lineOfEnd, ({ client }) =>
      pids.map((pid) => ({
        pid,
        label: pid === null ? "any process" : String(pid),
        text: `wait for the end of ${pid === null ? "any process" : `process ${pid}`}`,
        run: () => endOf(call, client(), pid, signal, stopped),
      })),
    );
  } finally {
    cancel();
    interrupts.stop();
  }
}

async function endOf(
  call: Call,
  client: RootClient,
  pid: number | null,
  signal: AbortSignal,
  stopped: () => MusterError,
): Promise<Done> {
  for (;;) {
    const ended = pid === null ? await client.processWait() : await client.processWaitFor(pid);
    if (ended === null) throw nothingLeft(pid);
    if (ended !== "running") {
      const text = describeWaitStatus(ended.status);
      return {
        message: `process ${ended.pid} has ended: ${text}`,
        answer: { pid: ended.pid, status: ended.status, text },
      };
    }
    if (signal.aborted) throw stopped();
    await delay(call.clock, ASK_EVERY_MS, signal);
    if (signal.aborted) throw stopped();
  }
}

function nothingLeft(pid: number | null): MusterError {
  const what = pid === null ? "no process" : `nothing of process ${pid}`;
  return new MusterError("NOT_FOUND", `the server has ${what} left to tell`, {
    ...(pid === null ? {} : { target: String(pid) }),
    errno: "ECHILD",
    hint: "it tells each end once; those whose starter is still connected it tells to him alone",
  });
}

/** Its pid can be given to another only once the server has collected it. Throws where it is none of the server's. */
function childOf(server: number, pid: number, procRoot: string): Disposable & { readonly identity: string } {
  const pidfd = PidFd.open(pid);
  const stat = readProcessStat(procRoot, pid);
  if (pidfd !== null && stat !== null && stat.parentPid === server && pidfd.isAlive()) {
    return { identity: makeIdentity(pid, stat.startTicks), [Symbol.dispose]: () => pidfd.close() };
  }
  pidfd?.close();
  const reason = pidfd === null || stat === null ? "does not exist" : "is no child of the server, or has ended";
  throw new MusterError("NOT_FOUND", `process ${pid} ${reason}: nothing was sent`, {
    target: String(pid),
    errno: pidfd === null ? "ESRCH" : "EPERM",
  });
}

function pidsOf({ invocation: { words, command } }: Call): number[] {
  return [...new Set(words)].map((word) => {
    const pid = /^[0-9]{1,10}$/.test(word) ? Number(word) : 0;
    if (pid > 0 && pid <= 0x7fff_ffff) return pid;
    throw usage(`with --socket ${command.name} takes pids, not '${word}'`, word);
  });
}

interface Elsewhere {
  readonly session: Session;
  readonly client: () => RootClient;
}

async function onServer(
  call: Call,
  action: ActionId,
  lineOf: ((result: ActionResult) => string) | null,
  tasksOf: (elsewhere: Elsewhere) => readonly Task[],
): Promise<number> {
  const spec: ActionSpec = ACTIONS[action];
  requireSomeoneToAsk(spec, call);
  const session = await openSoundSession(call);
  const closed = gate(spec.effect, spec.title, {
    isReadOnly: session.isReadOnly,
    isForeignRoot: session.root !== null,
  });
  if (closed) throw closed;
  const isDryRun = call.invocation.options.has("dry-run");
  using connected = await connectTo(call, socketOf(call) ?? "");
  const tasks = tasksOf({ session, client: () => connected });
  if (needsConfirmation(spec, call)) {
    confirm(
      spec,
      tasks.map(({ label }) => ({ target: { id: label }, label, item: null })),
    );
  }
  const results: ActionResult[] = [];
  for (const task of tasks) results.push(await resultOf(task, session, isDryRun));
  const report: ActionReport = { action, dryRun: isDryRun, requestId: newRequestId(call), results, warnings: [] };
  const plain = ({ outcome, message }: ActionResult) => `${outcome}: ${message}`;
  const said = isDryRun || lineOf === null ? plain : lineOf;
  await tellReport(session, report, configWarnings(session.config), (result) => `${visible(said(result))}\n`);
  const errors = results.filter((result) => !isGood(result)).map(errorOf);
  if (errors.length > 0) return fail(call, partial(errors, results.length));
  return call.invocation.options.has("exit-code") && !isDryRun ? exitCodeOf(results[0]) : 0;
}

async function resultOf({ pid, label, text, run }: Task, session: Session, isDryRun: boolean): Promise<ActionResult> {
  const { environment, call } = session;
  const startMs = call.clock.nowMs();
  const id = newProcessId(environment.node, pid === null ? label : String(pid));
  const result = (
    outcome: ActionResult["outcome"],
    message: string,
    error: MusterError | null,
    answer: Answer | null,
  ): ActionResult => ({
    id,
    outcome,
    plan: [{ op: "run", text }],
    before: null,
    after: null,
    elapsedMs: Math.round(call.clock.nowMs() - startMs),
    undo: null,
    message,
    answer,
    error: error && errorRecord(error, id),
  });
  if (isDryRun) return result("unchanged", `would ${text}`, null, null);
  try {
    const { message, answer } = await run();
    return result("done", message, null, answer);
  } catch (thrown) {
    const error = toMusterError(thrown, id);
    return result("failed", error.message, error, null);
  }
}
