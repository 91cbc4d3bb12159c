/** How far the clock since the start of the machine is ahead of the one that stands still in suspend: clock_gettime(2). */
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

const clocks = lazyLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } });

const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** CLOCK_BOOTTIME - CLOCK_MONOTONIC, nanoseconds. */
export function suspendedNs(): number {
  return Math.max(0, readClock(CLOCK_BOOTTIME) - readClock(CLOCK_MONOTONIC));
}

function readClock(clock: number): number {
  const time = kernelBytes(16);
  const result = attempt(() => clocks().clock_gettime(clock, time));
  orThrow(result, "clock_gettime", `clock ${clock}`);
  const view = viewOf(time);
  return Number(view.getBigInt64(0, true)) * 1e9 + Number(view.getBigInt64(8, true));
}
