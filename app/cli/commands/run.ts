/** `daemons run`: any command as a daemon. */
import { resolve } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import { type Call, writeText } from "../context.ts";
import { openSession, origin, writeDocument } from "../session.ts";

const SETTLE_SECONDS = 0.2;

export async function runDaemon(call: Call): Promise<number> {
  const { options, words } = call.invocation;
  const session = await openSession(call);
  if (session.isReadOnly) throw new MusterError("READ_ONLY", "muster runs read-only: nothing is started");
  if (session.root !== null)
    throw new MusterError("UNSUPPORTED", "with --root nothing is changed, so nothing is started");
  const preserveCwd = options.has("preserve-cwd");
  const given = options.text("pid-file") ?? "";
  const pidFile = preserveCwd ? resolve(given) : given;
  const { runCommand } = await import("#core/daemon/run-command.ts");
  const { pid } = await runCommand({
    pidFile,
    user: options.text("user"),
    group: options.text("group"),
    preserveCwd,
    settleSeconds: options.number("settle") ?? SETTLE_SECONDS,
    argv: words,
    variables: call.variables,
    procRoot: session.environment.procRoot,
    clock: call.clock,
    stderr: "null",
  });
  if (call.isJson) await writeDocument(call, plainDocument("DaemonRun", origin(session), { pid, pidFile }));
  else if (!call.isQuiet) await writeText(call, `runs as process ${pid}\n`);
  return 0;
}
