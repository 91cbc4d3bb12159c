/**
 * Followed processes whose first thread has ended and whose others were not counted from the first on: that the end of the
 * last one will be told is not sure. So they are looked at now and then, ever more rarely.
 */
import type { Clock } from "#core/model/clock.ts";
import { hasEnded, isLeaderGone, readProcessStat } from "#ffi/procfs.ts";
import type { TrackedProcess } from "./tracked-process.ts";

export interface LingeringOptions<T> {
  readonly procRoot: string;
  readonly clock: Clock;
  /** What has been told until now counts first. */
  readonly beforeLook: () => void;
  /** It has ended, and nobody said so. */
  readonly onEnded: (process: TrackedProcess<T>) => void;
}

/** Between two looks: at first, and at the longest. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 5000;

export class Lingering<T> {
  readonly #options: LingeringOptions<T>;
  readonly #processes = new Set<TrackedProcess<T>>();
  #cancelLook: (() => void) | null = null;
  #lookMs = FIRST_LOOK_MS;

  constructor(options: LingeringOptions<T>) {
    this.#options = options;
  }

  add(process: TrackedProcess<T>): void {
    this.#processes.add(process);
    if (this.#cancelLook) return;
    this.#lookMs = FIRST_LOOK_MS;
    this.#lookLater();
  }

  delete(process: TrackedProcess<T>): void {
    this.#processes.delete(process);
    if (this.#processes.size === 0) this.clear();
  }

  clear(): void {
    this.#processes.clear();
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.setTimer(this.#lookMs, () => {
      this.#cancelLook = null;
      this.#lookMs = Math.min(this.#lookMs * 2, LONGEST_LOOK_MS);
      this.#options.beforeLook();
      for (const process of [...this.#processes]) this.#look(process);
      if (this.#processes.size > 0 && !this.#cancelLook) this.#lookLater();
    });
  }

  #look(process: TrackedProcess<T>): void {
    const stat = readProcessStat(this.#options.procRoot, process.pid);
    if (stat && process.isSame(stat) && !hasEnded(stat)) {
      // A thread that executes a program takes the place of the first one.
      if (!isLeaderGone(stat)) {
        process.isLeaderGone = false;
        this.delete(process);
      }
      return;
    }
    // The last event may be on its way: only what is ended for a while is ended without one.
    if (process.isDoubted) this.#options.onEnded(process);
    else process.isDoubted = true;
  }
}
