/**
 * The pid file of LibUCW's protocol: what its bytes mean, and how to look at it without harm.
 *
 *     absent | "" | "(starting)\n" | "812\n" | anything else      x      locked or not by flock(2)
 *
 * A name may lead to a FIFO, a directory or a device: nothing but a regular file is ever read, and opening never blocks.
 */
import { dirname, isAbsolute } from "node:path";
import { ERRNO } from "#ffi/errno-names.ts";
import { Fd, OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { tryLock, unlock } from "#ffi/flock.ts";
import { readLink } from "#ffi/read-link.ts";
import { SysError } from "#ffi/sys-error.ts";

/** LibUCW reads 16 bytes and takes a full buffer for "too long". */
export const LONGEST = 15;
export const STARTING = "(starting)\n";

export type PidFileContent =
  | { readonly phase: "empty" }
  | { readonly phase: "starting" }
  | { readonly phase: "pid"; readonly pid: number }
  | { readonly phase: "invalid"; readonly reason: string };

/** Which file it is, for comparison with locks and with what stands under the name later. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
}

export interface PidFileReading extends FileIdentity {
  readonly content: PidFileContent;
  readonly isLocked: boolean;
  readonly modifiedMs: number;
}

/** Strictly a decimal number from 1 to 2^31-1 and a newline: 0 and negative numbers would be groups of processes to kill(2). */
export function parsePidFile(bytes: Uint8Array): PidFileContent {
  if (bytes.length === 0) return { phase: "empty" };
  if (bytes.length > LONGEST) return { phase: "invalid", reason: "is too long" };
  const text = Buffer.from(bytes).toString("latin1");
  if (text === STARTING) return { phase: "starting" };
  if (!/^[0-9]+\n$/.test(text)) return { phase: "invalid", reason: "does not contain a valid pid" };
  const pid = Number(text.slice(0, -1));
  if (pid === 0 || pid > 0x7fffffff) return { phase: "invalid", reason: `contains ${pid}, which is no process` };
  return { phase: "pid", pid };
}

/**
 * Opens for reading; null if there is none. Throws SysError, EISDIR or EINVAL for what is not a regular file, ELOOP for a
 * link of another user's: whose directory it stands in could name any daemon's pid file as this one's, to be signalled.
 */
export function openPidFile(path: string): Fd | null {
  let fd: Fd;
  try {
    fd = openNamed(path);
  } catch (thrown) {
    if (thrown instanceof SysError && (thrown.errnoName === "ENOENT" || thrown.errnoName === "ENOTDIR")) return null;
    throw thrown;
  }
  const stat = statFd(fd);
  if (stat.isFile) return fd;
  fd.close();
  throw new SysError(stat.isDirectory ? ERRNO.EISDIR : ERRNO.EINVAL, "read", path);
}

const LOOK = OPEN.READ_ONLY | OPEN.NOFOLLOW | OPEN.NONBLOCK | OPEN.NOCTTY;

function openNamed(path: string): Fd {
  try {
    return openFd(path, LOOK);
  } catch (thrown) {
    if (thrown instanceof SysError && thrown.errnoName === "ELOOP") return openLinked(path);
    throw thrown;
  }
}

/** One link of root's or ours is followed. It is held while it is judged, so that it cannot be put in another's place. */
function openLinked(path: string): Fd {
  using link = openFd(path, OPEN.PATH | OPEN.NOFOLLOW);
  const { uid } = statFd(link);
  if (uid !== 0 && uid !== process.geteuid?.())
    throw new SysError(ERRNO.ELOOP, "open", `${path}, a link of uid ${uid}`);
  const target = readLink(link);
  const fd = openFd(isAbsolute(target) ? target : `${dirname(path)}/${target}`, LOOK);
  return Fd.adopt(fd.release(), path);
}

/**
 * Content and lock, taken together. The lock is asked for by a shared lock that is given back at once: the kernel has no
 * question without taking for flock(2), and /proc/locks stalls the whole machine for milliseconds each time it is read.
 */
export function readPidFile(fd: Fd): PidFileReading {
  for (let round = 0; ; round++) {
    const before = readAt(fd, LONGEST + 1, 0);
    const isLocked = isHeld(fd);
    const after = readAt(fd, LONGEST + 1, 0);
    const content = parsePidFile(after);
    // The bytes count only if they were the same on both sides of the look at the lock, and a daemon that overwrites
    // "(starting)" with its pid leaves a mixture for an instant. What stays so after a few rounds is taken as it is.
    const isMoving = Buffer.compare(before, after) !== 0 || (isLocked && content.phase === "invalid");
    if (isMoving && round < 8) continue;
    const { device, inode, modifiedMs } = statFd(fd);
    return { content, isLocked, device, inode, modifiedMs };
  }
}

function isHeld(fd: Fd): boolean {
  if (!tryLock(fd, "shared")) return true;
  unlock(fd);
  return false;
}

/** Whether the open file is still the one under its name: an old daemon may have unlinked it meanwhile. */
export function isCurrent(fd: Fd): boolean {
  const held = statFd(fd);
  let named: Fd | null;
  try {
    named = openPidFile(fd.path);
  } catch {
    return false;
  }
  if (!named) return false;
  using now = named;
  const stat = statFd(now);
  return stat.inode === held.inode && stat.device === held.device;
}
