/**
 * From a key to a request: reason, argument, confirmation. The target and its identity are those of the moment the
 * operator asked; the service refuses if the process is another by then.
 */
import type { Pane } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import { ACTIONS, type ActionId, type ActionSpec, type ArgumentSpec, actionById } from "#core/act/actions.ts";
import { memberStateProblem } from "#core/act/new-subjects.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { ConsoleState } from "./console-store.ts";
import { createMaking, likelyCategory, type Making, madeItem } from "./making.ts";
import { createPerformer, type PerformerNeeds } from "./perform.ts";
import { textField } from "./text-field.ts";
import type { Arguments, Captured, Layer } from "./ui-state.ts";

export interface Acts {
  /** Begins what a key asks for: says why not, asks for an argument, asks to confirm, or does it. */
  begin(action: ActionSpec, id: string | null): void;
  /** Something was typed into a prompt. */
  argue(layer: Layer & { readonly type: "prompt" }): void;
  readonly picked: Making["picked"];
  confirmed(layer: Layer & { readonly type: "confirm" }): void;
  undo(): void;
  /** Asks the action on this item to stop; false if there is none or it was asked already. */
  cancel(id: string | null): boolean;
  close(): void;
}

function paneOf(kind: Kind): Pane {
  return PANES[kind];
}

/** Why an action cannot be done now, as a sentence; null if it can. */
export function whyNot(action: ActionSpec, state: ConsoleState, id: string | null, isReadOnly: boolean): string | null {
  if (isReadOnly && action.effect !== "read") return `muster runs read-only: ${action.verb} is not available`;
  if (action.subject === "new") return whyNothingNew(action.kind, state);
  const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
  if (item === undefined) return `no ${PANES[action.kind].one} is selected`;
  const running = state.ui.running.get(item.id);
  if (running) return `${running.verb} of ${running.label} is still running: Esc asks it to stop`;
  return action.when(item);
}

/** What cannot even be read cannot be added to. */
function whyNothingNew(kind: Kind, state: ConsoleState): string | null {
  const { status, error, items } = state.latest.shelves[kind];
  if (status !== "failed" || items.size > 0) return null;
  return `${PANES[kind].many} cannot be read: ${error?.message ?? "the source failed"}`;
}

export function createActs(needs: PerformerNeeds): Acts {
  const { store, service, toasts, intake } = needs;
  const performer = createPerformer(needs);
  const making = createMaking({ store, service, toasts, intake, performer });

  const goOn = (action: ActionSpec, captured: Captured, item: Items[Kind], args: Arguments) => {
    const id = action.id as ActionId;
    const missing = action.arguments.find((argument) => argument.isRequired && args[argument.name] === undefined);
    if (missing) {
      const field = textField(presentValue(id, item));
      const ask = { type: "argument", captured, argument: missing } as const;
      store.dispatch({ type: "push", layer: { type: "prompt", action: id, ask, field, problem: null } });
    } else if (action.effect === "destroy") {
      const consequence = action.consequence?.(item) ?? action.description;
      store.dispatch({
        type: "push",
        layer: { type: "confirm", action: id, captured, arguments: args, consequence, choice: "cancel" },
      });
    } else {
      void performer.perform(id, captured, args);
    }
  };

  const begin = (action: ActionSpec, id: string | null) => {
    const state = store.state();
    const reason = whyNot(action, state, id, service.isReadOnly);
    if (reason !== null) return toasts.say("info", reason);
    if (action.subject === "new") {
      return action.kind === "members" ? making.member(likelyCategory(state)) : making.category();
    }
    const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
    if (!item) return;
    const target = { id: item.id, identity: "identity" in item ? item.identity : null };
    goOn(action, { kind: action.kind, label: paneOf(action.kind).label(item), target }, item, {});
  };

  return {
    begin,
    argue(layer) {
      const { ask } = layer;
      if (ask.type !== "argument") return making.named(layer);
      const value = layer.field.text.trim();
      const problem = argumentProblem(layer.action, ask.argument, value);
      if (problem !== null) return store.dispatch({ type: "replace", layer: { ...layer, problem } });
      const item = itemOf(store.state().shown, ask.captured.kind, ask.captured.target.id);
      store.dispatch({ type: "pop" });
      if (item) goOn(ACTIONS[layer.action], ask.captured, item, { [ask.argument.name]: value });
      intake.now();
    },
    picked: making.picked,
    confirmed(layer) {
      store.dispatch({ type: "pop" });
      void performer.perform(layer.action, layer.captured, layer.arguments);
      intake.now();
    },
    undo() {
      const { undo } = store.state().ui;
      const action = undo ? actionById(undo.action) : undefined;
      if (!undo || !action) return toasts.say("info", "nothing to take back");
      if (action.subject === "item") {
        return begin(action, madeItem(store.state().shown, action.kind, undo.id)?.id ?? undo.id);
      }
      const reason = whyNot(action, store.state(), undo.id, service.isReadOnly);
      if (reason !== null) return toasts.say("info", reason);
      const target = { id: undo.id, identity: null };
      void performer.perform(undo.action, { kind: action.kind, label: nameOf(undo.id), target }, {});
    },
    cancel: performer.cancel,
    close: performer.close,
  };
}

/** What is there now, to be changed rather than typed again. */
function presentValue(id: ActionId, item: Items[Kind]): string {
  return id === "member.state" && "state" in item ? item.state : "";
}

function argumentProblem(id: ActionId, argument: ArgumentSpec, value: string): string | null {
  if (value === "") return `${argument.title} is needed`;
  return id === "member.state" ? memberStateProblem(value) : null;
}
