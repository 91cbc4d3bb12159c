/**
 * The daemon's side of the pid file: lock it, say "(starting)", then the pid, and empty it at the end. The file is never
 * unlinked, so no two daemons can hold locks on two inodes of one name.
 */
import { MusterError } from "#core/model/error.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import { type Fd, OPEN, openFd, statFd, truncate, writeAll } from "#ffi/fd.ts";
import { setMode } from "#ffi/fd-mode.ts";
import { tryLock, unlock } from "#ffi/flock.ts";
import { SysError } from "#ffi/sys-error.ts";
import { isCurrent, STARTING } from "./pid-file.ts";

/** Of a pid file as LibUCW makes it, and of one that is nobody else's to read: whoever can read a file can lock it. */
export type PidFileMode = 0o666 | 0o600;

/** The locked pid file, saying "(starting)". Throws LOCK_HELD if a daemon has it. Closing the descriptor ends the lock. */
export function lockPidFile(pidFile: string, mode: PidFileMode = 0o666): Fd {
  for (;;) {
    const fd = openForDaemon(pidFile, mode);
    try {
      lockForDaemon(fd);
      if (isCurrent(fd)) {
        if (mode === 0o600 && (statFd(fd).mode & 0o077) !== 0) setMode(fd, mode);
        write(fd, STARTING);
        return fd;
      }
    } catch (thrown) {
      fd.close();
      throw thrown;
    }
    // Somebody unlinked the file between open and lock: lock the one that has the name now.
    fd.close();
  }
}

/**
 * A lock refused is not yet a daemon: whoever only checks holds a shared lock for an instant. If we can share the lock
 * as well, there is no daemon, and we try again.
 */
function lockForDaemon(fd: Fd): void {
  while (!tryLock(fd, "exclusive")) {
    if (!tryLock(fd, "shared")) {
      throw new MusterError("LOCK_HELD", `the daemon is already running: ${fd.path} is locked`, { target: fd.path });
    }
    unlock(fd);
  }
}

/** No link is followed: what it leads to would be overwritten, and the directory may be that of the daemon's user. */
function openForDaemon(pidFile: string, mode: PidFileMode): Fd {
  const flags = OPEN.READ_WRITE | OPEN.CREATE | OPEN.NOFOLLOW | OPEN.NONBLOCK | OPEN.NOCTTY;
  const fd = openFd(pidFile, flags, mode);
  if (statFd(fd).isFile) return fd;
  fd.close();
  throw new SysError(ERRNO.EINVAL, "lock", pidFile);
}

export function writePid(fd: Fd, pid: number): void {
  write(fd, `${pid}\n`);
}

/** What daemon_exit() leaves: an empty file. */
export function clearPid(fd: Fd): void {
  truncate(fd, 0);
}

/** New bytes first, then the length: a reader never finds the file empty, which would mean "exiting". */
function write(fd: Fd, text: string): void {
  const bytes = Buffer.from(text);
  writeAll(fd, bytes, 0);
  truncate(fd, bytes.length);
}
