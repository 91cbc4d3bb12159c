/** What the operator has done to the screen, as plain data and a pure reducer. The cursor is an identity, not a row. */
import { PANE_IDS, type PaneId, type Place, type SortOrder } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import type { ActionId, ArgumentSpec } from "#core/act/actions.ts";
import type { ActionTarget } from "#core/act/request.ts";
import type { Severity } from "#core/model/event.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import type { ValueChange } from "./policy-typing.ts";
import type { TextField } from "./text-field.ts";

export interface PaneState {
  readonly cursor: string | null;
  /** Where the cursor was last seen: its neighbours are found from here when its item is gone. */
  readonly row: number;
  /** First row on the screen. */
  readonly offset: number;
  readonly filter: string;
  /** The one group whose items are shown, and the pane it was chosen in; null: all of them. */
  readonly scope: { readonly name: string; readonly from: PaneId } | null;
  readonly sort: SortOrder;
  /** Lines of a tree that the operator unfolded (true) or folded, by id; all others as the tree itself would have them. */
  readonly folds: ReadonlyMap<string, boolean>;
  readonly isDetailOpen: boolean;
  readonly detailOffset: number;
}

/** What an action is about to be done to, as it was when the operator asked. */
export interface Captured {
  readonly kind: Kind;
  readonly label: string;
  readonly target: ActionTarget;
  /** What follows, of what no item tells; it is confirmed then. */
  readonly consequence?: string;
}

export type Arguments = Readonly<Record<string, string | number | boolean>>;

/** What a prompt wants to know: an argument of an action, the name of what is made, the category of a new member. */
export type Ask =
  | {
      readonly type: "argument";
      readonly captured: Captured;
      readonly argument: ArgumentSpec;
      /** What was answered before. */
      readonly given: Arguments;
    }
  | { readonly type: "name" }
  | { readonly type: "category"; readonly process: ProcessRow }
  /** The profile of a policy of that agent. */
  | { readonly type: "profile"; readonly agent: string };

/** What a process is chosen for: to be registered where it is likely to belong, to get a job of its own, to join one. */
export type Purpose =
  | { readonly type: "member"; readonly category: string }
  | { readonly type: "job" }
  | { readonly type: "argument"; readonly captured: Captured };

export type Layer =
  | { readonly type: "filter"; readonly field: TextField }
  | { readonly type: "help"; readonly field: TextField; readonly row: number }
  | { readonly type: "sort"; readonly row: number }
  | { readonly type: "places"; readonly title: string; readonly places: readonly Place[]; readonly row: number }
  | {
      readonly type: "prompt";
      readonly action: ActionId;
      readonly ask: Ask;
      readonly field: TextField;
      readonly problem: string | null;
    }
  | {
      readonly type: "pick";
      readonly action: ActionId;
      readonly purpose: Purpose;
      readonly field: TextField;
      readonly row: number;
      /** null while they are read. */
      readonly processes: readonly ProcessRow[] | null;
      /** Why they cannot be had, or why the marked one will not do. */
      readonly problem: string | null;
    }
  | {
      readonly type: "confirm";
      readonly action: ActionId;
      readonly captured: Captured;
      readonly arguments: Arguments;
      readonly consequence: string;
      /** Values before and after; null where no values are written. */
      readonly changes: readonly ValueChange[] | null;
      readonly choice: "cancel" | "accept";
    }
  | {
      /** What an action that asks was told. */
      readonly type: "answer";
      readonly title: string;
      readonly message: string;
      readonly facts: readonly (readonly [name: string, text: string])[];
      readonly offset: number;
    };

export interface Toast {
  readonly severity: Severity;
  readonly text: string;
  readonly shownAtMs: number;
}

/** An action under way, shown on the row of its item. */
export interface Running {
  /** The id of the item. */
  readonly target: string;
  readonly action: ActionId;
  readonly label: string;
  readonly verb: string;
  readonly startedMs: number;
  /** What it does now, in words. */
  readonly step: string;
  readonly isCancelAsked: boolean;
}

export interface Undo {
  readonly action: ActionId;
  readonly kind: Kind;
  readonly id: string;
  readonly label: string;
  /** What it is asked for again with. */
  readonly arguments: Arguments;
}

/** Nothing is taken back: least of all what was done before the last action. */
export interface NoUndo {
  readonly action: null;
  readonly reason: string;
}

