/** Whether a path may be used, asked with the effective ids: faccessat(2). */
import { attempt, lazyLibc } from "./libc.ts";
import { cString } from "./memory.ts";

const files = lazyLibc({ faccessat: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" } });

const AT_FDCWD = -100;
const AT_EACCESS = 0x200;
const W_OK = 2;

/** False also when it does not exist or lies on a file system mounted read-only. */
export function isWritable(path: string): boolean {
  const name = cString(path, "faccessat");
  return attempt(() => files().faccessat(AT_FDCWD, name, W_OK, AT_EACCESS)) === 0;
}
