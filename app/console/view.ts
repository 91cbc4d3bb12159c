/** What follows from the state: layout, rows, the selected item, the context of the keys. Nothing here is stored. */
import { type DrawContext, PANE_IDS, type Pane, type PaneId } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemAmong, itemOf } from "#core/store/select.ts";
import type { Shelf, Snapshot } from "#core/store/snapshot.ts";
import type { Context } from "./commands.ts";
import type { ConsoleState } from "./console-store.ts";
import { type Layout, layout, listHeight } from "./layout.ts";
import { createRowSource, type RowSource, type Rows } from "./rows.ts";
import { type PaneState, topLayer } from "./ui-state.ts";

export interface View {
  rows(state: ConsoleState, pane?: PaneId): Rows;
}

export function createView(): View {
  const sources = Object.fromEntries(PANE_IDS.map((id) => [id, createRowSource(PANES[id])])) as Record<
    PaneId,
    RowSource
  >;
  return {
    rows(state, pane = state.ui.pane) {
      const { filter, sort, scope, folds } = state.ui.panes[pane];
      const screenful = listRows(state, pane);
      return sources[pane].rows(state.shown, { filter, sort, scope: scope?.name ?? null, folds, screenful });
    },
  };
}

export const paneOf = (state: ConsoleState): Pane => PANES[state.ui.pane];

export const paneStateOf = (state: ConsoleState): PaneState => state.ui.panes[state.ui.pane];

export function layoutOf(state: ConsoleState): Layout {
  const { isDetailOpen } = paneStateOf(state);
  return layoutWith(state, state.ui.pane, isDetailOpen);
}

function layoutWith(state: ConsoleState, pane: PaneId, isDetailOpen: boolean): Layout {
  const { isListWide } = PANES[pane];
  return layout({
    size: state.size,
    isDetailOpen,
    isEventsPane: pane === "events",
    isListWide,
    hasTransport: state.transport !== null,
  });
}

/** Rows of items the list has or would have: it stays the same while the detail stands in its place. */
export function listRows(state: ConsoleState, pane = state.ui.pane): number {
  const place = layoutWith(state, pane, false);
  return place.kind === "full" && place.list ? listHeight(place.list) : 1;
}

export function selectedItem(state: ConsoleState): Items[Kind] | undefined {
  const { cursor } = paneStateOf(state);
  return cursor === null ? undefined : itemIn(state.shown, paneOf(state), cursor);
}

/** An item of any of the kinds that a pane shows. */
export const itemIn = (snapshot: Snapshot, pane: Pane, id: string): Items[Kind] | undefined =>
  itemAmong(snapshot, pane.kinds, id);

/** The kind of the selected line: it decides what keys do. */
export function rowKindOf(state: ConsoleState): Kind {
  const pane = paneOf(state);
  const { cursor } = paneStateOf(state);
  const own = pane.kinds.find((kind) => cursor !== null && itemOf(state.shown, kind, cursor) !== undefined);
  return own ?? pane.kinds[0] ?? pane.counted;
}

export const shelvesOf = (snapshot: Snapshot, pane: Pane): readonly Shelf<Items[Kind]>[] =>
  pane.kinds.map((kind) => snapshot.shelves[kind]);

export const itemCount = (snapshot: Snapshot, pane: Pane): number =>
  shelvesOf(snapshot, pane).reduce((sum, { items }) => sum + items.size, 0);

/** What cells and details are drawn from. */
export const drawContextOf = ({ shown, samples }: ConsoleState): DrawContext => ({
  atMs: shown.atMs,
  snapshot: shown,
  samples,
});

/** What the keys mean now. */
export function contextOf(state: ConsoleState): Context {
  return topLayer(state.ui)?.type ?? baseContext(state);
}

export function baseContext(state: ConsoleState): "list" | "detail" {
  return paneStateOf(state).isDetailOpen ? "detail" : "list";
}
