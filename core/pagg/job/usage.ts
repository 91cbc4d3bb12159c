/** CPU time and resident memory of some processes together, as /proc/PID/stat has them: proc_pid_stat(5). */
import { clockTicksPerSecond, pageSize, readProcessStat } from "#ffi/procfs.ts";
import type { JobUsage } from "./entry.ts";

export function sumUsage(procRoot: string, pids: Iterable<number>): JobUsage {
  let ticks = 0;
  let pages = 0;
  for (const pid of pids) {
    const stat = readProcessStat(procRoot, pid);
    if (!stat) continue;
    ticks += stat.userTicks + stat.systemTicks;
    pages += stat.residentPages;
  }
  return { cpuSeconds: ticks / clockTicksPerSecond(), memoryBytes: pages * pageSize() };
}
