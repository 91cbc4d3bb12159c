/** A process held by a descriptor: its pid can be reused, the handle never means another one. pidfd_open(2). */
import { ERRNO } from "./errno-names.ts";
import { Fd } from "./fd.ts";
import { isKernelAtLeast } from "./kernel-release.ts";
import { attempt, libc } from "./libc.ts";
import { MAXIMUM_INT } from "./memory.ts";
import { POLL, pollSync } from "./poll.ts";
import { type PidInfo, readExitStatus, readGroupId, readPidInfo } from "./process-info.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";
import { collectChild } from "./wait-child.ts";

/** The same on every architecture. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const HIGHEST_SIGNAL = 64;

export class PidFd implements Disposable {
  readonly pid: number;
  readonly #fd: Fd;

  private constructor(fd: Fd, pid: number) {
    this.#fd = fd;
    this.pid = pid;
  }

  /** null when there is no such process (ESRCH); a zombie can still be opened. */
  static open(pid: number): PidFd | null {
    checkPid(pid, "pidfd_open");
    const result = attempt(() => libc().syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0));
    if (result === -ERRNO.ESRCH) return null;
    return new PidFd(Fd.adopt(orThrow(result, "pidfd_open", `pid ${pid}`), `pid ${pid}`), pid);
  }

  /** Takes over a pidfd that came from elsewhere: clone, SO_PEERPIDFD. */
  static adopt(fd: Fd, pid: number): PidFd {
    return new PidFd(fd, checkPid(pid, "pidfd"));
  }

  /** The descriptor, for a watch or a call this class does not make; it stays owned by this handle. */
  get fd(): Fd {
    return this.#fd;
  }

  get isClosed(): boolean {
    return this.#fd.isClosed;
  }

  /** False when the process is gone (ESRCH). 0 only asks; SysError EPERM when it is another user's. */
  sendSignal(signal: number): boolean {
    checkInteger(signal, 0, HIGHEST_SIGNAL, "pidfd_send_signal", "signal");
    const number = this.#fd.number;
    const result = attempt(() => libc().syscall(SYS_PIDFD_SEND_SIGNAL, number, signal, 0, 0));
    if (result === -ERRNO.ESRCH) return false;
    orThrow(result, "pidfd_send_signal", this.#fd.path);
    return true;
  }

  /** Not exited yet: a zombie counts as exited. */
  isAlive(): boolean {
    return pollSync(this.#fd, POLL.IN, 0) === 0;
  }

  /** Blocks the thread until the process has exited (true) or `timeoutMs` passed (false); -1 waits for ever. */
  waitSync(timeoutMs: number): boolean {
    return pollSync(this.#fd, POLL.IN, timeoutMs) !== 0;
  }

  /**
   * True when the process has exited (being a zombie is enough), false when `signal` was aborted first. While it
   * waits, this process stays alive.
   */
  async exited(signal?: AbortSignal): Promise<boolean> {
    if (!this.isAlive()) return true;
    const { waitEvent } = await import("./wait-event.ts");
    return waitEvent(this.#fd, POLL.IN, signal);
  }

  /**
   * The wait status once the parent has collected the process. null when `signal` was aborted first, and before
   * Linux 6.15, which keeps no status: then it resolves when the process has exited.
   */
  async reaped(signal?: AbortSignal): Promise<number | null> {
    if (!isKernelAtLeast(6, 15)) {
      await this.exited(signal);
      return null;
    }
    const { waitEvent } = await import("./wait-event.ts");
    // HUP needs no asking for, and IN would come already for the zombie.
    return (await waitEvent(this.#fd, 0, signal)) ? this.exitStatus() : null;
  }

  /** null once it is reaped, or before Linux 6.13. */
  info(): PidInfo | null {
    return readPidInfo(this.#fd);
  }

  /** Inode number of its cgroup v2 directory, also where it ended; null before Linux 6.13, and once it is reaped before 6.15. */
  groupId(): bigint | null {
    return readGroupId(this.#fd);
  }

  /** The wait status of any process, not only a child; null until its parent has reaped it, or before Linux 6.15. */
  exitStatus(): number | null {
    return readExitStatus(this.#fd);
  }

  /** Collects our own child: its wait status, or null while it runs. SysError ECHILD for any other process. */
  reap(): number | null {
    return collectChild(this.#fd);
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** 0, -1 and below mean groups and "everyone" to the kernel; they are never passed on. */
function checkPid(pid: number, call: string): number {
  if (!Number.isInteger(pid)) throw new SysError(ERRNO.EINVAL, call, `pid ${pid}`);
  return checkInteger(pid, 1, MAXIMUM_INT, call, "pid");
}
