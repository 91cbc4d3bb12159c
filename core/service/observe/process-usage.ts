/** CPU and memory of the processes that are on a screen, a sample a second; nobody else's /proc is read. */
import type { Clock } from "#core/model/clock.ts";
import type { Usage } from "#core/model/daemon.ts";
import { clockTicksPerSecond, pageSize, readProcessStat } from "#ffi/procfs.ts";

interface Sample {
  readonly atMs: number;
  readonly usage: Usage;
}

export class ProcessUsage {
  readonly #clock: Clock;
  readonly #procRoot: string;
  readonly #samples = new Map<string, Sample>();

  constructor(clock: Clock, procRoot: string) {
    this.#clock = clock;
    this.#procRoot = procRoot;
  }

  /** As last sampled. */
  of(id: string): Usage | null {
    return this.#samples.get(id)?.usage ?? null;
  }

  /** null for what does not run. The share of the CPU is null the first time. */
  sample(id: string, pid: number, startTicks: string): Usage | null {
    const stat = readProcessStat(this.#procRoot, pid);
    if (!stat || stat.startTicks !== startTicks) {
      this.#samples.delete(id);
      return null;
    }
    const before = this.#samples.get(id);
    const atMs = this.#clock.nowMs();
    const cpuSeconds = (stat.userTicks + stat.systemTicks) / clockTicksPerSecond();
    const usage = {
      cpuPercent: before ? cpuPercent(cpuSeconds - before.usage.cpuSeconds, atMs - before.atMs) : null,
      cpuSeconds,
      memoryBytes: stat.residentPages * pageSize(),
    };
    this.#samples.set(id, { atMs, usage });
    return usage;
  }

  /** Those no longer on a screen begin anew when they come back. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#samples.keys()) if (!ids.has(id)) this.#samples.delete(id);
  }
}

/** Of one core. */
export function cpuPercent(cpuSeconds: number, elapsedMs: number): number | null {
  if (elapsedMs <= 0) return null;
  return Math.round(Math.max(0, (cpuSeconds * 100_000) / elapsedMs) * 10) / 10;
}
