/** Whether a process as a whole lives: its first thread stays a zombie as long as others do. */
import { PidFd } from "#ffi/pidfd.ts";
import { hasEnded, isLeaderGone, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";

/** Of the process; without a descriptor left, as /proc says. */
export function isAlive(procRoot: string, pid: number): boolean {
  try {
    using pidfd = PidFd.open(pid);
    return pidfd?.isAlive() ?? false;
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    const stat = readProcessStat(procRoot, pid);
    return stat !== null && !hasEnded(stat);
  }
}

export const livingThreads = (stat: ProcessStat): number => (isLeaderGone(stat) ? stat.threads - 1 : stat.threads);
