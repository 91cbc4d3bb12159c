/** What a job uses now: as its control group counts it, else the sum over its processes, proc_pid_stat(5). */
import { clockTicksPerSecond, pageSize, readProcessStat } from "#ffi/procfs.ts";
import type { JobUsage } from "./entry.ts";
import type { RunningJob } from "./running-job.ts";

/**
 * CPU of all that were ever in it where a control group counts, else of the living; memory as the group counts it, else the
 * sum of what is resident, shared pages once for each process.
 */
export function usageOf(job: RunningJob, procRoot: string): JobUsage {
  const cpuSeconds = job.group?.accounting().cpuSeconds ?? null;
  const memoryBytes = job.group?.memoryBytes() ?? null;
  if (cpuSeconds !== null && memoryBytes !== null) return { cpuSeconds, memoryBytes };
  const sum = sumUsage(procRoot, job.members);
  return { cpuSeconds: cpuSeconds ?? sum.cpuSeconds, memoryBytes: memoryBytes ?? sum.memoryBytes };
}

function sumUsage(procRoot: string, pids: Iterable<number>): JobUsage {
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
