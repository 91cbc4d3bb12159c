/** The programs muster is compared with: found on PATH, or installed by npm where that was asked for. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { type Command, environment, run } from "./command.ts";

/** Absolute path; null, with a word about how to get it, if it is not there. */
export function findPeer(bench: Bench, name: string, how: string): string | null {
  const path = Bun.which(name);
  if (path === null) bench.missing(name, how);
  return path;
}

/** pm2 with its daemon and one process under it; the command that lists it. */
export function startPm2(bench: Bench): Command | null {
  const pm2 = Bun.which("pm2") ?? installPm2(bench);
  if (pm2 === null) {
    bench.missing("pm2", "npm install --global pm2, or bench --install-peers");
    return null;
  }
  const directory = bench.keeper.directory();
  const script = join(directory, "wait.sh");
  writeFileSync(script, "#!/bin/sh\nexec sleep infinity\n", { mode: 0o755 });
  const variables = { PM2_HOME: join(directory, "home") };
  // Before the start, because a start that fails halfway leaves its daemon behind too.
  bench.keeper.defer(() => run({ argv: [pm2, "kill"], variables }));
  must({ argv: [pm2, "start", script, "--name", "bench"], variables });
  return { argv: [pm2, "jlist"], variables };
}

function installPm2(bench: Bench): string | null {
  if (!bench.settings.installsPeers) return null;
  const prefix = bench.keeper.directory();
  must({ argv: ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", prefix, "pm2"] });
  return join(prefix, "node_modules/.bin/pm2");
}

/** supervisord with one program; the command that lists it. */
export async function startSupervisor(bench: Bench): Promise<Command | null> {
  const how = "apt-get install supervisor";
  const supervisord = findPeer(bench, "supervisord", how);
  const supervisorctl = findPeer(bench, "supervisorctl", how);
  if (supervisord === null || supervisorctl === null) return null;
  const directory = bench.keeper.directory();
  const config = join(directory, "supervisord.conf");
  const socket = join(directory, "socket");
  writeFileSync(config, supervisorConfig(directory, socket));
  const argv = [supervisord, "--nodaemon", "--configuration", config];
  const child = Bun.spawn(argv, { env: environment(), stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  bench.keeper.defer(() => child.kill("SIGTERM"));
  await said(child.stdout, "entered RUNNING state");
  return { argv: [supervisorctl, "--configuration", config, "status"] };
}

const supervisorConfig = (directory: string, socket: string) => `[supervisord]
directory=${directory}
logfile=/dev/null
logfile_maxbytes=0
pidfile=${join(directory, "supervisord.pid")}
[unix_http_server]
file=${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
[program:bench]
command=sleep infinity
`;

/** The stream is read on to its end: a program that cannot write its log is not the one that was to be measured. */
function said(stream: ReadableStream<Uint8Array>, words: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const follow = async () => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of stream) {
      text = (text + decoder.decode(chunk, { stream: true })).slice(-10_000);
      if (text.includes(words)) resolve();
    }
    reject(new Error(`ended before it said "${words}": ${text}`));
  };
  follow().catch(reject);
  return promise;
}

function must(command: Command): void {
  const { exitCode, stderr } = run(command);
  if (exitCode !== 0) throw new Error(`${command.argv.join(" ")}: exit ${exitCode}: ${stderr.toString().trim()}`);
}
