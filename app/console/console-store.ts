/** Everything the screen is drawn from, outside of React. Many changes in one turn of the loop are one drawing. */
import type { Tone } from "#app/panes/pane.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { NO_HISTORY, type SampleHistory } from "#core/store/sample-history.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Size } from "./layout.ts";
import { initialUi, reduceUi, type UiAction, type UiState } from "./ui-state.ts";

/** The past of one item, as it was loaded from the journal. */
export interface History {
  readonly target: string;
  readonly events: readonly MusterEvent[];
  readonly problem: string | null;
}

export interface ConsoleState {
  readonly ui: UiState;
  readonly size: Size;
  /** What the list is drawn from: held still while frozen or under a dialog. */
  readonly shown: Snapshot;
  /** The newest there is. */
  readonly latest: Snapshot;
  readonly history: History | null;
  /** What endpoints that were looked at have sent of late; held still with what is shown. */
  readonly samples: SampleHistory;
  /** Where a playback is; null: this is no playback, or its line is not shown. */
  readonly transport: Transport | null;
}

/** What the line of a playback says. */
export interface Transport {
  readonly text: string;
  /** At the right end, where there is room. */
  readonly aside: string;
  /** A problem stands in it, or something is asked for. */
  readonly tone: Tone;
}

export interface ConsoleStore {
  state(): ConsoleState;
  /** Calls `listener` once after each turn in which something changed. */
  subscribe(listener: () => void): () => void;
  dispatch(action: UiAction): void;
  update(change: Partial<Omit<ConsoleState, "ui">>): void;
  /** Tells the listeners now instead of at the end of the turn. */
  flush(): void;
}

export function createConsoleStore(snapshot: Snapshot, size: Size, ui: UiState = initialUi()): ConsoleStore {
  let state: ConsoleState = {
    ui,
    size,
    shown: snapshot,
    latest: snapshot,
    history: null,
    samples: NO_HISTORY,
    transport: null,
  };
  const listeners = new Set<() => void>();
  let isDirty = false;

  const flush = () => {
    if (!isDirty) return;
    isDirty = false;
    for (const listener of listeners) listener();
  };
  const set = (next: ConsoleState) => {
    if (next === state) return;
    state = next;
    if (isDirty) return;
    isDirty = true;
    queueMicrotask(flush);
  };

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch(action) {
      const ui = reduceUi(state.ui, action);
      if (ui !== state.ui) set({ ...state, ui });
    },
    update: (change) => set({ ...state, ...change }),
    flush,
  };
}
