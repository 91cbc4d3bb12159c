/** Questions asked of a snapshot by more than one looker. */
import type { MusterEvent } from "#core/model/event.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Shelf, Snapshot } from "./snapshot.ts";

/** Wall clock since which a shelf has had nothing fresh; null while it is fresh. A fixed moment, so it does not tick. */
export function staleSinceWallMs(shelf: Shelf<unknown>, nowMs: number, wallMs: number): number | null {
  return shelf.staleSinceMs === null ? null : wallMs - (nowMs - shelf.staleSinceMs);
}

export function itemOf<K extends Kind>(snapshot: Snapshot, kind: K, id: string): Items[K] | undefined {
  return snapshot.shelves[kind].items.get(id) as Items[K] | undefined;
}

/** The same of an item that is of one of several kinds. */
export function itemAmong(snapshot: Snapshot, kinds: readonly Kind[], id: string): Items[Kind] | undefined {
  for (const kind of kinds) {
    const item = itemOf(snapshot, kind, id);
    if (item) return item;
  }
  return undefined;
}

/** The newest events first, at most `limit`. Maps keep the order of arrival. */
export function newestEvents(snapshot: Snapshot, limit: number): readonly MusterEvent[] {
  const events = [...snapshot.shelves.events.items.values()];
  return events.slice(Math.max(0, events.length - limit)).reverse();
}

/** What was loaded of one item's past and what has come since, newest first, each event once. */
export function historyOf(snapshot: Snapshot, target: string, loaded: readonly MusterEvent[]): readonly MusterEvent[] {
  const byId = new Map(loaded.map((event) => [event.id, event]));
  for (const event of snapshot.shelves.events.items.values()) {
    if (event.target === target) byId.set(event.id, event);
  }
  return [...byId.values()].sort((a, b) => (a.at === b.at ? compareIds(b.id, a.id) : a.at < b.at ? 1 : -1));
}

/** Ids of events end in a number: 9 comes before 10. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
