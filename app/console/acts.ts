/**
 * From a key to a request: reason, arguments, confirmation. The target and its identity are those of the moment the
 * operator asked; the service refuses if the process is another by then.
 */
import { paneOfKind } from "#app/panes/table.ts";
import { WORDS } from "#app/panes/words.ts";
import { ACTIONS, type ActionId, type ActionSpec } from "#core/act/actions.ts";
import type { ActionTarget } from "#core/act/request.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import { argumentProblem, type GoOn, impliedBy, nextQuestion, presentValue } from "./asking.ts";
import { confirmationOf } from "./confirming.ts";
import type { ConsoleState } from "./console-store.ts";
import { madeItem } from "./made-item.ts";
import { createMaking, likelyCategory, type Making } from "./making.ts";
import { createPerformer, PATIENT, type PerformerNeeds } from "./perform.ts";
import { createPicking, type Picking } from "./picking.ts";
import { fieldsFor, typedProblem, typingProblem, WRITES_VALUES } from "./policy-typing.ts";
import { TAKE_OVER } from "./taking-over.ts";
import { textField } from "./text-field.ts";
import { type Arguments, type Layer, type Running, runningOn, type Undo } from "./ui-state.ts";
import { paneStateOf } from "./view.ts";

export interface Acts {
  /** Begins what a key asks for: says why not, asks for arguments, asks to confirm, or does it. */
  begin(action: ActionSpec, id: string | null): void;
  /** Something was typed into a prompt. */
  answered(layer: Layer & { readonly type: "prompt" }): void;
  readonly picked: Picking["picked"];
  confirmed(layer: Layer & { readonly type: "confirm" }): void;
  /** Other values for a policy that is there. */
  editPolicy(id: string | null): void;
  /** Goes on with the regions of an endpoint, instead of failing because they are there. */
  takeOver(id: string | null): void;
  /** Why what stands in a prompt will not do; null if it will, or may when more is typed. */
  typing(layer: Layer & { readonly type: "prompt" }): string | null;
  undo(): void;
  /** Asks the action on this item to stop; false if there is none or it was asked already. */
  cancel(id: string | null): boolean;
  close(): void;
}

/** Why an action cannot be done now, as a sentence; null if it can. */
export function whyNot(action: ActionSpec, state: ConsoleState, id: string | null, isReadOnly: boolean): string | null {
  if (isReadOnly && action.effect !== "read") return `muster runs read-only: ${action.verb} is not available`;
  if (action.subject === "new") return whyNothingNew(action.kind, state);
  const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
  if (item === undefined) return `no ${WORDS[action.kind].one} is selected`;
  const running = runningOn(state.ui, item.id);
  if (running && (!PATIENT.includes(running.action) || running.action === action.id)) {
    return stillRunning(running, state);
  }
  const reason = action.when(item);
  const isStale = state.shown.shelves[action.kind].staleSinceMs !== null;
  return reason !== null && isStale ? `${reason}: so it was when it was read last` : reason;
}

/** Why the selected endpoint cannot be taken over; null if it can. */
export function whyNoTakeOver(state: ConsoleState, id: string | null, isReadOnly: boolean): string | null {
  const item = id === null ? undefined : itemOf(state.shown, "endpoints", id);
  if (!item) return "no endpoint is selected";
  return whyNot(ACTIONS["endpoint.create"], state, null, isReadOnly);
}

/** And what Esc does about it: it is for the selected line. */
function stillRunning({ verb, label, action, target, isCancelAsked }: Running, state: ConsoleState): string {
  const still = `${verb} of ${label} is still running`;
  if (isCancelAsked) return `${still}: it was asked to stop`;
  if (paneStateOf(state).cursor === target) return `${still}: Esc asks it to stop`;
  const hasLine = itemOf(state.shown, ACTIONS[action].kind, target) !== undefined;
  return hasLine ? `${still}: Esc on its line asks it to stop` : still;
}

/** Why the last action cannot be taken back; null if it can. */
export function whyNoUndo(state: ConsoleState, isReadOnly: boolean): string | null {
  const { undo, running } = state.ui;
  const changing = [...running.values()].findLast(({ action }) => ACTIONS[action].effect !== "read");
  // It is the last action, and nobody knows yet what it will have done.
  if (changing) return stillRunning(changing, state);
  if (undo.action === null) return undo.reason;
  const action: ActionSpec = ACTIONS[undo.action];
  if (action.subject === "new") return whyNot(action, state, null, isReadOnly);
  const item = undoneItem(state, undo);
  return item ? whyNot(action, state, item.id, isReadOnly) : `${undo.label} is gone: nothing to take back`;
}

const undoneItem = ({ shown }: ConsoleState, { action, id }: Undo) => madeItem(shown, ACTIONS[action].kind, { id });

/** What cannot even be read cannot be added to. */
function whyNothingNew(kind: Kind, state: ConsoleState): string | null {
  const { status, error, items } = state.latest.shelves[kind];
  if (status !== "failed" || items.size > 0) return null;
  return `${WORDS[kind].many} cannot be read: ${error?.message ?? "the source failed"}`;
}

