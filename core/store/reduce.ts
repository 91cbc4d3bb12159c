/** snapshot + source events -> next snapshot. Pure; a batch costs one copy of each kind's map that it touches. */
import type { Items, Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Shelf, Shelves, Snapshot } from "./snapshot.ts";

/** Events shown at once; older ones stay in the journal. */
const KEPT_EVENTS = 2000;

type AnyItem = Items[Kind] & { readonly id: string };

interface Draft {
  shelf: Shelf<AnyItem>;
  /** The copy that this batch writes to; null as long as it wrote nothing. */
  items: Map<string, AnyItem> | null;
}

export function reduce(snapshot: Snapshot, batch: readonly SourceEvent[], atMs: number): Snapshot {
  if (batch.length === 0) return snapshot;
  const drafts = new Map<Kind, Draft>();
  for (const event of batch) apply(draftOf(drafts, snapshot.shelves, event.src), event);
  const shelves: Record<string, Shelf<AnyItem>> = { ...snapshot.shelves } as Record<string, Shelf<AnyItem>>;
  for (const [kind, draft] of drafts) {
    if (kind === "events" && draft.items) dropOldest(draft.items, KEPT_EVENTS);
    shelves[kind] = Object.freeze({ ...draft.shelf, items: draft.items ?? draft.shelf.items });
  }
  return Object.freeze({
    seq: snapshot.seq + 1,
    atMs,
    node: snapshot.node,
    shelves: Object.freeze(shelves) as unknown as Shelves,
  });
}

function draftOf(drafts: Map<Kind, Draft>, shelves: Shelves, kind: Kind): Draft {
  let draft = drafts.get(kind);
  if (!draft) {
    draft = { shelf: shelves[kind] as Shelf<AnyItem>, items: null };
    drafts.set(kind, draft);
  }
  return draft;
}

function apply(draft: Draft, event: SourceEvent): void {
  const writable = () => {
    draft.items ??= new Map(draft.shelf.items);
    return draft.items;
  };
  switch (event.op) {
    case "reset":
      draft.items = new Map(event.items.map((item) => [item.id, Object.freeze(item)]));
      draft.shelf = {
        ...draft.shelf,
        status: "ready",
        error: null,
        staleSinceMs: null,
        warnings: event.warnings ?? [],
      };
      return;
    case "upsert":
      writable().set(event.item.id, Object.freeze(event.item));
      if (draft.shelf.staleSinceMs !== null) draft.shelf = { ...draft.shelf, staleSinceMs: null };
      return;
    case "remove":
      if ((draft.items ?? draft.shelf.items).has(event.id)) writable().delete(event.id);
      return;
    case "sample": {
      const item = (draft.items ?? draft.shelf.items).get(event.id);
      if (item && "usage" in item) writable().set(event.id, Object.freeze({ ...item, usage: event.usage }));
      return;
    }
    case "unavailable":
      draft.shelf = { ...draft.shelf, status: "failed", error: event.error };
      return;
    case "stale":
      draft.shelf = { ...draft.shelf, staleSinceMs: event.sinceMs };
      return;
  }
}

/** Maps keep the order of insertion, so the first keys are the oldest. */
function dropOldest(items: Map<string, unknown>, keep: number): void {
  for (const id of items.keys()) {
    if (items.size <= keep) return;
    items.delete(id);
  }
}
