/**
 * Snapshots into the store: at most four a second however many events come, none while the list is held. The cursor keeps
 * its item; if that is gone, its neighbour is selected and the operator is told once.
 */
import type { Clock } from "#core/model/clock.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Service } from "#core/service/service.ts";
import { itemOf } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { ConsoleStore } from "./console-store.ts";
import { keep } from "./cursor.ts";
import type { Toasts } from "./toasts.ts";
import { isListHeld } from "./ui-state.ts";
import { layoutOf, listRows, paneOf, paneStateOf, type View } from "./view.ts";

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

  const show = (next: Snapshot) => {
    const before = store.state();
    const { ui } = before;
    const { cursor } = paneStateOf(before);
    const pane = paneOf(before);
    const item = cursor === null ? undefined : itemOf(before.shown, ui.pane, cursor);
    store.update({ shown: next });
    settle();
    const after = paneStateOf(store.state()).cursor;
    if (item === undefined || after === cursor || pane.isChronicle) return;
    const isGone = itemOf(next, ui.pane, item.id) === undefined;
    const neighbour = after === null ? undefined : itemOf(next, ui.pane, after);
    const what = `${pane.label(item)} ${isGone ? "is gone" : "no longer matches the filter"}`;
    toasts.add("warn", neighbour ? `${what}: the cursor is on ${pane.label(neighbour)} now` : what);
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
    if (latest !== state.latest) store.update({ latest });
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
