/** When this machine started, and which start it was: start times of processes mean something only within one. */
import { readBootId } from "#ffi/boot-id.ts";
import { bootTimeMs, clockTicksPerSecond } from "#ffi/procfs.ts";

export interface Boot {
  /** "" where it is not told. */
  readonly id: string;
  readonly startMs: number;
  readonly ticksPerSecond: number;
}

export function readBoot(procRoot: string): Boot {
  return { id: readBootId(procRoot), startMs: bootTimeMs(procRoot), ticksPerSecond: clockTicksPerSecond() };
}

/** Wall clock of a start time, milliseconds; null where the start of the machine is not told. */
export function startedMs(boot: Boot, startTicks: string): number | null {
  return boot.startMs === 0 ? null : boot.startMs + Math.round((Number(startTicks) / boot.ticksPerSecond) * 1000);
}
