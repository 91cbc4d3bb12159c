/** File descriptors as handles that cannot be used after they are closed. Always close-on-exec. */
import { ERRNO } from "./errno-names.ts";
import { attempt, attemptOnce, LONG, lazyLibc, libc } from "./libc.ts";
import { cString, kernelBytes, MAXIMUM_INT, viewOf } from "./memory.ts";
import { OPEN } from "./open-flags.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";

export { readAt, readSome, truncate, writeAll, writeSome } from "./fd-io.ts";
export { statFd } from "./fd-status.ts";
export { OPEN } from "./open-flags.ts";

const rare = lazyLibc({
  fcntl: { args: ["i32", "i32", LONG], returns: "i32" },
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
});

export class Fd implements Disposable {
  /** What errors name: the path it was opened by, or a word such as "pipe". */
  readonly path: string;
  #number: number;

  private constructor(number: number, path: string) {
    this.#number = number;
    this.path = path;
  }

  /** Takes over a descriptor that something else opened: from now on only this handle closes it. */
  static adopt(number: number, path: string): Fd {
    return new Fd(checkFdNumber(number, path), path);
  }

  /** Throws SysError EBADF when closed: a number that may by now be another file's never reaches the kernel. */
  get number(): number {
    if (this.#number < 0) throw new SysError(ERRNO.EBADF, "use after close", this.path);
    return this.#number;
  }

  get isClosed(): boolean {
    return this.#number < 0;
  }

  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#number = -1;
    // Linux frees the number even when close(2) is interrupted, so it is never tried again.
    const result = attemptOnce(() => libc().close(number));
    if (result !== -ERRNO.EINTR) orThrow(result, "close", this.path);
  }

  /** Gives the descriptor away: whoever takes the number closes it. */
  release(): number {
    const { number } = this;
    this.#number = -1;
    return number;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export function checkFdNumber(number: number, subject: string): number {
  if (Number.isInteger(number) && number >= 0 && number <= MAXIMUM_INT) return number;
  throw new SysError(ERRNO.EBADF, "descriptor", subject);
}

/** open(2), always with O_CLOEXEC; `mode` counts when a file is made and is cut by the umask. */
export function openFd(path: string, flags: number, mode = 0o666): Fd {
  const name = cString(path, "open");
  checkInteger(flags, 0, MAXIMUM_INT, "open", "flags");
  checkInteger(mode, 0, 0o7777, "open", "mode");
  const result = attempt(() => libc().open(name, flags | OPEN.CLOEXEC, mode));
  return Fd.adopt(orThrow(result, "open", path), path);
}

/** pipe2(2), both ends close-on-exec. `flags` may add OPEN.NONBLOCK. */
export function pipe(flags = 0): { read: Fd; write: Fd } {
  checkInteger(flags, 0, MAXIMUM_INT, "pipe2", "flags");
  const ends = kernelBytes(8);
  orThrow(
    attempt(() => rare().pipe2(ends, flags | OPEN.CLOEXEC)),
    "pipe2",
    "pipe",
  );
  const view = viewOf(ends);
  return { read: Fd.adopt(view.getInt32(0, true), "pipe"), write: Fd.adopt(view.getInt32(4, true), "pipe") };
}

const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const FD_CLOEXEC = 1;

function control(number: number, path: string, command: number, argument: number): number {
  return orThrow(
    attempt(() => rare().fcntl(number, command, argument)),
    "fcntl",
    path,
  );
}

export function isCloseOnExec(fd: Fd): boolean {
  return (control(fd.number, fd.path, F_GETFD, 0) & FD_CLOEXEC) !== 0;
}

export function setCloseOnExec(fd: Fd, on: boolean): void {
  control(fd.number, fd.path, F_SETFD, on ? FD_CLOEXEC : 0);
}

/** Calls that would wait answer EAGAIN instead, for everyone who shares the open file description. */
export function setNonBlocking(fd: Fd): void {
  const flags = control(fd.number, fd.path, F_GETFL, 0);
  control(fd.number, fd.path, F_SETFL, flags | OPEN.NONBLOCK);
}

/** A second number for the same open file description, close-on-exec: locks and file position are shared. */
export function duplicate(fd: Fd | number): Fd {
  const path = fd instanceof Fd ? fd.path : `descriptor ${fd}`;
  const number = fd instanceof Fd ? fd.number : checkFdNumber(fd, path);
  return Fd.adopt(control(number, path, F_DUPFD_CLOEXEC, 0), path);
}

/** The number behind either form of descriptor. */
export function fdNumber(fd: Fd | number): number {
  return fd instanceof Fd ? fd.number : checkFdNumber(fd, `descriptor ${fd}`);
}
