/**
 * Snapshots into the store: at most four a second however many events come, none while the list is held. The cursor keeps
 * its item; if that is gone, its neighbour is selected and the operator is told once.
 */
import type { Clock } from "#core/model/clock.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Service } from "#core/service/service.ts";
import { lookedAt, type SampleHistory } from "#core/store/sample-history.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { idsOnScreen } from "./attention.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import { keep, neighbour } from "./cursor.ts";
import { unfoldTo } from "./folding.ts";
import type { Rows } from "./rows.ts";
import type { Toasts } from "./toasts.ts";
import { isListHeld } from "./ui-state.ts";
import { itemIn, layoutOf, listRows, paneOf, paneStateOf, type View } from "./view.ts";

const FRAME_MS = 250;

export interface Intake {
  /** Takes what is there now, without waiting for the next frame. */
  now(): void;
  /** Puts the cursor of the pane in front where it belongs: after a change of size, pane, filter or order. */
  settle(): void;
  close(): void;
}

interface Needs {
  readonly store: ConsoleStore;
  readonly view: View;
  readonly service: Service;
  readonly clock: Clock;
  readonly toasts: Toasts;
}

export function createIntake({ store, view, service, clock, toasts }: Needs): Intake {
  let nextFrameMs = Number.NEGATIVE_INFINITY;
  /** It goes on while the list is held. */
  let samples: SampleHistory = store.state().samples;
  let cancel: (() => void) | null = null;

  const settle = () => {
    const state = store.state();
    // Nothing is seen: the place is kept for when the terminal is large enough again.
    if (layoutOf(state).kind === "small") return;
    const pane = paneStateOf(state);
    const place = keep(pane, view.rows(state), listRows(state), paneOf(state).isChronicle);
    const isSame = place.cursor === pane.cursor && place.row === pane.row && place.offset === pane.offset;
    if (isSame) return;
    const isOther = place.cursor !== pane.cursor;
    const change = isOther ? { ...place, detailOffset: 0 } : place;
    store.dispatch({ type: "change-pane", pane: state.ui.pane, change });
  };

  /** An item that came under a folded line is unfolded, so that the cursor stays on it; for one that is gone a neighbour. */
  const follow = (id: string, rowsBefore: Rows) => {
    const { ui } = store.state();
    if (itemIn(store.state().shown, paneOf(store.state()), id)) unfoldTo(store, view, ui.pane, id);
    const rows = view.rows(store.state());
    if (rows === rowsBefore || rows.indexOf(id) >= 0) return;
    const cursor = neighbour(rowsBefore, rows, rowsBefore.indexOf(id));
    if (cursor !== null) store.dispatch({ type: "change-pane", pane: ui.pane, change: { cursor, detailOffset: 0 } });
  };

  const show = (next: Snapshot) => {
    const before = store.state();
    const { ui } = before;
    const { cursor } = paneStateOf(before);
    const pane = paneOf(before);
    const item = cursor === null ? undefined : itemIn(before.shown, pane, cursor);
    const rowsBefore = view.rows(before);
    store.update({ shown: next, samples });
    if (item && !pane.isChronicle) follow(item.id, rowsBefore);
    settle();
    const after = paneStateOf(store.state()).cursor;
    if (item === undefined || after === cursor || pane.isChronicle) return;
    const isGone = itemIn(next, pane, item.id) === undefined;
    const other = after === null ? undefined : itemIn(next, pane, after);
    const what = `${pane.label(item)} ${isGone ? "is gone" : "no longer matches the filter"}`;
    toasts.add("warn", other ? `${what}: the cursor is on ${pane.label(other)} now` : what);
    if (paneStateOf(store.state()).isDetailOpen) {
      store.dispatch({ type: "change-pane", pane: ui.pane, change: { isDetailOpen: false } });
    }
  };

  const now = () => {
    cancel?.();
    cancel = null;
    nextFrameMs = clock.nowMs() + FRAME_MS;
    const latest = service.snapshot();
    const state = store.state();
    if (latest !== state.latest) {
      store.update({ latest });
      samples = lookedAt(samples, endpointsOnScreen(state, latest, view), latest.atMs);
    }
    if (latest !== state.shown && !isListHeld(state.ui)) show(latest);
  };

  const unsubscribe = service.subscribe(KIND_NAMES, () => {
    if (cancel) return;
    const waitMs = nextFrameMs - clock.nowMs();
    if (waitMs <= 0) now();
    else cancel = clock.setTimer(waitMs, now);
  });

  return {
    now,
    settle,
    close() {
      unsubscribe();
      cancel?.();
    },
  };
}

/** Nothing is gone through where no endpoint is on the screen. */
function endpointsOnScreen(state: ConsoleState, { shelves }: Snapshot, view: View): readonly Endpoint[] {
  if (!paneOf(state).sampled.includes("endpoints")) return [];
  return idsOnScreen(state, view).flatMap((id) => shelves.endpoints.items.get(id) ?? []);
}
