/** What the commands of list and detail do. */
import { PANE_LIST } from "#app/panes/table.ts";
import { ACTIONS } from "#core/act/actions.ts";
import type { CommandId } from "./commands.ts";
import { moveBy, moveTo } from "./cursor.ts";
import type { Desk } from "./desk.ts";
import { detailScroll } from "./detail-view.ts";
import { fold, unfold, unfoldTo } from "./folding.ts";
import { jumpOn, leaveScope, showMembers, showPane } from "./going.ts";
import type { Recorder } from "./recorder.ts";
import { textField } from "./text-field.ts";
import type { PaneState } from "./ui-state.ts";
import { listRows, paneOf, paneStateOf } from "./view.ts";

export function runCommand(desk: Desk, id: CommandId, key: string) {
  RUN[id]?.(desk, key);
}

type Run = (desk: Desk, key: string) => void;

const RUN: Partial<Record<CommandId, Run>> = {
  down: (desk) => move(desk, 1),
  up: (desk) => move(desk, -1),
  "page-down": (desk) => move(desk, page(desk)),
  "page-up": (desk) => move(desk, -page(desk)),
  first: (desk) => move(desk, Number.NEGATIVE_INFINITY),
  last: (desk) => move(desk, Number.POSITIVE_INFINITY),
  open,
  "open-detail": open,
  unfold: (desk) => {
    if (!unfold(desk)) open(desk);
  },
  fold,
  back,
  close: back,
  filter: (desk) => {
    const field = textField(paneStateOf(desk.store.state()).filter);
    desk.store.dispatch({ type: "push", layer: { type: "filter", field } });
  },
  sort: (desk) => {
    const state = desk.store.state();
    const row = paneOf(state).columns.findIndex((column) => column.id === paneStateOf(state).sort.column);
    desk.store.dispatch({ type: "push", layer: { type: "sort", row: Math.max(0, row) } });
  },
  "next-pane": (desk) => stepPane(desk, 1),
  "previous-pane": (desk) => stepPane(desk, -1),
  pane: (desk, key) => {
    const pane = PANE_LIST[Number(key) - 1];
    if (pane) showPane(desk, pane.id);
    else if (key !== "") desk.toasts.say("info", `there is no pane ${key}: the last is ${PANE_LIST.length}`);
  },
  members: showMembers,
  "add-member": (desk) => desk.acts.begin(ACTIONS["member.add"], null),
  "take-over": (desk) => desk.acts.takeOver(paneStateOf(desk.store.state()).cursor),
  "edit-policy": (desk) => desk.acts.editPolicy(paneStateOf(desk.store.state()).cursor),
  jump: jumpOn,
  refresh: (desk) => desk.refresh(),
  freeze: (desk) => {
    desk.store.dispatch({ type: "frozen", isFrozen: !desk.store.state().ui.isFrozen });
    desk.intake.now();
  },
  undo: (desk) => desk.acts.undo(),
  help: (desk) => desk.store.dispatch({ type: "push", layer: { type: "help", field: textField(), row: 0 } }),
  quit,
  record: (desk) => withRecorder(desk, (recorder) => recorder.toggle()),
  "write-last": (desk) => withRecorder(desk, (recorder) => recorder.writeLast()),
  suspend: (desk) => desk.suspend(),
};

function withRecorder(desk: Desk, use: (recorder: Recorder) => void) {
  if (desk.recorder) use(desk.recorder);
  else desk.toasts.say("info", desk.replay ? "a playback is a recording already" : "nothing can be recorded here");
}

function open(desk: Desk) {
  if (paneStateOf(desk.store.state()).cursor !== null) changePane(desk, { isDetailOpen: true, detailOffset: 0 });
}

export function changePane(desk: Desk, change: Partial<PaneState>): void {
  desk.store.dispatch({ type: "change-pane", pane: desk.store.state().ui.pane, change });
}

/** In the detail the text moves, in the list the cursor. */
function move(desk: Desk, delta: number) {
  const state = desk.store.state();
  const pane = paneStateOf(state);
  if (pane.isDetailOpen) {
    const detailOffset = Math.max(0, Math.min(detailScroll(desk.skin, state), pane.detailOffset + delta));
    return changePane(desk, { detailOffset });
  }
  moveCursor(desk, delta);
}

export function moveCursor(desk: Desk, delta: number): void {
  const state = desk.store.state();
  const rows = desk.view.rows(state);
  const pane = paneStateOf(state);
  const height = listRows(state);
  const place = Number.isFinite(delta)
    ? moveBy(pane, rows, delta, height)
    : moveTo(pane, rows, delta > 0 ? rows.ids.length - 1 : 0, height);
  changePane(desk, place.cursor === pane.cursor ? place : { ...place, detailOffset: 0 });
}

const page = (desk: Desk) => Math.max(1, listRows(desk.store.state()) - 1);

function stepPane(desk: Desk, step: number) {
  const at = PANE_LIST.findIndex(({ id }) => id === desk.store.state().ui.pane);
  const next = PANE_LIST[(at + step + PANE_LIST.length) % PANE_LIST.length];
  if (next) showPane(desk, next.id);
}

/** One step: what runs is asked to stop, else the detail closes, the filter is cleared, the group is left. */
function back(desk: Desk) {
  const pane = paneStateOf(desk.store.state());
  if (desk.acts.cancel(pane.cursor)) return desk.toasts.say("info", "asked to cancel; what was done stays done");
  if (pane.isDetailOpen) return changePane(desk, { isDetailOpen: false });
  if (pane.filter !== "") return setFilter(desk, "");
  leaveScope(desk);
}

export function setFilter(desk: Desk, filter: string): void {
  changePane(desk, { filter });
  const state = desk.store.state();
  const { cursor } = paneStateOf(state);
  // A match that a fold would hide again keeps the cursor.
  if (cursor !== null) unfoldTo(desk.store, desk.view, state.ui.pane, cursor);
  desk.intake.settle();
}

function quit(desk: Desk) {
  const { ui } = desk.store.state();
  if (ui.panes[ui.pane].isDetailOpen) return changePane(desk, { isDetailOpen: false });
  const [running] = ui.running.values();
  const question = running ? `${running.verb} of ${running.label} is still running: q again leaves it alone` : null;
  if (question !== null && ui.toast?.text !== question) return desk.toasts.say("warn", question);
  desk.leave(0);
}
