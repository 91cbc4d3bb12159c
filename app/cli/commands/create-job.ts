/**
 * `jobs create`: of a process that runs, or of a command, which is in its job before its first instruction. In front, with
 * --foreground, muster passes signals on to the whole job and ends as its last process did.
 */
import { fstatSync } from "node:fs";
import { resolve } from "node:path";
import { jobId, newJobId } from "#core/act/new-subjects.ts";
import type { ActionReport, ActionRequest } from "#core/act/request.ts";
import { makeIdentity } from "#core/model/id.ts";
import { canonicalJid } from "#core/model/jid.ts";
import type { Service } from "#core/service/service.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { type RunningProgram, spawnAdmitted } from "#ffi/spawn-admitted.ts";
import type { StandardDescriptor } from "#ffi/spawn-plan.ts";
import { carryOut } from "../acting.ts";
import type { Call } from "../context.ts";
import { usage } from "../option-values.ts";
import { exitCodeOfStatus, mustBeStartable, programOf, type Relay, relaySignals } from "../program.ts";
import { errorOf, isGood, mustBeGood, requestOf, tellReport } from "../requests.ts";
import { configWarnings, joinWarnings, openSoundSession, type Session, withService } from "../session.ts";
import { checkPid } from "../subjects.ts";

type Values = ActionRequest["arguments"];

export async function createJob(call: Call): Promise<number> {
  const { options, words, behind } = call.invocation;
  const [pid] = words.slice(0, words.length - (behind?.length ?? 0));
  const values: Values = {
    ...optional("jid", jidOf(options.text("jid"))),
    ...optional("user", options.text("user")),
    ...optional("command", options.text("command")),
  };
  if (behind !== null) {
    if (pid !== undefined) throw usage("jobs create takes either PID or -- CMD, not both", pid);
    return createOfCommand(call, behind, values);
  }
  if (pid === undefined) throw usage("jobs create needs PID, or -- and a command", "PID");
  if (options.has("foreground")) throw usage("--foreground goes with -- CMD", "--foreground");
  return createOfProcess(call, pid, values);
}

const optional = (name: string, value: string | null) => (value === null ? {} : { [name]: value });

function jidOf(word: string | null): string | null {
  if (word === null) return null;
  const jid = canonicalJid(word);
  if (jid !== null) return jid;
  throw usage(`'${word}' is not the id of a job`, "--jid", "a hexadecimal number such as 0x501");
}

function createOfProcess(call: Call, word: string, values: Values): Promise<number> {
  checkPid(word, "jobs create PID");
  const pid = Number(word);
  return carryOut(call, {
    action: "job.create",
    ordersOf: ({ node }) => ({
      orders: [{ subjects: [{ target: targetOf(node, pid), label: word, item: null }], values: { ...values, pid } }],
      missing: [],
    }),
    lineOf: ({ answer }) => String(answer?.jid),
  });
}

/** The process as it is now: if it is another one when the service looks, nothing is done. */
function targetOf(node: string, pid: number) {
  const ticks = pid > 0 ? processIdentityTicks("/proc", pid) : null;
  return { id: newJobId(node, pid), identity: ticks === null ? null : makeIdentity(pid, ticks) };
}

async function createOfCommand(call: Call, argv: readonly string[], values: Values): Promise<number> {
  const { options } = call.invocation;
  if (options.has("dry-run")) throw usage("--dry-run goes with PID: a command is not started to see", "--dry-run");
  const isFront = options.has("foreground");
  if (isFront && call.isJson) {
    throw usage("--foreground does not go with --json", "--foreground", "standard output is the command's own");
  }
  const session = await openSoundSession(call);
  mustBeStartable(session);
  const file = resolve(programOf(argv[0] ?? "", call.variables));
  // From before it runs: a signal that came in between would end us and leave it behind.
  using relay = isFront ? relaySignals() : null;
  const use = async (service: Service) => {
    const { report, program } = await start(session, service, { file, argv, isFront, values });
    if (relay) return follow(call, service, relay, program, String(report.results[0]?.answer?.jid));
    const warnings = joinWarnings(configWarnings(session.config), report.warnings);
    await tellReport(session, report, warnings, ({ answer }) => `${answer?.jid}\n`);
    return 0;
  };
  // Awaited: signals are relayed to the end.
  return await withService(session, "once", use, { kinds: ["jobs"], isForChange: true, needsLasting: true });
}

interface Command {
  readonly file: string;
  readonly argv: readonly string[];
  readonly isFront: boolean;
  readonly values: Values;
}

interface Started {
  readonly report: ActionReport;
  readonly program: RunningProgram;
}

/** Throws what the service refuses it with; then the command has not run. */
async function start(session: Session, service: Service, command: Command): Promise<Started> {
  const { call } = session;
  const { promise, resolve: keep } = Promise.withResolvers<ActionReport>();
  const program = await spawnAdmitted({
    file: command.file,
    argv: command.argv,
    env: call.variables,
    // In front it belongs to our terminal; else it outlives us and whoever waits for the end of our output.
    newSession: !command.isFront,
    stdio: command.isFront ? ["inherit", "inherit", "inherit"] : ["null", outputOf(1), outputOf(2)],
    admit: async (pid) => {
      // It is held in front of its execve: what it is now is us.
      const values = { command: command.argv.join(" "), ...command.values, pid };
      const report = await service.invoke(requestOf(call, "job.create", targetOf(service.node, pid), values));
      mustBeGood(report.results);
      keep(report);
    },
    // Its job has ended with it.
    expel: () => Promise.resolve(),
  });
  return { report: await promise, program };
}

/** A pipe is not handed on: whoever reads it would wait for the job instead of for us. */
function outputOf(fd: number): StandardDescriptor {
  try {
    const status = fstatSync(fd);
    return status.isFIFO() || status.isSocket() ? "null" : "inherit";
  } catch {
    return "null"; // closed
  }
}

/** Until the job has ended, not only the command. The command is our child: it is collected meanwhile. */
async function follow(
  call: Call,
  service: Service,
  relay: Relay,
  program: RunningProgram,
  jid: string,
): Promise<number> {
  const ask = (action: "job.kill" | "job.wait", values: Values) =>
    service.invoke(requestOf(call, action, { id: jobId(service.node, jid) }, values));
  relay.passTo((signal) => {
    // Without the service it goes at least to the command.
    ask("job.kill", { signal: String(signal) }).then(
      ({ results }) => {
        if (!results.every(isGood)) program.signal(signal);
      },
      () => program.signal(signal),
    );
  });
  const collected = program.ended();
  const { results } = await ask("job.wait", {});
  const [result] = results;
  if (!result || !isGood(result)) throw result ? errorOf(result) : new Error("an answer without a result");
  await collected;
  const { answer } = result;
  return typeof answer?.status === "number" ? exitCodeOfStatus(answer.status) : 1;
}
