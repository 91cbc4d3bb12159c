/**
 * `members run CATEGORY -- CMD`: the command is a member before its first instruction. Without --detach muster stays in
 * front of it like a shell: signals go on to it, and its exit code is ours.
 */
import type { ActionId } from "#core/act/actions.ts";
import { newMemberId } from "#core/act/new-subjects.ts";
import type { ActionRequest } from "#core/act/request.ts";
import { plainDocument } from "#core/output/document.ts";
import type { Service } from "#core/service/service.ts";
import type { RunningProgram } from "#ffi/spawn-admitted.ts";
import { type Call, tell, writeText } from "../context.ts";
import { usage } from "../option-values.ts";
import { exitCodeOfStatus, mustBeStartable, programOf, relaySignals } from "../program.ts";
import { mustBeGood, requestOf } from "../requests.ts";
import { openSoundSession, origin, type Session, withService, writeDocument } from "../session.ts";

export async function runMember(call: Call): Promise<number> {
  const { options, words, behind } = call.invocation;
  const [category = ""] = words;
  const argv = behind ?? [];
  const session = await openSoundSession(call);
  mustBeStartable(session);
  const file = programOf(argv[0] ?? "", call.variables);
  const isDetached = options.has("detach");
  if (call.isJson && !isDetached) {
    throw usage("members run needs --detach with --json", "--detach", "standard output is the command's own");
  }
  const begin = (service: Service) => start(session, service, { category, file, argv });
  // From before it runs: a signal that came in between would end us and leave it behind.
  using relay = isDetached ? null : relaySignals();
  const member = await withService(session, "once", begin, { needsLasting: true, isOfAnybody: true });
  if (relay) {
    relay.passTo((signal) => member.signal(signal));
    return exitCodeOfStatus(await member.ended());
  }
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

async function start(session: Session, service: Service, { category, file, argv }: Program): Promise<RunningProgram> {
  const { call } = session;
  const { runMember: runRegistered } = await import("#core/psm/regself.ts");
  const act = async (action: ActionId, pid: number, args: ActionRequest["arguments"]) => {
    const target = { id: newMemberId(service.node, category, pid) };
    const report = await service.invoke(requestOf(call, action, target, args));
    for (const { message } of report.warnings) tell(call, `muster: ${message}`);
    mustBeGood(report.results);
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
