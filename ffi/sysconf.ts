/** Constants of the running system: sysconf(3). */
import { LONG, lazyLibc } from "./libc.ts";

const configuration = lazyLibc({ sysconf: { args: ["i32"], returns: LONG } });

const SC_CLK_TCK = 2;
const SC_OPEN_MAX = 4;
const SC_PAGESIZE = 30;

/** The unit of times in /proc/PID/stat, a second: 100 wherever Linux runs today. */
export function clockTicksPerSecond(): number {
  return Number(configuration().sysconf(SC_CLK_TCK));
}

/** Bytes. */
export function pageSize(): number {
  return Number(configuration().sysconf(SC_PAGESIZE));
}

/** Descriptors this process may have open: the soft RLIMIT_NOFILE. */
export function openFileLimit(): number {
  return Number(configuration().sysconf(SC_OPEN_MAX));
}
