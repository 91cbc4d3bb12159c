/** How many items of a pane need somebody: counted once for each new set of items, not for each frame. */
import type { Pane } from "#app/panes/pane.ts";
import type { Items, Kind } from "#core/model/kinds.ts";

export interface Alarms {
  readonly errors: number;
  readonly warnings: number;
}

type Shelved = ReadonlyMap<string, Items[Kind]>;

const counted = new WeakMap<Shelved, Alarms>();

export function alarmsOf(pane: Pane, items: Shelved): Alarms {
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
