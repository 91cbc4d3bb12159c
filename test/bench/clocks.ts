/**
 * CLOCK_MONOTONIC, for comparison with what another process recorded, and the CPU time of any process in nanoseconds:
 * /proc/PID/stat counts in steps of 10 ms, too coarse for a program at rest. clock_gettime(2), clock_getcpuclockid(3).
 */
import { readFileSync } from "node:fs";
import { lazyLibc } from "#ffi/libc.ts";

const MONOTONIC = 1;
/** Low bits of the clock of a whole process: CPUCLOCK_SCHED. */
const OF_PROCESS = 2;

const libc = lazyLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });
const time = new BigInt64Array(new ArrayBuffer(16));

function read(clock: number): number {
  if (libc().clock_gettime(clock, time) !== 0) throw new Error(`clock ${clock} cannot be read`);
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}

export const monotonicMs = (): number => read(MONOTONIC);

/** User and system time of the process and its ended threads. Its children have clocks of their own. */
export const cpuMs = (pid: number): number => read((~pid << 3) | OF_PROCESS);

export function residentMegabytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  if (!match) throw new Error(`process ${pid} has ended`);
  return Number(match[1]) / 1024;
}
