/**
 * Daemonizes any program under the control protocol, in the order of LibUCW's daemon_run(): lock and "(starting)", then in
 * the child setsid, standard streams, umask, ids and working directory; the pid is written before the program begins, and
 * if this process dies first, the program never begins.
 *
 * The program inherits the locked descriptor: the lock lives exactly as long as the program or a child that kept it.
 */
import { isAbsolute } from "node:path";
import type { Clock } from "#core/model/clock.ts";
import { MusterError } from "#core/model/error.ts";
import { type Fd, statFd } from "#ffi/fd.ts";
import { holdsLock } from "#ffi/procfs.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import type { Child } from "#ffi/spawn.ts";
import { type Credentials, resolveCredentials } from "./accounts.ts";
import { waitWithDeadline } from "./deadline.ts";
import { clearPid, lockPidFile, writePid } from "./pid-lock.ts";
import { cannotRun, spawnProgram } from "./program.ts";

export interface RunOptions {
  readonly pidFile: string;
  /** Name or `#id`; null: as it is. */
  readonly user: string | null;
  readonly group: string | null;
  /** No chdir("/"); lifts the rule that the pid file's path is absolute. */
  readonly preserveCwd: boolean;
  /** Where the program runs if not in "/"; not with preserveCwd. */
  readonly directory?: string;
  /** How long the program must live to count as started. */
  readonly settleSeconds: number;
  readonly argv: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly procRoot: string;
  readonly clock: Clock;
  /** Standard error of the program; the other streams are /dev/null. */
  readonly stderr: "inherit" | "null";
}

/** High enough not to be in the way of descriptors that scripts number themselves. */
const LOCK_DESCRIPTOR = 211;

/**
 * Resolves when the program runs, has its pid in the file and holds the lock. Throws LOCK_HELD, START_FAILED, ...
 * The program is a child of this process until this process ends: who stays has to collect it (PidFd.reap).
 */
export async function runCommand(options: RunOptions): Promise<{ readonly pid: number }> {
  const { pidFile, preserveCwd } = options;
  if (!preserveCwd && !isAbsolute(pidFile)) {
    throw new MusterError("USAGE", `the path of the pid file must be absolute: ${pidFile}`, {
      target: pidFile,
      hint: "give the whole path, or --preserve-cwd",
    });
  }
  const self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const credentials = resolveCredentials(options.user, options.group, self);
  using lock = lockPidFile(pidFile);
  try {
    return await begin(options, credentials, lock);
  } catch (thrown) {
    // Only an emptied file says "not running"; what is left otherwise would count as a crash.
    clearPid(lock);
    throw thrown;
  }
}

async function begin(options: RunOptions, credentials: Credentials | null, lock: Fd): Promise<{ pid: number }> {
  const name = options.argv[0] ?? "";
  using child = spawnProgram({
    argv: options.argv,
    env: options.variables,
    cwd: options.preserveCwd ? null : (options.directory ?? "/"),
    credentials,
    newSession: true,
    umask: 0o022,
    output: "null",
    stderr: options.stderr,
    inherit: [{ fd: lock, as: LOCK_DESCRIPTOR }],
    gate: true,
  });
  writePid(lock, child.pid);
  child.release();
  try {
    child.execed();
  } catch (thrown) {
    throw cannotRun(name, thrown);
  }
  await settle(name, child, lock, options);
  return { pid: child.pid };
}

/** A program that ends at once, or closes the descriptor that holds the lock, has not become a daemon. */
async function settle(name: string, child: Child, lock: Fd, options: RunOptions): Promise<void> {
  const { pidfd } = child;
  const hasEnded = await waitWithDeadline(options.clock, options.settleSeconds, undefined, (signal) =>
    pidfd.exited(signal),
  );
  if (hasEnded) {
    const status = pidfd.reap();
    const how = status === null ? "ended" : describeWaitStatus(status);
    throw new MusterError("START_FAILED", `${name} ended at once: ${how}`, {
      target: options.pidFile,
      hint: "a program that goes into the background by itself must be told to stay in the foreground",
    });
  }
  const { device, inode } = statFd(lock);
  if (holdsLock(options.procRoot, child.pid, device, inode) !== false) return;
  pidfd.sendSignal(15);
  throw new MusterError(
    "START_FAILED",
    `${name} closed descriptor ${LOCK_DESCRIPTOR}, which holds the lock of its pid file`,
    {
      target: options.pidFile,
      hint: "it was told to end again; start it through a shell that stays: sh -c 'PROGRAM & wait'",
    },
  );
}
