/** What follows from the state: layout, rows, the selected item, the context of the keys. Nothing here is stored. */
import type { Pane } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { Context } from "./commands.ts";
import type { ConsoleState } from "./console-store.ts";
import { type Layout, layout, listHeight } from "./layout.ts";
import { createRowSource, type RowSource, type Rows } from "./rows.ts";
import { type PaneState, topLayer } from "./ui-state.ts";

export interface View {
  rows(state: ConsoleState, kind?: Kind): Rows;
}

export function createView(): View {
  const sources = new Map<Kind, RowSource>(KIND_NAMES.map((kind) => [kind, createRowSource(PANES[kind] as Pane)]));
  return {
    rows(state, kind = state.ui.pane) {
      const source = sources.get(kind) ?? createRowSource(PANES[kind] as Pane);
      const { filter, sort, scope } = state.ui.panes[kind];
      return source.rows(state.shown.shelves[kind].items, filter, sort, scope?.name ?? null);
    },
  };
}

export const paneOf = (state: ConsoleState): Pane => PANES[state.ui.pane] as Pane;

export const paneStateOf = (state: ConsoleState): PaneState => state.ui.panes[state.ui.pane];

export function layoutOf(state: ConsoleState): Layout {
  const { isDetailOpen } = paneStateOf(state);
  return layoutWith(state, isDetailOpen);
}

function layoutWith(state: ConsoleState, isDetailOpen: boolean): Layout {
  const { isListWide } = paneOf(state);
  return layout({ size: state.size, isDetailOpen, isEventsPane: state.ui.pane === "events", isListWide });
}

/** Rows of items the list has or would have: it stays the same while the detail stands in its place. */
export function listRows(state: ConsoleState): number {
  const place = layoutWith(state, false);
  return place.kind === "full" && place.list ? listHeight(place.list) : 1;
}

export function selectedItem(state: ConsoleState): Items[Kind] | undefined {
  const { cursor } = paneStateOf(state);
  return cursor === null ? undefined : itemOf(state.shown, state.ui.pane, cursor);
}

/** What the keys mean now. */
export function contextOf(state: ConsoleState): Context {
  return topLayer(state.ui)?.type ?? baseContext(state);
}

export function baseContext(state: ConsoleState): "list" | "detail" {
  return paneStateOf(state).isDetailOpen ? "detail" : "list";
}
