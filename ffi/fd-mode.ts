/** Permission bits, past the umask: fchmod(2). */
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { checkInteger, orThrow } from "./sys-error.ts";

const modes = lazyLibc({ fchmod: { args: ["i32", "u32"], returns: "i32" } });

export function setMode(fd: Fd, mode: number): void {
  checkInteger(mode, 0, 0o7777, "fchmod", "mode");
  const number = fd.number;
  orThrow(
    attempt(() => modes().fchmod(number, mode)),
    "fchmod",
    fd.path,
  );
}