export function createActs(needs: PerformerNeeds): Acts {
  const { store, service, toasts, intake } = needs;
  const performer = createPerformer(needs);

  const goOn: GoOn = (action, captured, item, given) => {
    const id = action.id as ActionId;
    const argument = nextQuestion(action, given);
    if (argument?.type === "pid") {
      picking.open(id, { type: "argument", captured });
    } else if (argument) {
      const field = textField(presentValue(id, argument, item));
      const ask = { type: "argument", captured, argument, given } as const;
      store.dispatch({ type: "push", layer: { type: "prompt", action: id, ask, field, problem: null } });
    } else {
      const confirmation = confirmationOf(store.state().shown, action, captured, given);
      if (confirmation === null) void performer.perform(id, captured, given);
      else {
        store.dispatch({
          type: "push",
          layer: { type: "confirm", action: id, captured, arguments: given, ...confirmation, choice: "cancel" },
        });
      }
    }
  };
  const making: Making = createMaking({ store, service, intake, performer, goOn });
  const picking: Picking = createPicking({ store, service, toasts, goOn });

  const begin = (action: ActionSpec, id: string | null, given: Arguments = {}) => {
    const state = store.state();
    const reason = whyNot(action, state, id, service.isReadOnly);
    if (reason !== null) return toasts.say("info", reason);
    if (action.id === "member.add") return picking.open(action.id, { type: "member", category: likelyCategory(state) });
    if (action.id === "job.create") return picking.open(action.id, { type: "job" });
    if (action.subject === "new") return making.begin(action.id as ActionId);
    const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
    if (!item) return;
    const captured = { kind: action.kind, label: paneOfKind(action.kind).label(item), target: targetOf(item) };
    goOn(action, captured, item, { ...impliedBy(action.id as ActionId, item), ...given });
  };

  return {
    begin,
    editPolicy(id) {
      const state = store.state();
      const action = ACTIONS["policy.set"];
      const item = id === null ? undefined : itemOf(state.shown, "policies", id);
      const reason = item ? whyNot(action, state, null, service.isReadOnly) : "no policy is selected";
      if (!item || reason !== null) return toasts.say("info", reason ?? "");
      const captured = { kind: action.kind, label: paneOfKind("policies").label(item), target: targetOf(item) };
      goOn(action, captured, item, {});
    },
    takeOver(id) {
      const state = store.state();
      const reason = whyNoTakeOver(state, id, service.isReadOnly);
      if (reason !== null || id === null) return toasts.say("info", reason ?? "");
      const captured = { kind: "endpoints", label: nameOf(id), target: { id, identity: null } } as const;
      goOn(ACTIONS["endpoint.create"], captured, null, { [TAKE_OVER]: true });
    },
    typing({ action, ask, field }) {
      if (ask.type === "argument" && WRITES_VALUES.includes(action)) {
        return typingProblem(field.text, fieldsFor(store.state().shown, ask.captured));
      }
      return null;
    },
    answered(layer) {
      const { ask } = layer;
      if (ask.type !== "argument") return making.named(layer);
      const value = layer.field.text.trim();
      const known = fieldsFor(store.state().shown, ask.captured);
      const problem = WRITES_VALUES.includes(layer.action)
        ? typedProblem(value, known)
        : argumentProblem(layer.action, ask.argument, value);
      if (problem !== null) return store.dispatch({ type: "replace", layer: { ...layer, problem } });
      const spec: ActionSpec = ACTIONS[layer.action];
      const item = itemOf(store.state().shown, ask.captured.kind, ask.captured.target.id);
      store.dispatch({ type: "pop" });
      const given = { ...ask.given, [ask.argument.name]: value };
      if (item || spec.subject === "new") goOn(spec, ask.captured, item ?? null, given);
      intake.now();
    },
    picked: picking.picked,
    confirmed(layer) {
      store.dispatch({ type: "pop" });
      void performer.perform(layer.action, layer.captured, layer.arguments);
      intake.now();
    },
    undo() {
      const { undo } = store.state().ui;
      const reason = whyNoUndo(store.state(), service.isReadOnly);
      if (undo.action === null || reason !== null) return toasts.say("info", reason ?? "");
      const action: ActionSpec = ACTIONS[undo.action];
      if (action.subject === "item") return begin(action, undoneItem(store.state(), undo)?.id ?? null, undo.arguments);
      const target = { id: undo.id, identity: null };
      const captured = { kind: action.kind, label: nameOf(undo.id), target };
      void performer.perform(undo.action, captured, undo.arguments);
    },
    cancel: performer.cancel,
    close: performer.close,
  };
}

/** A job is meant by its jid, whichever of its processes is the oldest at the moment. */
function targetOf(item: Items[Kind]): ActionTarget {
  return { id: item.id, identity: "identity" in item && item.kind !== "Job" ? item.identity : null };
}
