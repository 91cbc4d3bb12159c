/** From one pane into another: to the members of a category, to the same process, to what an event is about. */
import type { Jump, PaneId, Place } from "#app/panes/pane.ts";
import { PANES, paneOfKind } from "#app/panes/table.ts";
import { WORDS } from "#app/panes/words.ts";
import type { Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { unfoldTo } from "./folding.ts";
import type { PaneState } from "./ui-state.ts";
import { paneOf, paneStateOf, rowKindOf, selectedItem } from "./view.ts";

export function showPane(desk: Desk, pane: PaneId): void {
  desk.store.dispatch({ type: "pane", pane });
  desk.intake.settle();
}

/** The members of the selected category. Esc leads back. */
export function showMembers(desk: Desk): void {
  const item = selectedItem(desk.store.state());
  if (item?.kind !== "Category") {
    desk.toasts.say("info", "no category is selected");
    return;
  }
  const scope = { name: item.name, from: "categories" } as const;
  const place = { cursor: null, row: 0, offset: 0, isDetailOpen: false };
  desk.store.dispatch({ type: "change-pane", pane: "members", change: { scope, filter: "", ...place } });
  showPane(desk, "members");
}

/** Back out of a group into the pane it was chosen in; false if no group is shown. */
export function leaveScope(desk: Desk): boolean {
  const state = desk.store.state();
  const { scope } = paneStateOf(state);
  if (scope === null) return false;
  desk.store.dispatch({ type: "change-pane", pane: state.ui.pane, change: { scope: null } });
  showPane(desk, scope.from);
  return true;
}

function jumpOf(state: ConsoleState): Jump {
  const item = selectedItem(state);
  const pane = paneOf(state);
  const { one } = WORDS[rowKindOf(state)];
  if (item === undefined) return { reason: `no ${one} is selected` };
  return pane.jump?.(item, state.shown) ?? { reason: `a ${one} leads nowhere` };
}

/** Why the selected item leads nowhere; null if it leads somewhere. */
export function whyNoJump(state: ConsoleState): string | null {
  const jump = jumpOf(state);
  return "reason" in jump ? jump.reason : null;
}

export function jumpOn(desk: Desk): void {
  const state = desk.store.state();
  const jump = jumpOf(state);
  if ("reason" in jump) desk.toasts.say("info", jump.reason);
  else if ("places" in jump) {
    const item = selectedItem(state);
    const title = `From ${item ? paneOf(state).label(item) : "here"} to`;
    desk.store.dispatch({ type: "push", layer: { type: "places", title, places: jump.places, row: 0 } });
  } else showItem(desk, jump.kind, jump.id);
}

/** To one of several places; what has ended since they were told is not gone to. */
export function goTo(desk: Desk, { kind, id, label }: Place): void {
  if (itemOf(desk.store.state().shown, kind, id)) showItem(desk, kind, id);
  else desk.toasts.say("info", `${label} is gone meanwhile`);
}

/** Where somebody was. */
export interface Whereabouts {
  readonly pane?: PaneId;
  readonly filter?: string;
  readonly cursor?: string;
  readonly isDetailOpen?: boolean;
}

/** To where somebody was, as far as it is told and still there. */
export function returnTo(desk: Desk, { pane, filter, cursor, isDetailOpen }: Whereabouts): void {
  const { store, view, intake } = desk;
  intake.now();
  if (pane !== undefined) showPane(desk, pane);
  const change = (each: Partial<PaneState>) =>
    store.dispatch({ type: "change-pane", pane: store.state().ui.pane, change: each });
  if (filter !== undefined) change({ filter });
  if (cursor !== undefined) {
    unfoldTo(store, view, store.state().ui.pane, cursor);
    selectRow(desk, store.state().ui.pane, cursor);
  }
  if (isDetailOpen !== undefined) change({ isDetailOpen, detailOffset: 0 });
  intake.settle();
}

/** The cursor on that item; what would hide it is taken away. */
function showItem(desk: Desk, kind: Kind, id: string): void {
  const { store, view } = desk;
  const { id: pane } = paneOfKind(kind);
  if (view.rows(store.state(), pane).indexOf(id) < 0) {
    store.dispatch({ type: "change-pane", pane, change: { filter: "", scope: null } });
    unfoldTo(store, view, pane, id);
  }
  store.dispatch({ type: "change-pane", pane, change: { isDetailOpen: false, detailOffset: 0 } });
  selectRow(desk, pane, id);
  showPane(desk, pane);
}

function selectRow({ store, view }: Desk, pane: PaneId, cursor: string): void {
  store.dispatch({ type: "change-pane", pane, change: { cursor } });
  // A chronicle that stands on its newest entry would stay there.
  const row = view.rows(store.state(), pane).indexOf(cursor);
  if (PANES[pane].isChronicle && row > 0) store.dispatch({ type: "change-pane", pane, change: { row } });
}
