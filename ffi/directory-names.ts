/** The names in a directory, up to a number: getdents64(2). node:fs reads all of them, however many somebody has put there. */
import { OPEN, openFd } from "./fd.ts";
import { attempt, libc } from "./libc.ts";
import { addressOf, kernelBytes, MAXIMUM_INT, textAt, viewOf } from "./memory.ts";
import { checkInteger, orThrow } from "./sys-error.ts";

const SYS_GETDENTS64 = process.arch === "arm64" ? 61 : 217;
/** Some hundred names at once, and more than the longest. */
const ROOM = 1 << 15;
/** Of `struct linux_dirent64`: d_reclen, d_name. */
const LENGTH_AT = 16;
const NAME_AT = 19;

export interface DirectoryNames {
  readonly names: readonly string[];
  /** There are more. */
  readonly isCut: boolean;
}

/** Without "." and ".."; in no order. Throws SysError: ENOENT, ENOTDIR, EACCES. */
export function directoryNames(path: string, most = MAXIMUM_INT): DirectoryNames {
  checkInteger(most, 0, MAXIMUM_INT, "getdents64", "most");
  using directory = openFd(path, OPEN.READ_ONLY | OPEN.DIRECTORY | OPEN.NONBLOCK);
  const room = kernelBytes(ROOM);
  const view = viewOf(room);
  const names: string[] = [];
  for (;;) {
    const { number } = directory;
    const count = attempt(() => libc().syscall(SYS_GETDENTS64, number, Number(addressOf(room)), ROOM, 0));
    if (orThrow(count, "getdents64", path) === 0) return { names, isCut: false };
    for (let at = 0; at < count; at += view.getUint16(at + LENGTH_AT, true)) {
      const name = textAt(room, at + NAME_AT, count);
      if (name === "." || name === "..") continue;
      if (names.length === most) return { names, isCut: true };
      names.push(name);
    }
  }
}
