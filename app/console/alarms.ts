/** How many items of a pane need somebody: counted once for each new set of items, not for each frame. */
import type { Pane } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { shelvesOf } from "./view.ts";

export interface Alarms {
  readonly errors: number;
  readonly warnings: number;
}

type Shelved = ReadonlyMap<string, Items[Kind]>;

export function alarmsOf(pane: Pane, snapshot: Snapshot): Alarms {
  const each = shelvesOf(snapshot, pane).map(({ items }) => alarmsAmong(pane, items));
  return {
    errors: each.reduce((sum, { errors }) => sum + errors, 0),
    warnings: each.reduce((sum, { warnings }) => sum + warnings, 0),
  };
}

const counted = new WeakMap<Shelved, Alarms>();

function alarmsAmong(pane: Pane, items: Shelved): Alarms {
  let alarms = counted.get(items);
  if (alarms === undefined) {
    alarms = count(pane, items);
    counted.set(items, alarms);
  }
  return alarms;
}

function count(pane: Pane, items: Shelved): Alarms {
  let errors = 0;
  let warnings = 0;
  for (const item of items.values()) {
    const alarm = pane.alarm(item);
    if (alarm === "error") errors++;
    else if (alarm === "warn") warnings++;
  }
  return { errors, warnings };
}
