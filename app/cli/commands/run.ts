/** `daemons run`: any command as a daemon. */
import { fstatSync } from "node:fs";
import { resolve } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { plainDocument } from "#core/output/document.ts";
import { audited } from "../audited.ts";
import { type Call, writeText } from "../context.ts";
import { openSession, origin, tellWarnings, writeDocument } from "../session.ts";

const SETTLE_SECONDS = 0.2;

/**
 * LibUCW leaves standard error open for the daemon. A terminal or a log file is left to it; a pipe is not, for whoever
 * reads it (ssh, a script) would wait for its end as long as the daemon lives.
 */
function streamOfErrors(): "inherit" | "null" {
  const stat = fstatSync(2);
  return stat.isFIFO() || stat.isSocket() ? "null" : "inherit";
}

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
  const run = () =>
    runCommand({
      pidFile,
      user: options.text("user"),
      group: options.text("group"),
      preserveCwd,
      settleSeconds: options.number("settle") ?? SETTLE_SECONDS,
      argv: words,
      variables: call.variables,
      procRoot: session.environment.procRoot,
      clock: call.clock,
      stderr: streamOfErrors(),
    });
  const done = (value: { pid: number }) => ({ outcome: "done", message: `runs as process ${value.pid}` }) as const;
  const ran = await audited(session.environment, { action: "daemon.start", pidFile }, run, done);
  const { pid } = ran.value;
  if (ran.warning) tellWarnings(call, [ran.warning]);
  if (call.isJson) await writeDocument(call, plainDocument("DaemonRun", origin(session), { pid, pidFile }));
  else if (!call.isQuiet) await writeText(call, `runs as process ${pid}\n`);
  return 0;
}
