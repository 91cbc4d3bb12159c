/** Where source events become snapshots: a queue, the reducer, and the listeners. Events of one moment make one batch. */
import type { Clock } from "#core/model/clock.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot, type Snapshot } from "#core/store/snapshot.ts";
import type { Change } from "./service.ts";

/**
 * After a snapshot the next one waits so long: a storm costs a bounded number of them a second. What comes after a quiet
 * time is shown as soon as the loop turns.
 */
const COALESCE_MS = 20;

export class Publisher {
  readonly #clock: Clock;
  readonly #listeners = new Set<{ kinds: readonly Kind[]; listener: (change: Change) => void }>();
  #snapshot: Snapshot;
  #queue: SourceEvent[] = [];
  #cancelTimer: (() => void) | null = null;
  #flushedMs = Number.NEGATIVE_INFINITY;

  constructor(node: string, clock: Clock) {
    this.#clock = clock;
    this.#snapshot = emptySnapshot(node);
  }

  /** With everything that was published so far. */
  snapshot(): Snapshot {
    this.flush();
    return this.#snapshot;
  }

  publish(...events: readonly SourceEvent[]): void {
    if (events.length === 0) return;
    this.#queue.push(...events);
    if (this.#cancelTimer) return;
    const waitMs = Math.max(0, this.#flushedMs + COALESCE_MS - this.#clock.nowMs());
    this.#cancelTimer = this.#clock.setTimer(waitMs, () => this.flush());
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#queue.length === 0) return;
    const batch = this.#queue;
    this.#queue = [];
    this.#flushedMs = this.#clock.nowMs();
    this.#snapshot = reduce(this.#snapshot, batch, this.#clock.wallMs());
    const change: Change = { snapshot: this.#snapshot, batch };
    for (const { kinds, listener } of [...this.#listeners]) {
      if (batch.some((event) => kinds.includes(event.src))) listener(change);
    }
  }

  subscribe(kinds: readonly Kind[], listener: (change: Change) => void): () => void {
    const entry = { kinds, listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  close(): void {
    this.flush();
    this.#listeners.clear();
  }
}
