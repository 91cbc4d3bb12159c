/** How processes ended, kept until it was told: to who started them, or, once that one has left, to whoever asks. */
import type { ProcessRow, Starter } from "./process-row.ts";

export interface EndedProcess {
  readonly row: ProcessRow;
  readonly status: number;
  /** null: nobody's any more. */
  starter: Starter | null;
}

export class EndedProcesses {
  /** In the order in which they ended. A number may be there several times. */
  readonly #ended = new Set<EndedProcess>();

  add(ended: EndedProcess): void {
    this.#ended.add(ended);
  }

  /** One that is forgotten then: the starter's own before one that is nobody's. `pid` null: any. */
  take(starter: Starter, pid: number | null): EndedProcess | null {
    const ended = this.#first(starter, pid);
    if (ended) this.#ended.delete(ended);
    return ended;
  }

  has(pid: number): boolean {
    for (const { row } of this.#ended) if (row.pid === pid) return true;
    return false;
  }

  /** The starter is gone. */
  release(starter: Starter): void {
    for (const ended of this.#ended) if (ended.starter === starter) ended.starter = null;
  }

  rows(): ProcessRow[] {
    return [...this.#ended].map(({ row }) => row);
  }

  #first(starter: Starter, pid: number | null): EndedProcess | null {
    let orphan: EndedProcess | null = null;
    for (const ended of this.#ended) {
      if (pid !== null && ended.row.pid !== pid) continue;
      if (ended.starter === starter) return ended;
      if (ended.starter === null) orphan ??= ended;
    }
    return orphan;
  }
}
