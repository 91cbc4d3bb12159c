/**
 * C for the few things that must not run in JavaScript: the child side of a fork, threads that block. Compiled in
 * process by the TinyCC inside Bun (2-8 ms), so only when first used. No headers exist there: sources declare what
 * they call.
 */
import { cc, type FFIFunction, type Library } from "bun:ffi";
import { ERRNO } from "./errno-names.ts";
import { Fd, writeAll } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { cString } from "./memory.ts";
import { orThrow, SysError } from "./sys-error.ts";

const memory = lazyLibc({ memfd_create: { args: ["ptr", "u32"], returns: "i32" } });

const MFD_CLOEXEC = 1;

/** The functions of `source`, compiled when the returned function is first called. */
export function lazyC<Functions extends Record<string, FFIFunction>>(
  name: string,
  source: string,
  functions: Functions,
): () => Library<Functions>["symbols"] {
  // The library is kept, not only its symbols: its code must stay mapped as long as a thread may run in it.
  let library: Library<Functions> | undefined;
  return () => {
    library ??= compile(name, source, functions);
    return library.symbols;
  };
}

function compile<Functions extends Record<string, FFIFunction>>(
  name: string,
  source: string,
  functions: Functions,
): Library<Functions> {
  // The compiler opens a path, and cannot open one inside a compiled binary: a file in memory has one everywhere.
  const title = cString(name, "memfd_create");
  const number = orThrow(
    attempt(() => memory().memfd_create(title, MFD_CLOEXEC)),
    "memfd_create",
    name,
  );
  using file = Fd.adopt(number, name);
  writeAll(file, new TextEncoder().encode(source));
  try {
    return cc({ source: `/proc/self/fd/${file.number}`, symbols: functions });
  } catch (error) {
    throw new SysError(ERRNO.ENOSYS, "cc", name, error);
  }
}