export interface UiState {
  readonly pane: PaneId;
  readonly panes: Readonly<Record<PaneId, PaneState>>;
  /** The topmost, last, owns the input. */
  readonly layers: readonly Layer[];
  readonly toast: Toast | null;
  /** By the id of the request, in the order they were made. */
  readonly running: ReadonlyMap<string, Running>;
  /** Monotonic time of the newest frame of running actions. */
  readonly tickMs: number;
  readonly undo: Undo | NoUndo;
  readonly isFrozen: boolean;
  readonly isRecording: boolean;
}

export type UiAction =
  | { readonly type: "pane"; readonly pane: PaneId }
  | { readonly type: "change-pane"; readonly pane: PaneId; readonly change: Partial<PaneState> }
  | { readonly type: "push"; readonly layer: Layer }
  | { readonly type: "replace"; readonly layer: Layer }
  | { readonly type: "pop" }
  | { readonly type: "toast"; readonly toast: Toast | null }
  | { readonly type: "run"; readonly id: string; readonly running: Running }
  | { readonly type: "progress"; readonly id: string; readonly change: Partial<Running> }
  | { readonly type: "ran"; readonly id: string }
  | { readonly type: "tick"; readonly nowMs: number }
  | { readonly type: "undoable"; readonly undo: Undo | NoUndo }
  | { readonly type: "frozen"; readonly isFrozen: boolean }
  | { readonly type: "recording"; readonly isRecording: boolean };

function initialPane(id: PaneId): PaneState {
  return {
    cursor: null,
    row: 0,
    offset: 0,
    filter: "",
    scope: null,
    sort: PANES[id].sort,
    folds: new Map(),
    isDetailOpen: false,
    detailOffset: 0,
  };
}

export function initialUi(): UiState {
  return {
    pane: PANE_IDS[0],
    panes: {
      daemons: initialPane("daemons"),
      categories: initialPane("categories"),
      members: initialPane("members"),
      aggregates: initialPane("aggregates"),
      power: initialPane("power"),
      containers: initialPane("containers"),
      events: initialPane("events"),
    },
    layers: [],
    toast: null,
    running: new Map(),
    tickMs: 0,
    undo: { action: null, reason: "nothing to take back" },
    isFrozen: false,
    isRecording: false,
  };
}

export function reduceUi(state: UiState, action: UiAction): UiState {
  switch (action.type) {
    case "pane":
      return { ...state, pane: action.pane };
    case "change-pane":
      return { ...state, panes: { ...state.panes, [action.pane]: { ...state.panes[action.pane], ...action.change } } };
    case "push":
      return { ...state, layers: [...state.layers, action.layer] };
    case "replace":
      return { ...state, layers: [...state.layers.slice(0, -1), action.layer] };
    case "pop":
      return { ...state, layers: state.layers.slice(0, -1) };
    case "toast":
      return { ...state, toast: action.toast };
    case "run":
      return { ...state, running: new Map(state.running).set(action.id, action.running) };
    case "progress":
      return { ...state, running: progressed(state.running, action.id, action.change) };
    case "ran": {
      const running = new Map(state.running);
      running.delete(action.id);
      return { ...state, running };
    }
    case "tick":
      return { ...state, tickMs: action.nowMs };
    case "undoable":
      return { ...state, undo: action.undo };
    case "frozen":
      return { ...state, isFrozen: action.isFrozen };
    case "recording":
      return { ...state, isRecording: action.isRecording };
  }
}

function progressed(running: UiState["running"], id: string, change: Partial<Running>): UiState["running"] {
  const current = running.get(id);
  return current ? new Map(running).set(id, { ...current, ...change }) : running;
}

/** The action on an item that was begun last. */
export function runningOn(state: UiState, id: string | null): Running | undefined {
  let found: Running | undefined;
  for (const running of state.running.values()) if (running.target === id) found = running;
  return found;
}

export const topLayer = (state: UiState): Layer | null => state.layers.at(-1) ?? null;

const HOLDING: readonly Layer["type"][] = ["confirm", "prompt", "pick"];

/** A dialog about one item keeps the list as it was when the operator looked. */
export const isListHeld = (state: UiState): boolean =>
  state.isFrozen || state.layers.some((layer) => HOLDING.includes(layer.type));
