/**
 * The guard file: whoever acts on a daemon holds its exclusive flock(2) for the whole action. It is created on first use
 * and never removed, as LibUCW does, so that nobody locks an inode without a name. Others cannot open it: whoever can read a
 * file can lock it, and would hold up every action.
 */

import { MusterError } from "#core/model/error.ts";
import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { tryLock, waitLock } from "#ffi/flock.ts";

/** `.pid` -> `.lock`; null if the name does not end in `.pid`. */
export function guardFileFor(pidFile: string): string | null {
  return pidFile.endsWith(".pid") ? `${pidFile.slice(0, -".pid".length)}.lock` : null;
}

/** The guard lock if it is free now, else null. Closing the descriptor gives it back. Throws SysError. */
export function takeGuardNow(guardFile: string): Fd | null {
  const fd = openGuard(guardFile);
  try {
    if (tryLock(fd, "exclusive")) return fd;
  } catch (thrown) {
    fd.close();
    throw thrown;
  }
  fd.close();
  return null;
}

/** Waits for the guard lock as long as `signal` is not aborted. */
export async function takeGuard(guardFile: string, signal?: AbortSignal): Promise<Fd> {
  const fd = openGuard(guardFile);
  let isHeld = false;
  try {
    isHeld = await waitLock(fd, "exclusive", signal);
  } finally {
    if (!isHeld) fd.close();
  }
  if (isHeld) return fd;
  throw new MusterError("LOCK_HELD", `another action holds the guard file ${guardFile}`, {
    target: guardFile,
    hint: `see who with: fuser ${guardFile}`,
  });
}

function openGuard(guardFile: string): Fd {
  // The directory may be the daemon's user's: a link there would have us make a file wherever he likes.
  const flags = OPEN.READ_WRITE | OPEN.CREATE | OPEN.NOFOLLOW | OPEN.NONBLOCK | OPEN.NOCTTY;
  return openFd(guardFile, flags, 0o660);
}
