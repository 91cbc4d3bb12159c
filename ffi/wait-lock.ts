/** Waiting for a file lock without blocking the loop and without polling: a thread blocked in flock(2). */
import { lazyC } from "./compile-c.ts";
import { ERRNO } from "./errno-names.ts";
import { duplicate, type Fd, pipe, setNonBlocking } from "./fd.ts";
import { type LockMode, operationOf, tryLock, unlock } from "./flock.ts";
import { kernelBytes } from "./memory.ts";
import { readPipe } from "./read-pipe.ts";
import { SysError } from "./sys-error.ts";
import source from "./wait-lock.c" with { type: "text" };

const thread = lazyC("wait-lock.c", source, {
  wait_lock_start: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  wait_lock_call_off: { args: ["ptr"], returns: "void" },
  wait_lock_finish: { args: ["ptr"], returns: "i32" },
});

/** Compiles what a wait needs, for whoever is about to start a wait whose end must be told at once. */
export function prepareLockWait(): void {
  thread();
}

/** See `waitLock` in flock.ts. */
export async function waitLockInThread(fd: Fd, mode: LockMode, signal?: AbortSignal): Promise<boolean> {
  const operation = operationOf(mode);
  if (signal?.aborted) return false;
  if (tryLock(fd, mode)) return true;
  // The thread's own descriptor of the same open file: closing `fd` meanwhile cannot send it to another file.
  using held = duplicate(fd);
  const failure = await block(held, operation, signal);
  if (signal?.aborted) {
    // The lock may have come in the instant of the abort.
    unlock(held);
    return false;
  }
  if (failure !== 0) throw new SysError(failure, "flock", fd.path);
  if (fd.isClosed) throw new SysError(ERRNO.EBADF, "flock", fd.path);
  return true;
}

/** flock's errno, 0 when it took the lock; whatever came when `signal` was aborted. */
async function block(held: Fd, operation: number, signal: AbortSignal | undefined): Promise<number> {
  const { read, write } = pipe();
  setNonBlocking(read);
  const handle = kernelBytes(8);
  const failure = thread().wait_lock_start(held.number, operation, write.number, handle);
  if (failure !== 0) {
    read.close();
    write.close();
    throw new SysError(failure, "pthread_create", held.path);
  }
  const callOff = () => thread().wait_lock_call_off(handle);
  signal?.addEventListener("abort", callOff, { once: true });
  // One byte comes, then nothing more: closing our end brings the end of the pipe.
  await readPipe(read, () => write.close());
  signal?.removeEventListener("abort", callOff);
  return thread().wait_lock_finish(handle);
}
