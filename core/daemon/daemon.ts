/**
 * LibUCW's daemon helpers for programs written in TypeScript. (seed: LibUCW, "Daemonization")
 *
 * A JavaScript process cannot fork. Where LibUCW forks, the program is started a second time with the lock in its hands:
 *
 *     launcher                                    daemon (the same program again)
 *     daemonInit: ids, lock, "(starting)"
 *     daemonRun: starts the daemon ------------>  daemonInit: takes over the lock
 *                                                 ... its own initialization ...
 *     writes the daemon's pid  <-- ready -------  daemonRun: waits
 *     returns                  --- go ---------->  body(); daemonExit: empties the pid file
 *
 * What must happen once belongs behind `if (daemon.role !== "launcher")`. If the launcher dies before it wrote the pid,
 * the daemon ends without running its body.
 */
import { isAbsolute } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { Fd, pipe, readSome, setCloseOnExec, statFd, writeAll } from "#ffi/fd.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import { type Credentials, resolveCredentials } from "./accounts.ts";
import { openPidFile } from "./pid-file.ts";
import { clearPid, lockPidFile, type PidFileMode, writePid } from "./pid-lock.ts";
import { spawnProgram } from "./program.ts";

export interface DaemonParams {
  /** Absolute unless preserveCwd; null: no pid file, hence no control. */
  readonly pidFile: string | null;
  /** As the umask has it, unless it is nobody else's to read. */
  readonly pidFileMode?: PidFileMode;
  /** Name or `#id`; null: as it is. */
  readonly runAsUser: string | null;
  readonly runAsGroup: string | null;
  /** DAEMON_FLAG_PRESERVE_CWD: no chdir("/"). */
  readonly preserveCwd: boolean;
  /** DAEMON_FLAG_SIMULATE: only resolve ids; daemonRun() calls the body here and now. */
  readonly simulate: boolean;
  /** How to start this program again. */
  readonly argv: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

export interface Daemon {
  readonly role: "launcher" | "daemon" | "simulated";
  readonly params: DaemonParams;
  readonly credentials: Credentials | null;
  /** The locked pid file. */
  readonly lock: Fd | null;
  /** Only in the daemon: its ends of the two pipes. */
  readonly handover: { readonly ready: Fd; readonly go: Fd } | null;
}

/** Says "pid file, ready, go" to the program's second start. */
const HANDOVER_VARIABLE = "MUSTER_DAEMON_HANDOVER";
const HANDOVER = { lock: 211, ready: 212, go: 213 };

/** Whether this process is the daemon, started by its launcher. */
export function isSecondStart(variables: Readonly<Record<string, string>>): boolean {
  return variables[HANDOVER_VARIABLE] !== undefined;
}

/** What the daemon's own programs are to get: none of them is the daemon's second start. */
export function withoutHandover(variables: Readonly<Record<string, string>>): Record<string, string> {
  const { [HANDOVER_VARIABLE]: _handover, ...others } = variables;
  return others;
}

/** Throws USAGE, NOT_FOUND (ids), LOCK_HELD (runs already), SysError (pid file). */
export function daemonInit(params: DaemonParams): Daemon {
  const handover = params.variables[HANDOVER_VARIABLE];
  if (handover !== undefined) return takeOver(params);
  const self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const credentials = resolveCredentials(params.runAsUser, params.runAsGroup, self);
  if (params.simulate) return { role: "simulated", params, credentials, lock: null, handover: null };
  const { pidFile } = params;
  if (pidFile !== null && !params.preserveCwd && !isAbsolute(pidFile)) {
    throw new MusterError("USAGE", `the path of the pid file must be absolute: ${pidFile}`, { target: pidFile });
  }
  const lock = pidFile === null ? null : lockPidFile(pidFile, params.pidFileMode);
  return { role: "launcher", params, credentials, lock, handover: null };
}

function takeOver(params: DaemonParams): Daemon {
  const ready = Fd.adopt(HANDOVER.ready, "ready pipe");
  const go = Fd.adopt(HANDOVER.go, "go pipe");
  const lock = params.pidFile === null ? null : Fd.adopt(HANDOVER.lock, params.pidFile);
  if (lock && params.pidFile !== null) proveSameFile(lock, params.pidFile);
  for (const fd of [ready, go, lock]) if (fd) setCloseOnExec(fd, true);
  return { role: "daemon", params, credentials: null, lock, handover: { ready, go } };
}

/** The variable may have come from anywhere: the descriptor must really be this daemon's pid file. */
function proveSameFile(lock: Fd, pidFile: string): void {
  using named = openPidFile(pidFile);
  const a = statFd(lock);
  const b = named && statFd(named);
  if (b && a.inode === b.inode && a.device === b.device) return;
  throw new MusterError("USAGE", `${HANDOVER_VARIABLE} is set, but descriptor ${HANDOVER.lock} is not ${pidFile}`, {
    target: pidFile,
    hint: `unset ${HANDOVER_VARIABLE}`,
  });
}

/**
 * In the launcher: returns the daemon's pid once it is ready and its pid is written. In the daemon: runs the body, then
 * daemonExit(); never returns. Throws START_FAILED if the daemon ends before it is ready.
 */
export async function daemonRun(daemon: Daemon, body: () => void | Promise<void>): Promise<number | null> {
  if (daemon.role === "simulated") {
    await body();
    return null;
  }
  if (daemon.role === "launcher") return launch(daemon);
  awaitGo(daemon);
  await body();
  return daemonExit(daemon);
}

function awaitGo({ handover }: Daemon): void {
  if (!handover) return;
  const { ready, go } = handover;
  writeAll(ready, Buffer.from("R"));
  ready.close();
  const answer = readSome(go, 1);
  go.close();
  if (answer.length === 0) process.exit(1);
}

function launch({ params, credentials, lock }: Daemon): number {
  const ready = pipe();
  const go = pipe();
  using readyRead = ready.read;
  using readyWrite = ready.write;
  using goRead = go.read;
  using goWrite = go.write;
  const inherit = [
    { fd: readyWrite, as: HANDOVER.ready },
    { fd: goRead, as: HANDOVER.go },
    ...(lock ? [{ fd: lock, as: HANDOVER.lock }] : []),
  ];
  using child = spawnProgram({
    argv: params.argv,
    env: { ...params.variables, [HANDOVER_VARIABLE]: "1" },
    cwd: params.preserveCwd ? null : "/",
    credentials,
    newSession: true,
    umask: 0o022,
    output: "null",
    stderr: "inherit",
    inherit,
  });
  // Now only the daemon can write to the one pipe, and its end shows as end of file.
  readyWrite.close();
  if (readSome(readyRead, 1).length === 0) {
    child.pidfd.waitSync(-1);
    const status = child.pidfd.reap();
    if (lock) clearPid(lock);
    lock?.close();
    const how = status === null ? "ended" : describeWaitStatus(status);
    throw new MusterError("START_FAILED", `the daemon ended before it was ready: ${how}`, { target: params.pidFile });
  }
  if (lock) writePid(lock, child.pid);
  writeAll(goWrite, Buffer.from("g"));
  lock?.close();
  return child.pid;
}

/** daemon_exit(): empties the pid file, gives the lock back and ends the process. */
export function daemonExit(daemon: Daemon, exitCode = 0): never {
  if (daemon.role === "daemon" && daemon.lock) {
    clearPid(daemon.lock);
    daemon.lock.close();
  }
  process.exit(exitCode);
}
