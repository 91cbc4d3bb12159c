/** An action record: what the key of the action would do on the line of its item, whatever the keys are. */

import type { Desk } from "#app/console/desk.ts";
import { showPane } from "#app/console/going.ts";
import { paneStateOf } from "#app/console/view.ts";
import { paneOfKind } from "#app/panes/table.ts";
import type { ActionSpec } from "#core/act/actions.ts";
import { wholeId } from "./whole-id.ts";

/** Without an id it is the selected line's, as with a key. */
export function begin(desk: Desk, action: ActionSpec, id: string | null, node: string): void {
  const pane = paneOfKind(action.kind).id;
  if (desk.store.state().ui.pane !== pane) showPane(desk, pane);
  const own = id === null ? paneStateOf(desk.store.state()).cursor : wholeId(id, node);
  desk.acts.begin(action, own);
}
