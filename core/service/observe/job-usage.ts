/** CPU and memory of the jobs that are on a screen, a sample a second. */
import type { Clock } from "#core/model/clock.ts";
import type { Usage } from "#core/model/daemon.ts";
import type { JobUsage as JobSum } from "#core/pagg/job/entry.ts";
import { cpuPercent } from "./process-usage.ts";

interface Sample {
  readonly atMs: number;
  readonly usage: Usage;
}

export class JobUsage {
  readonly #clock: Clock;
  readonly #samples = new Map<string, Sample>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As last sampled. */
  of(id: string): Usage | null {
    return this.#samples.get(id)?.usage ?? null;
  }

  /** The share of the CPU is null the first time. */
  sample(id: string, { cpuSeconds, memoryBytes }: JobSum): Usage {
    const before = this.#samples.get(id);
    const atMs = this.#clock.nowMs();
    const share = before ? cpuPercent(cpuSeconds - before.usage.cpuSeconds, atMs - before.atMs) : null;
    const usage = { cpuPercent: share, cpuSeconds, memoryBytes };
    this.#samples.set(id, { atMs, usage });
    return usage;
  }

  /** Those no longer on a screen begin anew when they come back. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#samples.keys()) if (!ids.has(id)) this.#samples.delete(id);
  }
}
