/** JSON of what many clients are sent: made once for each thing, however many ask for it. */
import type { Kind } from "#core/model/kinds.ts";
import type { SourceEvent } from "#core/model/source.ts";
import type { Shelf, Snapshot } from "#core/store/snapshot.ts";

const shelves = new WeakMap<object, string>();
const events = new WeakMap<object, string>();

/** `nowMs` is of the clock that `staleSinceMs` is of. */
export function snapshotText(snapshot: Snapshot, kinds: readonly Kind[], nowMs: number): string {
  const { seq, atMs, node } = snapshot;
  const head = JSON.stringify({ seq, atMs, nowMs, node });
  const parts = [...new Set(kinds)].map((kind) => `"${kind}":${shelfText(snapshot.shelves[kind])}`);
  return `${head.slice(0, -1)},"shelves":{${parts.join(",")}}}`;
}

/** A shelf is frozen: as long as it is the same one, so is its text. */
function shelfText(shelf: Shelf<unknown>): string {
  return remembered(shelves, shelf, () => {
    const { status, error, staleSinceMs, warnings, items } = shelf;
    return JSON.stringify({ status, error, staleSinceMs, warnings, items: [...items.values()] });
  });
}

export function sourceEventText(event: SourceEvent): string {
  return remembered(events, event, () => JSON.stringify(event));
}

function remembered<T extends object>(texts: WeakMap<object, string>, thing: T, make: () => string): string {
  let text = texts.get(thing);
  if (text === undefined) {
    text = make();
    texts.set(thing, text);
  }
  return text;
}
