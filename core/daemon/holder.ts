/**
 * The step between reading a pid and signalling it. The process is held by a pidfd, then everything that led to the pid
 * is looked at again: lock, content, the name of the file, and (where we may look) that this very process has the locked
 * descriptor open. Only then may the pidfd be signalled; it can never come to mean another process.
 */
import { MusterError } from "#core/model/error.ts";
import { type Identity, makeIdentity } from "#core/model/id.ts";
import type { Fd } from "#ffi/fd.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { holdsLock, processIdentityTicks } from "#ffi/procfs.ts";
import { isCurrent, type PidFileReading, readPidFile } from "./pid-file.ts";

export interface Holder {
  readonly pidfd: PidFd;
  readonly identity: Identity | null;
}

/**
 * The process that `reading` names, held and proved. Null if it has gone meanwhile.
 * Throws IDENTITY_CHANGED if it cannot be the daemon, or is not the process `expected`.
 */
export function holdProcess(
  fd: Fd,
  reading: PidFileReading,
  pid: number,
  procRoot: string,
  expected: string | null,
): Holder | null {
  const pidfd = PidFd.open(pid);
  if (!pidfd) return null;
  try {
    const ticks = processIdentityTicks(procRoot, pid);
    const again = readPidFile(fd);
    if (!pidfd.isAlive()) {
      pidfd.close();
      return null;
    }
    prove(fd, again, pid, reading, procRoot);
    const identity = ticks === null ? null : makeIdentity(pid, ticks);
    if (expected !== null && identity !== expected) {
      throw new MusterError("IDENTITY_CHANGED", `${fd.path} now names process ${identity ?? pid}, not ${expected}`, {
        target: fd.path,
        hint: "look again, then repeat the action",
      });
    }
    return { pidfd, identity };
  } catch (thrown) {
    pidfd.close();
    throw thrown;
  }
}

function prove(fd: Fd, again: PidFileReading, pid: number, first: PidFileReading, procRoot: string): void {
  const changed = (reason: string) =>
    new MusterError("IDENTITY_CHANGED", `${fd.path}: ${reason}; nothing was signalled`, {
      target: fd.path,
      hint: "look again, then repeat the action",
    });
  if (!again.isLocked) throw changed("the lock was released meanwhile");
  if (again.content.phase !== "pid" || again.content.pid !== pid) throw changed("the pid was rewritten meanwhile");
  if (!isCurrent(fd)) throw changed("the file was replaced meanwhile");
  if (holdsLock(procRoot, pid, first.device, first.inode) === false) {
    throw changed(`process ${pid} does not hold its lock, so it is not the daemon`);
  }
}
