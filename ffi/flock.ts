/** Whole-file locks that belong to the open file description and so outlive the process that took them: flock(2). */
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { attempt, libc } from "./libc.ts";
import { orThrow, SysError } from "./sys-error.ts";

export type LockMode = "shared" | "exclusive";

const LOCK_NB = 4;
const LOCK_UN = 8;
const OPERATION: Readonly<Record<LockMode, number>> = { shared: 1, exclusive: 2 };

/** True when the lock was taken (or converted), false when another open file description holds it. */
export function tryLock(fd: Fd, mode: LockMode): boolean {
  const result = lock(fd, operationOf(mode) | LOCK_NB);
  if (result === -ERRNO.EAGAIN) return false;
  orThrow(result, "flock", fd.path);
  return true;
}

/** Blocks the calling thread until the lock is taken. */
export function lockBlocking(fd: Fd, mode: LockMode): void {
  orThrow(lock(fd, operationOf(mode)), "flock", fd.path);
}

/** Releases the lock of the open file description, for every process that shares it. */
export function unlock(fd: Fd): void {
  orThrow(lock(fd, LOCK_UN), "flock", fd.path);
}

function lock(fd: Fd, operation: number): number {
  const number = fd.number;
  return attempt(() => libc().flock(number, operation));
}

export function operationOf(mode: LockMode): number {
  const operation = OPERATION[mode];
  if (operation === undefined) throw new SysError(ERRNO.EINVAL, "flock", `mode ${mode}`);
  return operation;
}

/**
 * Takes the lock as soon as it is free, without blocking the loop; meanwhile the process stays alive. False when
 * `signal` was aborted first: then the lock is not held and will not be taken later. A lock of another mode that the
 * descriptor holds already is given up when the wait begins: flock(2) does not convert atomically.
 */
export async function waitLock(fd: Fd, mode: LockMode, signal?: AbortSignal): Promise<boolean> {
  const { waitLockInThread } = await import("./wait-lock.ts");
  return waitLockInThread(fd, mode, signal);
}
