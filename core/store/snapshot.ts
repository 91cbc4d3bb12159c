/** The frozen picture of everything at one moment. Panes, documents and streams read this and nothing else. */
import type { ErrorRecord } from "#core/model/error.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Warning } from "#core/model/source.ts";

/** One kind's items and how its source is. A failed source keeps the items it had. */
export interface Shelf<T> {
  readonly status: "loading" | "ready" | "failed";
  readonly error: ErrorRecord | null;
  /** Monotonic milliseconds since which nothing fresh has come; null while it is fresh. */
  readonly staleSinceMs: number | null;
  readonly items: ReadonlyMap<string, T>;
  readonly warnings: readonly Warning[];
}

export type Shelves = { readonly [K in Kind]: Shelf<Items[K]> };

export interface Snapshot {
  /** Grows by one with each batch of source events. */
  readonly seq: number;
  /** Wall clock of the last batch, milliseconds. */
  readonly atMs: number;
  readonly node: string;
  readonly shelves: Shelves;
}

function emptyShelf<T>(): Shelf<T> {
  return Object.freeze({
    status: "loading",
    error: null,
    staleSinceMs: null,
    items: new Map<string, T>(),
    warnings: [],
  });
}

export function emptySnapshot(node: string): Snapshot {
  const shelves: Shelves = Object.freeze({
    daemons: emptyShelf<Items["daemons"]>(),
    categories: emptyShelf<Items["categories"]>(),
    members: emptyShelf<Items["members"]>(),
    modules: emptyShelf<Items["modules"]>(),
    jobs: emptyShelf<Items["jobs"]>(),
    attachments: emptyShelf<Items["attachments"]>(),
    endpoints: emptyShelf<Items["endpoints"]>(),
    policies: emptyShelf<Items["policies"]>(),
    containers: emptyShelf<Items["containers"]>(),
    processes: emptyShelf<Items["processes"]>(),
    events: emptyShelf<Items["events"]>(),
  });
  return Object.freeze({ seq: 0, atMs: 0, node, shelves });
}
