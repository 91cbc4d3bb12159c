/** From one pane into another: to the members of a category, to the same process, to what an event is about. */
import type { Jump } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import type { Kind } from "#core/model/kinds.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { paneOf, paneStateOf, selectedItem } from "./view.ts";

export function showPane(desk: Desk, kind: Kind): void {
  desk.store.dispatch({ type: "pane", pane: kind });
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
  if (item === undefined) return { reason: `no ${pane.one} is selected` };
  return pane.jump?.(item, state.shown) ?? { reason: `a ${pane.one} leads nowhere` };
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
  else showItem(desk, jump.kind, jump.id);
}

/** The cursor on that item; what would hide it is taken away. */
function showItem(desk: Desk, kind: Kind, id: string): void {
  const { store, view } = desk;
  if (view.rows(store.state(), kind).indexOf(id) < 0) {
    store.dispatch({ type: "change-pane", pane: kind, change: { filter: "", scope: null } });
  }
  const change = { cursor: id, isDetailOpen: false, detailOffset: 0 };
  store.dispatch({ type: "change-pane", pane: kind, change });
  // A chronicle that stands on its newest entry would stay there.
  const row = view.rows(store.state(), kind).indexOf(id);
  if (PANES[kind].isChronicle && row > 0) store.dispatch({ type: "change-pane", pane: kind, change: { row } });
  showPane(desk, kind);
}
