/**
 * What follows the eye: the service samples only the items on the screen, and the past of the selected item is loaded
 * once its selection has settled.
 */
import { PANES } from "#app/panes/table.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Service } from "#core/service/service.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import { layoutOf, listRows, paneOf, paneStateOf, type View } from "./view.ts";

const SETTLE_MS = 100;
const HISTORY_LIMIT = 200;

interface Needs {
  readonly store: ConsoleStore;
  readonly view: View;
  readonly service: Service;
  readonly clock: Clock;
}

export function followAttention({ store, view, service, clock }: Needs): () => void {
  let attended = "";
  let wanted: string | null = null;
  let cancel: (() => void) | null = null;

  const look = () => {
    cancel = null;
    const state = store.state();
    const ids = idsOnScreen(state, view);
    const key = ids.join("\0");
    if (key !== attended) {
      attended = key;
      service.attend(ids);
    }
    const target = historyTarget(state);
    if (target !== null && target !== wanted) void load(target);
    wanted = target;
  };

  const load = async (target: string) => {
    const loaded = await service.events({ target, limit: HISTORY_LIMIT }).then(
      (events) => ({ target, events, problem: null }),
      (error: unknown) => ({ target, events: [], problem: errorRecord(error).message }),
    );
    if (wanted === target) store.update({ history: loaded });
  };

  const unsubscribe = store.subscribe(() => {
    const state = store.state();
    if (cancel || (idsOnScreen(state, view).join("\0") === attended && historyTarget(state) === wanted)) return;
    cancel = clock.setTimer(SETTLE_MS, look);
  });
  cancel = clock.setTimer(0, look);

  return () => {
    unsubscribe();
    cancel?.();
  };
}

/** Of kinds that are sampled: the rows in sight, and the selected one, which the detail shows. */
export function idsOnScreen(state: ConsoleState, view: View): readonly string[] {
  const { sampled } = paneOf(state);
  if (sampled.length === 0) return [];
  const { shelves } = state.shown;
  return idsInSight(state, view).filter((id) => sampled.some((kind) => shelves[kind].items.has(id)));
}

function idsInSight(state: ConsoleState, view: View): readonly string[] {
  const { offset, cursor } = paneStateOf(state);
  const { ids } = view.rows(state);
  const place = layoutOf(state);
  const isListSeen = place.kind === "full" && place.list !== null;
  const seen = isListSeen ? ids.slice(offset, offset + listRows(state)) : [];
  return cursor === null || seen.includes(cursor) ? seen : [...seen, cursor];
}

/** null: no detail is on the screen, or its kind has no history. */
function historyTarget(state: ConsoleState): string | null {
  const place = layoutOf(state);
  const isVisible = place.kind === "full" && place.detail !== null;
  return isVisible && PANES[state.ui.pane].hasHistory ? paneStateOf(state).cursor : null;
}
