/** Who holds and who waits for file locks: proc_locks(5), and the lock lines of /proc/PID/fdinfo. */
import { ERRNO } from "./errno-names.ts";
import { type DeviceNumber, splitDevice } from "./fd-status.ts";
import { MAXIMUM_INT } from "./memory.ts";
import { listDirectory, listPids, readProcText } from "./proc-file.ts";
import { hasEnded, isLeaderGone, readProcessStat } from "./proc-stat.ts";
import { checkInteger, SysError } from "./sys-error.ts";

export interface FileLock {
  /** `FLOCK`, `POSIX`, `OFDLCK`, `LEASE`, ... */
  readonly type: string;
  readonly access: "READ" | "WRITE";
  /** Who took it, which need not be who holds it now; -1 for open-file-description locks, 0 from outside the namespace. */
  readonly pid: number;
  readonly device: DeviceNumber;
  readonly inode: bigint;
  /** A waiter, not a holder. */
  readonly isBlocked: boolean;
}

// `1: FLOCK  ADVISORY  WRITE 4242 00:2a:123 0 EOF`; a waiter has `->` after the number.
const LINE =
  /^[0-9]+:\s+(->\s+)?([A-Z]+)\s+[A-Z]+\s+(READ|WRITE)\s+(-?[0-9]{1,10})\s+([0-9a-f]{1,8}):([0-9a-f]{1,8}):([0-9]{1,20})\s/;

/** null when the line is not one of a lock on an inode. */
export function parseLockLine(line: string): FileLock | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, arrow, type = "", access, pid, major = "", minor = "", inode = "0"] = match;
  return {
    type,
    access: access === "READ" ? "READ" : "WRITE",
    pid: Number(pid),
    device: { major: Number.parseInt(major, 16), minor: Number.parseInt(minor, 16) },
    inode: BigInt(inode),
    isBlocked: arrow !== undefined,
  };
}

/** Every lock the kernel shows this pid namespace. Outside the initial one, locks whose taker is dead are missing. */
export function readLocks(procRoot: string): readonly FileLock[] {
  const text = readProcText(`${procRoot}/locks`) ?? "";
  return text.split("\n").flatMap((line) => parseLockLine(line) ?? []);
}

/** The key of one file in `indexLocks`. */
export function lockKey(device: DeviceNumber | bigint, inode: bigint): string {
  const { major, minor } = typeof device === "bigint" ? splitDevice(device) : device;
  return `${major}:${minor}:${inode}`;
}

/** Locks by file, so that a look-up does not walk them all. */
export function indexLocks(locks: readonly FileLock[]): ReadonlyMap<string, readonly FileLock[]> {
  return Map.groupBy(locks, (lock) => lockKey(lock.device, lock.inode));
}

/** Pids that have the locked file open with the lock on it. Processes that may not be looked into are left out. */
export function lockHolders(procRoot: string, device: DeviceNumber | bigint, inode: bigint): number[] {
  return listPids(procRoot).filter((pid) => holdsLock(procRoot, pid, device, inode) === true);
}

/** Whether an open file of the process carries a lock of that inode; null when it may not be looked into. */
export function holdsLock(procRoot: string, pid: number, device: DeviceNumber | bigint, inode: bigint): boolean | null {
  checkInteger(pid, 1, MAXIMUM_INT, "read fdinfo", "pid");
  const wanted = lockKey(device, inode);
  const carries = (directory: string) =>
    (listDirectory(directory) ?? []).some((number) => carriesLock(`${directory}/${number}`, wanted));
  try {
    return carries(`${procRoot}/${pid}/fdinfo`) || (restOf(procRoot, pid)?.some(carries) ?? false);
  } catch (error) {
    if (isForbidden(error)) return null;
    throw error;
  }
}

/** Where the files of a process are seen whose first thread has ended: that one shows none any more. */
function restOf(procRoot: string, pid: number): readonly string[] | null {
  const stat = readProcessStat(procRoot, pid);
  if (stat === null || !isLeaderGone(stat) || hasEnded(stat)) return null;
  const tasks = `${procRoot}/${pid}/task`;
  return (listDirectory(tasks) ?? []).map((number) => `${tasks}/${number}/fdinfo`);
}

function carriesLock(path: string, wanted: string): boolean {
  const text = readProcText(path);
  if (text === null || !text.includes("lock:")) return false;
  return text.split("\n").some((line) => {
    const lock = line.startsWith("lock:") ? parseLockLine(`${line.slice(5).trim()} `) : null;
    return lock !== null && !lock.isBlocked && lockKey(lock.device, lock.inode) === wanted;
  });
}

function isForbidden(error: unknown): boolean {
  return error instanceof SysError && (error.errno === ERRNO.EACCES || error.errno === ERRNO.EPERM);
}
