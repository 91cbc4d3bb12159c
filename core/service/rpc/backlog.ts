/**
 * What one subscriber has not been sent yet. Latest wins for each item, so it is bounded by the number of items however
 * long the client does not read; beyond a limit the whole kind is sent anew. Events of the kind `events` are no states:
 * of those the oldest are dropped and counted.
 */
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { WAITING_EVENTS, WAITING_ITEMS } from "./limits.ts";

interface Waiting {
  /** All of the kind is to be sent anew. */
  isReset: boolean;
  readonly items: Map<string, SourceEvent>;
  /** `unavailable` or `stale`: comes after the items. */
  state: SourceEvent | null;
}

export class Backlog {
  readonly #kinds: ReadonlyMap<Kind, Waiting>;
  #dropped = 0;

  constructor(kinds: readonly Kind[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind, { isReset: false, items: new Map(), state: null }]));
  }

  get isEmpty(): boolean {
    if (this.#dropped > 0) return false;
    for (const { isReset, items, state } of this.#kinds.values()) {
      if (isReset || items.size > 0 || state !== null) return false;
    }
    return true;
  }

  /** Changes that wait. */
  get size(): number {
    let size = 0;
    for (const { items } of this.#kinds.values()) size += items.size;
    return size;
  }

  add(batch: readonly SourceEvent[]): void {
    for (const event of batch) {
      const waiting = this.#kinds.get(event.src);
      if (waiting) this.#put(waiting, event);
    }
  }

  /** Events left out since this was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** At most about `limit` of them, in an order in which they can be reduced. `snapshot` is the newest. */
  take(snapshot: Snapshot, limit: number): SourceEvent[] {
    const taken: SourceEvent[] = [];
    for (const [kind, waiting] of this.#kinds) {
      if (waiting.isReset) {
        taken.push(...wholeOf(snapshot, kind));
        waiting.isReset = false;
        waiting.state = null;
      }
      for (const [key, event] of waiting.items) {
        if (taken.length >= limit) return taken;
        taken.push(event);
        waiting.items.delete(key);
      }
      if (waiting.state) taken.push(waiting.state);
      waiting.state = null;
    }
    return taken;
  }

  #put(waiting: Waiting, event: SourceEvent): void {
    switch (event.op) {
      case "reset":
        waiting.items.clear();
        waiting.state = null;
        waiting.isReset = true;
        return;
      case "unavailable":
      case "stale":
        waiting.state = event;
        return;
      default:
        // What is sent anew is read off the newest snapshot, where this is in already.
        if (waiting.isReset) return;
        if (waiting.state?.op === "stale") waiting.state = null;
        putItem(waiting.items, event);
        this.#bound(waiting, event.src);
    }
  }

  #bound(waiting: Waiting, kind: Kind): void {
    if (kind === "events") {
      for (const id of waiting.items.keys()) {
        if (waiting.items.size <= WAITING_EVENTS) return;
        waiting.items.delete(id);
        this.#dropped++;
      }
    } else if (waiting.items.size > WAITING_ITEMS) {
      waiting.items.clear();
      waiting.isReset = true;
    }
  }
}

function putItem(items: Map<string, SourceEvent>, event: Extract<SourceEvent, { op: "upsert" | "remove" | "sample" }>) {
  const id = event.op === "upsert" ? event.item.id : event.id;
  const before = items.get(id);
  if (event.op !== "sample" || before?.op !== "upsert") items.set(id, event);
  // The item that waits is sent with its newest sample.
  else if ("usage" in before.item)
    items.set(id, { ...before, item: { ...before.item, usage: event.usage } } as SourceEvent);
}

/** What makes a subscriber's kind the same as ours, whatever it was. */
function wholeOf({ shelves }: Snapshot, kind: Kind): SourceEvent[] {
  const { status, error, staleSinceMs, items, warnings } = shelves[kind];
  if (status === "loading") return [];
  const whole: SourceEvent[] = [{ src: kind, op: "reset", items: [...items.values()], warnings } as SourceEvent];
  if (status === "failed" && error) whole.push({ src: kind, op: "unavailable", error });
  if (staleSinceMs !== null) whole.push({ src: kind, op: "stale", sinceMs: staleSinceMs });
  return whole;
}
