/** dup2(2): gives a file the number of another descriptor, such as that of standard error. */
import { checkFdNumber, type Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { orThrow } from "./sys-error.ts";

const redirection = lazyLibc({ dup2: { args: ["i32", "i32"], returns: "i32" } });

/** What stood at `number` is closed; what stands there now survives exec. */
export function redirect(number: number, fd: Fd): void {
  checkFdNumber(number, `descriptor ${number}`);
  orThrow(
    attempt(() => redirection().dup2(fd.number, number)),
    "dup2",
    fd.path,
  );
}
