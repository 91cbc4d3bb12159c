/** Whether a process of /proc can be the one whose fork was told at a time: field 22 of proc_pid_stat(5) has no more than ticks. */
import { suspendedNs } from "#ffi/boot-clock.ts";
import { clockTicksPerSecond } from "#ffi/procfs.ts";

/**
 * The start is taken down before the fork is told, and the forking thread may have stood still in between. A pid comes round
 * in half a second at the earliest.
 */
const EARLIER_NS = 300e6;
const TICK_NS = 1e9 / 100;

/** `timeNs`: CLOCK_MONOTONIC of the fork. */
export function bornAt(startTicks: string, timeNs: number): boolean {
  const startNs = (Number(startTicks) / clockTicksPerSecond()) * 1e9 - suspendedNs();
  return startNs <= timeNs + TICK_NS && startNs + TICK_NS >= timeNs - EARLIER_NS;
}
