/**
 * From a key to an outcome: reason, argument, confirmation, request, progress, answer. The target and its identity are
 * those of the moment the operator asked; the service refuses if the process is another by then.
 */
import type { Pane } from "#app/panes/pane.ts";
import { PANES } from "#app/panes/table.ts";
import { ACTIONS, type ActionId, type ActionSpec, actionById } from "#core/act/actions.ts";
import type { ActionResult } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Severity } from "#core/model/event.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Warning } from "#core/model/source.ts";
import type { Service } from "#core/service/service.ts";
import { itemOf } from "#core/store/select.ts";
import type { ConsoleState, ConsoleStore } from "./console-store.ts";
import type { Intake } from "./intake.ts";
import { textField } from "./text-field.ts";
import type { Toasts } from "./toasts.ts";
import type { Arguments, Captured, Layer } from "./ui-state.ts";

/** Nothing moves on the row before this. */
export const SPINNER_AFTER_MS = 200;
const TICK_MS = 250;
const STILL_TICK_MS = 1000;

export interface Acts {
  /** Begins what a key asks for: says why not, asks for an argument, asks to confirm, or does it. */
  begin(action: ActionSpec, id: string | null): void;
  /** An argument was given. */
  argue(layer: Layer & { readonly type: "prompt" }): void;
  confirmed(layer: Layer & { readonly type: "confirm" }): void;
  undo(): void;
  /** Asks the action on this item to stop; false if there is none or it was asked already. */
  cancel(id: string | null): boolean;
  close(): void;
}

interface Needs {
  readonly store: ConsoleStore;
  readonly service: Service;
  readonly clock: Clock;
  readonly toasts: Toasts;
  readonly intake: Intake;
  readonly isMotionless: boolean;
  readonly newRequestId: () => string;
}

function paneOf(kind: Kind): Pane {
  return PANES[kind];
}

/** Why an action cannot be done now, as a sentence; null if it can. */
export function whyNot(action: ActionSpec, state: ConsoleState, id: string | null, isReadOnly: boolean): string | null {
  if (isReadOnly && action.effect !== "read") return `muster runs read-only: ${action.verb} is not available`;
  const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
  if (item === undefined) return `no ${PANES[action.kind].one} is selected`;
  const running = state.ui.running.get(item.id);
  if (running) return `${running.verb} of ${running.label} is still running: Esc asks it to stop`;
  return action.when(item);
}

export function createActs({ store, service, clock, toasts, intake, isMotionless, newRequestId }: Needs): Acts {
  const controllers = new Map<string, AbortController>();
  let cancelTick: (() => void) | null = null;

  const tick = () => {
    cancelTick = null;
    if (controllers.size === 0) return;
    store.dispatch({ type: "tick", nowMs: clock.nowMs() });
    cancelTick = clock.setTimer(isMotionless ? STILL_TICK_MS : TICK_MS, tick);
  };

  const perform = async (id: ActionId, captured: Captured, args: Arguments) => {
    const target = captured.target.id;
    const { verb } = ACTIONS[id];
    const controller = new AbortController();
    controllers.set(target, controller);
    const startedMs = clock.nowMs();
    const running = { action: id, label: captured.label, verb, startedMs, step: "sent", isCancelAsked: false };
    store.dispatch({ type: "run", id: target, running });
    store.dispatch({ type: "tick", nowMs: startedMs });
    cancelTick ??= clock.setTimer(SPINNER_AFTER_MS, tick);
    try {
      const report = await service.invoke(
        {
          action: id,
          targets: [captured.target],
          arguments: args,
          dryRun: false,
          requestId: newRequestId(),
          via: "console",
        },
        {
          signal: controller.signal,
          onProgress: (progress) =>
            store.dispatch({ type: "progress", id: target, change: { step: progress.step.text } }),
        },
      );
      const result = report.results[0];
      if (result) answer(captured, verb, result, report.warnings);
    } catch (error) {
      const record = errorRecord(error, target);
      toasts.say("error", withHint(`${verb} ${captured.label}: ${record.message}`, record.hint));
    } finally {
      controllers.delete(target);
      store.dispatch({ type: "ran", id: target });
      if (controllers.size === 0) {
        cancelTick?.();
        cancelTick = null;
      }
      intake.now();
    }
  };

  const answer = (captured: Captured, verb: string, result: ActionResult, warnings: readonly Warning[]) => {
    if (result.outcome === "done" && result.undo !== null) {
      const undo = { action: result.undo, kind: captured.kind, id: captured.target.id, label: captured.label };
      store.dispatch({ type: "undoable", undo });
    }
    const way = result.outcome === "done" && result.undo !== null ? " (z takes it back)" : "";
    const beside = warnings.map(({ message }) => `; ${message}`).join("");
    toasts.say(
      warnings.length > 0 ? "error" : severityOf(result),
      withHint(`${verb} ${captured.label}: ${result.message}${way}${beside}`, result.error?.hint ?? null),
    );
  };

  const goOn = (action: ActionSpec, captured: Captured, item: Items[Kind], args: Arguments) => {
    const id = action.id as ActionId;
    const missing = action.arguments.find((argument) => argument.isRequired && args[argument.name] === undefined);
    if (missing) {
      const field = textField();
      store.dispatch({
        type: "push",
        layer: { type: "prompt", action: id, captured, argument: missing, field, problem: null },
      });
    } else if (action.effect === "destroy") {
      const consequence = action.consequence?.(item) ?? action.description;
      store.dispatch({
        type: "push",
        layer: { type: "confirm", action: id, captured, arguments: args, consequence, choice: "cancel" },
      });
    } else {
      void perform(id, captured, args);
    }
  };

  const begin = (action: ActionSpec, id: string | null) => {
    const state = store.state();
    const reason = whyNot(action, state, id, service.isReadOnly);
    if (reason !== null) return toasts.say("info", reason);
    const item = id === null ? undefined : itemOf(state.shown, action.kind, id);
    if (!item) return;
    const target = { id: item.id, identity: "identity" in item ? item.identity : null };
    goOn(action, { kind: action.kind, label: paneOf(action.kind).label(item), target }, item, {});
  };

  return {
    begin,
    argue(layer) {
      const value = layer.field.text.trim();
      if (value === "") {
        store.dispatch({ type: "replace", layer: { ...layer, problem: `${layer.argument.title} is needed` } });
        return;
      }
      const item = itemOf(store.state().shown, layer.captured.kind, layer.captured.target.id);
      store.dispatch({ type: "pop" });
      if (item) goOn(ACTIONS[layer.action], layer.captured, item, { [layer.argument.name]: value });
      intake.now();
    },
    confirmed(layer) {
      store.dispatch({ type: "pop" });
      void perform(layer.action, layer.captured, layer.arguments);
      intake.now();
    },
    undo() {
      const { undo } = store.state().ui;
      const action = undo ? actionById(undo.action) : undefined;
      if (!undo || !action) return toasts.say("info", "nothing to take back");
      begin(action, undo.id);
    },
    cancel(id) {
      const running = id === null ? undefined : store.state().ui.running.get(id);
      if (id === null || !running || running.isCancelAsked) return false;
      store.dispatch({ type: "progress", id, change: { isCancelAsked: true } });
      controllers.get(id)?.abort();
      return true;
    },
    close: () => cancelTick?.(),
  };
}

function severityOf(result: ActionResult): Severity {
  if (result.outcome === "done" || result.outcome === "unchanged") return "info";
  return result.outcome === "unknown" ? "warn" : "error";
}

const withHint = (text: string, hint: string | null) => (hint === null ? text : `${text} - ${hint}`);
