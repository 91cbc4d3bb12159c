/**
 * What can be seen of one daemon without the guard lock and without disturbing it: its pid file, the lock, the process.
 * Nothing is concluded here; state.ts does that.
 */
import { errnoName } from "#core/model/error.ts";
import { type Identity, makeIdentity } from "#core/model/id.ts";
import { type Fd, readAt, statFd } from "#ffi/fd.ts";
import { clockTicksPerSecond, hasEnded, holdsLock, lockHolders, pageSize, readProcessStat } from "#ffi/procfs.ts";
import { type FileIdentity, LONGEST, openPidFile, type PidFileContent, parsePidFile, readPidFile } from "./pid-file.ts";

export interface ProcessFacts {
  readonly pid: number;
  readonly identity: Identity;
  readonly comm: string;
  /** Wall clock, milliseconds. */
  readonly startedMs: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

export interface DaemonFacts {
  readonly content:
    | PidFileContent
    | { readonly phase: "absent" }
    | { readonly phase: "unreadable"; readonly reason: string };
  /** Null if it cannot be told. */
  readonly isLocked: boolean | null;
  /** A living process with the locked descriptor; null if none can be seen. */
  readonly holder: number | null;
  /** The living process that the file names. */
  readonly process: ProcessFacts | null;
  /** The very file; null if there is none that can be read. */
  readonly file: (FileIdentity & { readonly modifiedMs: number }) | null;
}

export interface FactsOptions {
  readonly procRoot: string;
  /** When the machine started, wall clock milliseconds (bootTimeMs): asked once for a look at many. */
  readonly bootMs: number;
  /** Search all processes for the holder of a lock that the named process does not hold: /proc as a whole is read. */
  readonly searchesHolder: boolean;
}

/**
 * Never throws: what cannot be read is a fact as well. `previous` are the facts seen last: a file that was free and has
 * not been written since is not asked for its lock again, for asking takes the lock for an instant, and a daemon that
 * starts without a guard just then would fail.
 */
export function observeDaemon(pidFile: string, options: FactsOptions, previous: DaemonFacts | null): DaemonFacts {
  let fd: Fd | null;
  try {
    fd = openPidFile(pidFile);
  } catch (thrown) {
    return unreadable(thrown);
  }
  if (!fd) return { content: { phase: "absent" }, isLocked: false, holder: null, process: null, file: null };
  using open = fd;
  try {
    return observeOpen(open, options, previous);
  } catch (thrown) {
    return unreadable(thrown);
  }
}

function observeOpen(fd: Fd, options: FactsOptions, previous: DaemonFacts | null): DaemonFacts {
  const { procRoot } = options;
  const { device, inode, modifiedMs } = statFd(fd);
  const file = { device, inode, modifiedMs };
  const early = parsePidFile(readAt(fd, LONGEST + 1, 0));
  const named = early.phase === "pid" ? observeProcess(early.pid, options) : null;
  // The named process shows the lock among its descriptors: nothing need be taken to know it.
  if (named && holdsLock(procRoot, named.pid, device, inode)) {
    return { content: early, isLocked: true, holder: named.pid, process: named, file };
  }
  if (previous?.isLocked === false && previous.file && isSame(previous.file, file)) {
    return { content: early, isLocked: false, holder: null, process: named, file };
  }
  const { content, isLocked } = readPidFile(fd);
  const process = content.phase === "pid" ? observeProcess(content.pid, options) : null;
  const holder = isLocked && options.searchesHolder ? (lockHolders(procRoot, device, inode)[0] ?? null) : null;
  return { content, isLocked, holder, process, file };
}

function isSame(a: FileIdentity & { modifiedMs: number }, b: FileIdentity & { modifiedMs: number }): boolean {
  return a.inode === b.inode && a.device === b.device && a.modifiedMs === b.modifiedMs;
}

function unreadable(thrown: unknown): DaemonFacts {
  const reason = errnoName(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return { content: { phase: "unreadable", reason }, isLocked: null, holder: null, process: null, file: null };
}

/** Null for what is gone or only waits to be reaped. */
export function observeProcess(pid: number, { procRoot, bootMs }: FactsOptions): ProcessFacts | null {
  const stat = readProcessStat(procRoot, pid);
  if (!stat || hasEnded(stat)) return null;
  const ticks = clockTicksPerSecond();
  return {
    pid,
    identity: makeIdentity(pid, stat.startTicks),
    comm: stat.comm,
    startedMs: bootMs + (Number(stat.startTicks) * 1000) / ticks,
    cpuSeconds: (stat.userTicks + stat.systemTicks) / ticks,
    memoryBytes: stat.residentPages * pageSize(),
  };
}
