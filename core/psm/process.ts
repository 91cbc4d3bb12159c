/**
 * A process taken into the set: held by a pidfd first, then read, then the pidfd asked again, so that everything read was
 * of the process that is held, whatever becomes of its pid meanwhile.
 */
import { readlinkSync } from "node:fs";
import type { MusterError } from "#core/model/error.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcRecord, readProcText } from "#ffi/proc-file.ts";
import { clockTicksPerSecond, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { ARGV_BYTES, cutUtf8 } from "./names.ts";
import { psmError } from "./status.ts";

export interface CaptureOptions {
  readonly procRoot: string;
  /** The process registers itself: it knows what it is, so it is never "between fork and exec". */
  readonly isSelf: boolean;
  /** The argv it will have, of a process that is held in front of its execve; else it is read. */
  readonly argv: string | null;
}

export interface CapturedProcess {
  /** Owned by whoever captures. null: no descriptor could be had, and the process is known by its identity only. */
  readonly pidfd: PidFd | null;
  readonly startTicks: string;
  readonly uid: number;
  readonly comm: string;
  readonly argv: string;
  readonly isArgvTruncated: boolean;
}

const HIGHEST_PID = 0x7fff_ffff;
/** A child of that age that still is what it was forked from will not become another program: it is meant so. */
const EXEC_GRACE_SECONDS = 1;

/** Throws ESRCH (no such process, a zombie, a thread, one of the kernel), EINVAL (no pid), EBUSY (see above), ENOMEM. */
export function captureProcess(pid: number, options: CaptureOptions): CapturedProcess {
  if (!Number.isInteger(pid) || pid < 1 || pid > HIGHEST_PID) throw psmError("EINVAL", `not a process id: ${pid}`);
  const pidfd = openProcess(pid);
  try {
    const stat = readProcessStat(options.procRoot, pid);
    if (!stat || (pidfd && !pidfd.isAlive())) throw notThere(pid, stat ? "has exited" : "does not exist");
    if (stat.state === "Z" || stat.state === "X") throw notThere(pid, "has exited");
    if (stat.kernelThread) throw notThere(pid, "is a thread of the kernel");
    const argv = options.argv === null ? ownArgv(stat, options) : options.argv.replaceAll("\0", " ");
    const uid = pidfd?.info()?.uids.real ?? realUid(options.procRoot, pid);
    const after = pidfd ? pidfd.isAlive() : readProcessStat(options.procRoot, pid)?.startTicks === stat.startTicks;
    if (uid === null || !after) throw notThere(pid, "has exited");
    const { text, isCut } = cutUtf8(argv, ARGV_BYTES);
    return { pidfd, startTicks: stat.startTicks, uid, comm: stat.comm, argv: text, isArgvTruncated: isCut };
  } catch (thrown) {
    pidfd?.close();
    throw thrown;
  }
}

/** null when there are no descriptors left: the process can still be known by its start time. */
export function openProcess(pid: number): PidFd | null {
  try {
    const pidfd = PidFd.open(pid);
    if (!pidfd) throw notThere(pid, "does not exist");
    return pidfd;
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    if (thrown.errnoName === "EMFILE" || thrown.errnoName === "ENFILE") return null;
    // pidfd_open(2) takes no thread but the first.
    if (thrown.errnoName === "EINVAL" || thrown.errnoName === "ENOENT")
      throw notThere(pid, "is a thread, not a process");
    if (thrown.errnoName === "ENOMEM") throw psmError("ENOMEM", `process ${pid} cannot be held`, { cause: thrown });
    throw thrown;
  }
}

function notThere(pid: number, why: string): MusterError {
  return psmError("ESRCH", `process ${pid} ${why}`);
}

function ownArgv(stat: ProcessStat, { procRoot, isSelf }: CaptureOptions): string {
  const text = readProcRecord(`${procRoot}/${stat.pid}/cmdline`);
  if (text === null) throw notThere(stat.pid, "has exited");
  // In the middle of execve the new argv is not in place yet; Linux lets no program run without one.
  if (!isSelf && (text === "" || isBeforeExec(stat, text, procRoot))) {
    throw psmError("EBUSY", `process ${stat.pid} is being created or doing exec`, { hint: "try again" });
  }
  return text.replace(/\0+$/, "").replaceAll("\0", " ");
}

/**
 * A child just forked that is still the program of its parent may be about to execute another one. Daemons that fork and
 * never exec look the same for ever: the young are told to wait, the settled are taken for what they are.
 */
function isBeforeExec(stat: ProcessStat, cmdline: string, procRoot: string): boolean {
  if (!stat.forkNoExec || ageSeconds(stat, procRoot) > EXEC_GRACE_SECONDS) return false;
  const parent = stat.parentPid;
  if (parent < 1 || readProcRecord(`${procRoot}/${parent}/cmdline`) !== cmdline) return false;
  return programOf(procRoot, parent) === programOf(procRoot, stat.pid);
}

function ageSeconds(stat: ProcessStat, procRoot: string): number {
  const uptime = Number.parseFloat(readProcText(`${procRoot}/uptime`) ?? "");
  return uptime - Number(stat.startTicks) / clockTicksPerSecond();
}

/** null where it may not be read: then two programs count as the same. */
function programOf(procRoot: string, pid: number): string | null {
  try {
    return readlinkSync(`${procRoot}/${pid}/exe`);
  } catch {
    return null;
  }
}

function realUid(procRoot: string, pid: number): number | null {
  const line = /^Uid:\s+([0-9]+)/m.exec(readProcText(`${procRoot}/${pid}/status`) ?? "");
  return line ? Number(line[1]) : null;
}
