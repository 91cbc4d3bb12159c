/**
 * `members run CATEGORY -- CMD`: the command is a member before its first instruction. Without --detach muster stays in
 * front of it like a shell: signals go on to it, and its exit code is ours.
 */
import { constants } from "node:os";
import type { ActionId } from "#core/act/actions.ts";
import { newMemberId } from "#core/act/new-subjects.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import { fromRecord, MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import type { RunningMember } from "#core/psm/regself.ts";
import type { Service } from "#core/service/service.ts";
import { type Call, tell, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { requestId } from "../request-id.ts";
import { openSession, origin, refuseProblems, type Session, withService, writeDocument } from "../session.ts";
import { isTerminal } from "../stdio.ts";

/** What a shell passes on to the command in front. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
type Signal = (typeof PASSED_ON)[number];
const FROM_TERMINAL: ReadonlySet<Signal> = new Set(["SIGINT", "SIGQUIT"]);

export async function runMember(call: Call): Promise<number> {
  const { options, words, behind } = call.invocation;
  const [category = ""] = words;
  const argv = behind ?? [];
  const session = await openSession(call);
  refuseProblems(session);
  if (session.isReadOnly) throw new MusterError("READ_ONLY", "muster runs read-only: nothing is started");
  if (session.root !== null) {
    throw new MusterError("UNSUPPORTED", "with --root nothing is changed, so nothing is started");
  }
  const file = programOf(argv[0] ?? "", call.variables);
  const isDetached = options.has("detach");
  if (call.isJson && !isDetached) {
    throw usage("members run needs --detach with --json", "--detach", "standard output is the command's own");
  }
  const begin = (service: Service) => start(session, service, { category, file, argv });
  // From before it runs: a signal that came in between would end us and leave it behind.
  using relay = isDetached ? null : relaySignals();
  const member = await withService(session, "once", begin, { needsLasting: true });
  if (relay) return await relay.follow(member);
  if (call.isJson) {
    await writeDocument(call, plainDocument("MemberRun", origin(session), { category, pid: member.pid }));
  } else if (!call.isQuiet) await writeText(call, `runs as process ${member.pid} in ${category}\n`);
  return 0;
}

interface Program {
  readonly category: string;
  readonly file: string;
  readonly argv: readonly string[];
}

async function start(session: Session, service: Service, { category, file, argv }: Program): Promise<RunningMember> {
  const { call } = session;
  const { runMember: runRegistered } = await import("#core/psm/regself.ts");
  const act = async (action: ActionId, pid: number, args: ActionRequest["arguments"]) => {
    const report = await service.invoke({
      action,
      targets: [{ id: newMemberId(service.node, category, pid) }],
      arguments: args,
      dryRun: false,
      requestId: requestId(call.clock.wallMs(), (bytes) => crypto.getRandomValues(bytes)),
      via: "cli",
    });
    for (const { message } of report.warnings) tell(call, `muster: ${message}`);
    throwUnlessGood(report.results[0]);
  };
  return runRegistered({
    category,
    file,
    argv,
    env: call.variables,
    isDetached: call.invocation.options.has("detach"),
    register: (_, pid, text) => act("member.add", pid, text === null ? {} : { argv: text }),
    unregister: (_, pid) => act("member.remove", pid, {}),
  });
}

function throwUnlessGood(result: ActionResult | undefined): void {
  if (!result || result.outcome === "done" || result.outcome === "unchanged") return;
  throw result.error ? fromRecord(result.error) : new MusterError("SYSTEM", result.message);
}

/** execve(2) does not search; a name without a slash is looked for as execvp(3) does. */
function programOf(name: string, variables: Readonly<Record<string, string>>): string {
  if (name.includes("/")) return name;
  const path = Bun.which(name, { PATH: variables.PATH ?? "/usr/bin:/bin" });
  if (path !== null) return path;
  throw new MusterError("NOT_FOUND", `${name}: no such program`, { target: name, errno: "ENOENT" });
}

interface Relay extends Disposable {
  /** The exit code of the command: 128 and the signal where one killed it, as shells say it. */
  follow(member: RunningMember): Promise<number>;
}

/** Takes signals from now on; those that come before there is a command wait for it. */
function relaySignals(): Relay {
  let member: RunningMember | null = null;
  const waiting: Signal[] = [];
  const take = (name: Signal) => {
    // What the terminal sends it sends to the whole group: the command has it already.
    if (FROM_TERMINAL.has(name) && isTerminal(0)) return;
    if (member) member.signal(constants.signals[name]);
    else waiting.push(name);
  };
  const handlers = PASSED_ON.map((name) => [name, () => take(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    async follow(started) {
      member = started;
      for (const name of waiting) take(name);
      const status = await started.ended();
      const signal = status & 0x7f;
      return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
    },
    [Symbol.dispose]() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
