/** One number for all that is known: two playbacks that end in the same state end in the same digest. */
import { createHash } from "node:crypto";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Snapshot } from "#core/store/snapshot.ts";

/** Of items, states of sources and warnings; not of the number of batches and the time of the last. */
export function digestOf({ shelves }: Snapshot): string {
  const hash = createHash("sha256");
  for (const kind of KIND_NAMES) {
    const { status, error, items, warnings } = shelves[kind];
    hash.update(JSON.stringify([kind, status, error, warnings]));
    for (const id of [...items.keys()].sort()) hash.update(JSON.stringify(ordered(items.get(id))));
  }
  return hash.digest("hex");
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]));
}
