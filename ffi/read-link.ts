/** readlinkat(2) on the link itself, held by a descriptor: what is read of it is of the very link that was looked at. */
import type { Fd } from "./fd.ts";
import { attempt, LONG, lazyLibc } from "./libc.ts";
import { kernelBytes, textAt } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

/** PATH_MAX of limits.h */
const LONGEST = 4096;

const links = lazyLibc({ readlinkat: { args: ["i32", "ptr", "ptr", LONG], returns: LONG } });

/** Where the link leads. `fd` was opened with OPEN.PATH and OPEN.NOFOLLOW. Throws SysError ENOENT for what is no link. */
export function readLink(fd: Fd): string {
  const target = kernelBytes(LONGEST + 1);
  const itself = kernelBytes(1);
  const { number } = fd;
  orThrow(
    attempt(() => links().readlinkat(number, itself, target, LONGEST)),
    "readlinkat",
    fd.path,
  );
  return textAt(target, 0);
}
