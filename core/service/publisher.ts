/** Where source events become snapshots: a queue, the reducer, and the listeners. Events of one moment make one batch. */
import type { Clock } from "#core/model/clock.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot, type Snapshot } from "#core/store/snapshot.ts";
import type { Change } from "./service.ts";

/**
 * After a snapshot the next one waits so long: a storm costs a bounded number of them a second, and what is told one by one
 * is told at once. It waits four times as long as the last one took, so that no more than a fifth of the time goes into
 * them, however many items there are.
 */
const SHORTEST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 20;
const WAIT_PER_COST = 4;

export class Publisher {
  readonly #clock: Clock;
  readonly #listeners = new Set<{ kinds: readonly Kind[]; listener: (change: Change) => void }>();
  #snapshot: Snapshot;
  #queue: SourceEvent[] = [];
  #cancelTimer: (() => void) | null = null;
  /** Made, and not told to every listener yet, the oldest first. */
  readonly #untold: Change[] = [];
  #isTelling = false;
  /** When the next snapshot may be made. */
  #dueMs = Number.NEGATIVE_INFINITY;

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
    const waitMs = Math.max(0, this.#dueMs - this.#clock.nowMs());
    this.#cancelTimer = this.#clock.setTimer(waitMs, () => this.flush());
  }

  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#queue.length === 0) return;
    const batch = this.#queue;
    this.#queue = [];
    const begunMs = this.#clock.nowMs();
    this.#snapshot = reduce(this.#snapshot, batch, this.#clock.wallMs());
    this.#untold.push({ snapshot: this.#snapshot, batch });
    this.#tell();
    const nowMs = this.#clock.nowMs();
    const waitMs = (nowMs - begunMs) * WAIT_PER_COST;
    this.#dueMs = nowMs + Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
  }

  /**
   * A listener that takes a snapshot makes the next change, before the others have been told of this one: they are told of
   * both, one after the other. Told the other way round, an item that went would be back for them, and stay.
   */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let change = this.#untold.shift(); change; change = this.#untold.shift()) {
        for (const { kinds, listener } of [...this.#listeners]) {
          if (change.batch.some((event) => kinds.includes(event.src))) listener(change);
        }
      }
    } finally {
      this.#isTelling = false;
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
