/** Reading and writing through a descriptor: read(2), pread(2), write(2), pwrite(2), ftruncate(2). */
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { attempt, libc } from "./libc.ts";
import { kernelBytes, MAXIMUM_LENGTH } from "./memory.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";

/** One read(2) of at most `length` bytes: empty at the end of the file, SysError EAGAIN when it would block. */
export function readSome(fd: Fd, length: number): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes(checkInteger(length, 0, MAXIMUM_LENGTH, "read", "length"));
  if (length === 0) return bytes;
  const number = fd.number;
  const count = orThrow(
    attempt(() => libc().read(number, bytes, length)),
    "read",
    fd.path,
  );
  return bytes.subarray(0, count);
}

/** Up to `length` bytes from `offset` on; fewer only when the file ends before. */
export function readAt(fd: Fd, length: number, offset: number): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes(checkInteger(length, 0, MAXIMUM_LENGTH, "pread", "length"));
  checkInteger(offset, 0, Number.MAX_SAFE_INTEGER - MAXIMUM_LENGTH, "pread", "offset");
  const number = fd.number;
  let done = 0;
  while (done < length) {
    const rest = bytes.subarray(done);
    const from = offset + done;
    const count = attempt(() => libc().pread(number, rest, rest.length, from));
    if (orThrow(count, "pread", fd.path) === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Writes all of `bytes`, at `offset` or, without one, where the file position stands. Throws if it cannot. */
export function writeAll(fd: Fd, bytes: Uint8Array, offset?: number): void {
  const call = offset === undefined ? "write" : "pwrite";
  if (!(bytes instanceof Uint8Array)) throw new SysError(ERRNO.EINVAL, call, fd.path);
  if (offset !== undefined) checkInteger(offset, 0, Number.MAX_SAFE_INTEGER - MAXIMUM_LENGTH, call, "offset");
  // A copy: the caller's array may be one that moves or shrinks.
  const copy = kernelBytes(bytes.length);
  copy.set(bytes);
  const number = fd.number;
  let done = 0;
  while (done < copy.length) {
    const rest = copy.subarray(done);
    const from = (offset ?? 0) + done;
    const count = attempt(() =>
      offset === undefined ? libc().write(number, rest, rest.length) : libc().pwrite(number, rest, rest.length, from),
    );
    // A file never takes zero of some bytes; if one did, going on would loop for ever.
    if (orThrow(count, call, fd.path) === 0) throw new SysError(ERRNO.EIO, call, fd.path);
    done += count;
  }
}

/** ftruncate(2): cuts or grows the file to `length` bytes. */
export function truncate(fd: Fd, length: number): void {
  checkInteger(length, 0, Number.MAX_SAFE_INTEGER, "ftruncate", "length");
  const number = fd.number;
  orThrow(
    attempt(() => libc().ftruncate(number, length)),
    "ftruncate",
    fd.path,
  );
}

/** Writes what a non-blocking descriptor takes at once: 0 if that is nothing. Throws if it cannot be written to any more. */
export function writeSome(fd: Fd, bytes: Uint8Array): number {
  if (!(bytes instanceof Uint8Array)) throw new SysError(ERRNO.EINVAL, "write", fd.path);
  if (bytes.length === 0) return 0;
  const copy = kernelBytes(bytes.length);
  copy.set(bytes);
  const number = fd.number;
  const count = attempt(() => libc().write(number, copy, copy.length));
  return count === -ERRNO.EAGAIN ? 0 : orThrow(count, "write", fd.path);
}
