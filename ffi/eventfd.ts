/** A counter that wakes whoever waits on it: eventfd(2). */
import { Fd, writeAll } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { orThrow } from "./sys-error.ts";

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

const eventfds = lazyLibc({ eventfd: { args: ["u32", "i32"], returns: "i32" } });

export function createEventFd(): Fd {
  const number = attempt(() => eventfds().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return Fd.adopt(orThrow(number, "eventfd", "eventfd"), "eventfd");
}

export function wake(fd: Fd): void {
  writeAll(fd, new Uint8Array(new BigUint64Array([1n]).buffer));
}
