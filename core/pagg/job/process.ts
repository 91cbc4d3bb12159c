/** A process that is to become a member: held by a pidfd first, so that everything read is of the one that is held. */
import { PidFd } from "#ffi/pidfd.ts";
import { readProcRecord } from "#ffi/proc-file.ts";
import { type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { jobError, kernelError, noProcess } from "./errors.ts";

const HIGHEST_PID = 0x7fff_ffff;
const COMMAND_BYTES = 256;

export interface HeldProcess extends Disposable {
  readonly pid: number;
  readonly pidfd: PidFd;
  readonly stat: ProcessStat;
  /** Argument vector with blanks, without control characters, at most 256 characters. */
  readonly command: string;
  /** It is still the one that was read, and has not ended. */
  isAlive(): boolean;
}

export function checkPid(pid: number): void {
  if (!Number.isInteger(pid) || pid < 1 || pid > HIGHEST_PID) throw jobError("ESRCH", `not a process id: ${pid}`);
}

/**
 * Throws EPERM for what must not stand still with a job: the first process, without which nothing goes on, and this one, which
 * could not thaw the job it is frozen in.
 */
export function checkMovable(pid: number): void {
  const who = pid === 1 ? "init" : pid === process.pid ? "the service that keeps the jobs" : null;
  if (who === null) return;
  throw jobError("EPERM", `process ${pid} is ${who}: it is never put into a job`, { code: "NOT_ALLOWED_NOW" });
}

/** Throws ESRCH (none, a zombie, a thread, one of the kernel; IDENTITY_CHANGED if it is another one), ENOMEM. */
export function holdProcess(procRoot: string, pid: number, startTicks: string | null | undefined): HeldProcess {
  checkPid(pid);
  const pidfd = openProcess(pid);
  try {
    const stat = readProcessStat(procRoot, pid);
    if (!stat || !pidfd.isAlive()) throw noProcess(pid, "has ended");
    if (stat.kernelThread) throw noProcess(pid, "is a thread of the kernel");
    if (typeof startTicks === "string" && startTicks !== stat.startTicks) {
      throw jobError("ESRCH", `process ${pid} is another one now`, { code: "IDENTITY_CHANGED" });
    }
    const command = commandOf(procRoot, stat);
    return { pid, pidfd, stat, command, isAlive: () => pidfd.isAlive(), [Symbol.dispose]: () => pidfd.close() };
  } catch (thrown) {
    pidfd.close();
    throw thrown;
  }
}

/** null for what is gone, and for the id of a thread. Throws SysError EMFILE. */
export function tryHold(pid: number): PidFd | null {
  try {
    return PidFd.open(pid);
  } catch (thrown) {
    if (isThread(thrown)) return null;
    throw thrown;
  }
}

function openProcess(pid: number): PidFd {
  try {
    const pidfd = PidFd.open(pid);
    if (pidfd) return pidfd;
  } catch (thrown) {
    if (isThread(thrown)) throw noProcess(pid, "is a thread, not a process");
    throw kernelError(thrown, `process ${pid} cannot be held`);
  }
  throw noProcess(pid);
}

/** pidfd_open(2) takes no thread but the first. */
function isThread(thrown: unknown): boolean {
  return thrown instanceof SysError && ["EINVAL", "ENOENT"].includes(thrown.errnoName);
}

function commandOf(procRoot: string, { pid, comm }: ProcessStat): string {
  const command = commandText(readProcRecord(`${procRoot}/${pid}/cmdline`) ?? "");
  return command === "" ? `[${commandText(comm)}]` : command;
}

/** As it is kept: without control characters, and not all of it if it is long. */
export function commandText(text: string): string {
  return text
    .replace(/\0+$/, "")
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .trim()
    .slice(0, COMMAND_BYTES);
}
