import { CString } from "bun:ffi";
import { ERRNO, errnoName } from "./errno-names.ts";
import { lazyLibc } from "./libc.ts";

const strings = lazyLibc({ strerror: { args: ["i32"], returns: "ptr" } });

/** A failed call of the kernel or libc, or an argument that was refused before it was made. */
export class SysError extends Error {
  override readonly name = "SysError";
  readonly errno: number;
  /** `"EAGAIN"` */
  readonly errnoName: string;
  /** The function that failed, by the name of its manual page: `"flock"`. */
  readonly call: string;
  /** What it was about: a path, a pid, an argument. */
  readonly subject: string;

  constructor(errno: number, call: string, subject: string, cause?: unknown) {
    const name = errnoName(errno);
    super(`${call} ${subject}: ${name} (${describeErrno(errno)})`, cause === undefined ? undefined : { cause });
    this.errno = errno;
    this.errnoName = name;
    this.call = call;
    this.subject = subject;
  }
}

/** `13` -> `"Permission denied"`: strerror(3), in the C locale. */
export function describeErrno(errno: number): string {
  const text = strings().strerror(errno);
  return text === null ? `error ${errno}` : new CString(text).toString();
}

/** Passes a result on, or throws the error that a negative one stands for (see `attempt`). */
export function orThrow(result: number, call: string, subject: string): number {
  if (result < 0) throw new SysError(-result, call, subject);
  return result;
}

/** An integer within bounds, or SysError EINVAL: what C would silently cut to its width never reaches it. */
export function checkInteger(value: number, minimum: number, maximum: number, call: string, what: string): number {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new SysError(ERRNO.EINVAL, call, `${what} ${value}`);
}
