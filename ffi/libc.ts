/**
 * The one door to libc. Symbols are opened in small groups, each on its first use: a command that only opens and
 * locks files pays for one dlopen of a dozen symbols.
 *
 * errno is thread-local and read in the same synchronous expression as the call; `attempt` is that expression.
 */
import { dlopen, type FFIFunction, FFIType, type Library, type Pointer, read } from "bun:ffi";
import { ERRNO } from "./errno-names.ts";

const LIBRARY = "libc.so.6";

/** `long` and `size_t` as numbers; a BigInt only beyond 2^53. */
export const LONG = FFIType.i64_fast;
export const SIZE = FFIType.u64_fast;

let errnoLocation: (() => Pointer | bigint | null) | undefined;

/** A group of libc functions, opened when the returned function is first called. */
export function lazyLibc<Functions extends Record<string, FFIFunction>>(
  functions: Functions,
): () => Library<Functions>["symbols"] {
  let symbols: Library<Functions>["symbols"] | undefined;
  return () => {
    // errno's own symbol comes first: opening it after a failed call would overwrite what it should report.
    errnoLocation ??= dlopen(LIBRARY, { __errno_location: { args: [], returns: "ptr" } }).symbols.__errno_location;
    symbols ??= dlopen(LIBRARY, functions).symbols;
    return symbols;
  };
}

/** The calls on the fast path: files, locks, pidfds. `syscall` takes numbers only. */
export const libc = lazyLibc({
  open: { args: ["ptr", "i32", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  read: { args: ["i32", "ptr", SIZE], returns: LONG },
  write: { args: ["i32", "ptr", SIZE], returns: LONG },
  pread: { args: ["i32", "ptr", SIZE, LONG], returns: LONG },
  pwrite: { args: ["i32", "ptr", SIZE, LONG], returns: LONG },
  ftruncate: { args: ["i32", LONG], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  poll: { args: ["ptr", SIZE, "i32"], returns: "i32" },
  syscall: { args: [LONG, LONG, LONG, LONG, LONG], returns: LONG },
});

function errno(): number {
  const location = errnoLocation?.();
  // Without a location no libc call was made at all; glibc never returns null here.
  return location ? read.i32(location, 0) : ERRNO.ENOSYS;
}

/**
 * Makes one call that answers -1 and errno on failure, again while it is interrupted (EINTR).
 * Returns its result, or `-errno`: the kernel's own convention, so that a caller can tell expected failures apart.
 */
export function attempt(call: () => number | bigint): number {
  for (;;) {
    const result = attemptOnce(call);
    if (result !== -ERRNO.EINTR) return result;
  }
}

/** `attempt` for calls that must not be made again with the same arguments (close, a poll with a timeout). */
export function attemptOnce(call: () => number | bigint): number {
  const result = Number(call());
  return result === -1 ? -errno() : result;
}
