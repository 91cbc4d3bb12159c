/** Folding and unfolding lines of a tree. */
import type { PaneId } from "#app/panes/pane.ts";
import { WORDS } from "#app/panes/words.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import { moveTo } from "./cursor.ts";
import type { Desk } from "./desk.ts";
import { listRows, paneStateOf, rowKindOf, type View } from "./view.ts";

/** What a line of a tree belongs to is unfolded, so that the line is seen. */
export function unfoldTo(store: ConsoleStore, view: View, pane: PaneId, id: string): void {
  const state = store.state();
  const rows = view.rows(state, pane);
  // What a filter hides no unfolding shows.
  if (state.ui.panes[pane].filter.trim() !== "" || rows.indexOf(id) >= 0) return;
  const above = rows.lineage(id);
  if (above.length === 0) return;
  const folds = new Map(state.ui.panes[pane].folds);
  for (const each of above) folds.set(each, true);
  store.dispatch({ type: "change-pane", pane, change: { folds } });
}

const foldOf = (view: View, state: ConsoleState) => view.rows(state).branchAt(paneStateOf(state).row)?.fold ?? null;

/** Unfolds the selected line; false if it is not folded. */
export function unfold(desk: Desk): boolean {
  const state = desk.store.state();
  const { cursor } = paneStateOf(state);
  if (cursor === null || foldOf(desk.view, state) !== "folded") return false;
  setFold(desk, cursor, true);
  return true;
}

/** Folds the selected line; from one that has nothing to fold to what it belongs to. */
export function fold(desk: Desk) {
  const state = desk.store.state();
  const pane = paneStateOf(state);
  if (pane.cursor === null) return;
  const rows = desk.view.rows(state);
  if (pane.filter.trim() === "" && foldOf(desk.view, state) === "open") return setFold(desk, pane.cursor, false);
  const [parent] = rows.lineage(pane.cursor);
  if (parent === undefined) {
    const { one } = WORDS[rowKindOf(state)];
    return desk.toasts.say("info", `this ${one} has nothing to fold and belongs to no other line`);
  }
  const change = { ...moveTo(pane, rows, rows.indexOf(parent), listRows(state)), detailOffset: 0 };
  desk.store.dispatch({ type: "change-pane", pane: state.ui.pane, change });
}

function setFold(desk: Desk, id: string, isOpen: boolean): void {
  const state = desk.store.state();
  const folds = new Map(paneStateOf(state).folds).set(id, isOpen);
  desk.store.dispatch({ type: "change-pane", pane: state.ui.pane, change: { folds } });
  desk.intake.settle();
}
