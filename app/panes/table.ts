/** All panes, in the order of their tabs. A new kind adds one line. */
import type { Kind } from "#core/model/kinds.ts";
import { CATEGORIES_PANE } from "./categories.ts";
import { DAEMONS_PANE } from "./daemons.ts";
import { EVENTS_PANE } from "./events.ts";
import { MEMBERS_PANE } from "./members.ts";
import type { Pane } from "./pane.ts";

export const PANES: { readonly [K in Kind]: Pane<K> } = {
  daemons: DAEMONS_PANE,
  categories: CATEGORIES_PANE,
  members: MEMBERS_PANE,
  events: EVENTS_PANE,
};

export const PANE_LIST: readonly Pane[] = Object.values(PANES);
