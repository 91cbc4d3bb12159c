/** All panes, in the order of their tabs. A new one adds one line. */
import { MusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kinds.ts";
import { AGGREGATES_PANE } from "./aggregates.ts";
import { CATEGORIES_PANE } from "./categories.ts";
import { CONTAINERS_PANE } from "./containers.ts";
import { DAEMONS_PANE } from "./daemons.ts";
import { EVENTS_PANE } from "./events.ts";
import { MEMBERS_PANE } from "./members.ts";
import { PANE_IDS, type Pane, type PaneId } from "./pane.ts";
import { POWER_PANE } from "./power.ts";

export const PANES: { readonly [P in PaneId]: Pane } = {
  daemons: DAEMONS_PANE,
  categories: CATEGORIES_PANE,
  members: MEMBERS_PANE,
  aggregates: AGGREGATES_PANE,
  power: POWER_PANE,
  containers: CONTAINERS_PANE,
  events: EVENTS_PANE,
};

export const PANE_LIST: readonly Pane[] = PANE_IDS.map((id) => PANES[id]);

const BY_KIND = new Map(PANE_LIST.flatMap((pane) => pane.kinds.map((kind) => [kind, pane] as const)));

/** The one pane that shows items of that kind. */
export function paneOfKind(kind: Kind): Pane {
  const pane = BY_KIND.get(kind);
  if (!pane) throw new MusterError("INTERNAL", `no pane shows ${kind}`);
  return pane;
}
