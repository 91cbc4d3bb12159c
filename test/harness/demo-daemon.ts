/** A daemon written with core/daemon, for the tests: demo-daemon.ts PID_FILE OUTPUT_FILE [die-early|simulate|no-ready]. */
import { appendFileSync } from "node:fs";
import { daemonExit, daemonInit, daemonRun } from "#core/daemon/daemon.ts";

const [pidFile = "", output = "", mode = ""] = process.argv.slice(2);

async function main(): Promise<void> {
  const daemon = daemonInit({
    pidFile,
    runAsUser: null,
    runAsGroup: null,
    preserveCwd: false,
    simulate: mode === "simulate",
    argv: [process.execPath, ...process.argv.slice(1)],
    variables: process.env as Record<string, string>,
  });
  if (daemon.role === "daemon" && mode === "die-early") process.exit(7);
  if (daemon.role === "daemon") process.on("SIGTERM", () => daemonExit(daemon));
  const pid = await daemonRun(daemon, () => {
    appendFileSync(output, `body ${process.pid} ${process.cwd()} ${process.umask().toString(8)}\n`);
    if (mode === "simulate") return;
    return new Promise<void>((resolve) => setTimeout(resolve, 60_000));
  });
  process.stdout.write(`launched ${pid}\n`);
}

main().catch((thrown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exit(1);
});
