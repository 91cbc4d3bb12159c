/** A request under way: sent, its progress on the row, its answer said, what was made shown. */
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import type { ActionResult } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Severity } from "#core/model/event.ts";
import type { Warning } from "#core/model/source.ts";
import type { Service } from "#core/service/service.ts";
import type { ConsoleStore } from "./console-store.ts";
import type { Intake } from "./intake.ts";
import { madeItem } from "./making.ts";
import type { Toasts } from "./toasts.ts";
import { type Arguments, type Captured, topLayer } from "./ui-state.ts";

/** Nothing moves on the row before this. */
export const SPINNER_AFTER_MS = 200;
const TICK_MS = 250;
const STILL_TICK_MS = 1000;

/** What the dialog asked stands for the option of the command line. */
const IMPLIED: Partial<Record<ActionId, Arguments>> = { "category.remove": { empty: true } };

export interface Performer {
  perform(id: ActionId, captured: Captured, args: Arguments): Promise<void>;
  /** Asks the action on this item to stop; false if there is none or it was asked already. */
  cancel(id: string | null): boolean;
  close(): void;
}

export interface PerformerNeeds {
  readonly store: ConsoleStore;
  readonly service: Service;
  readonly clock: Clock;
  readonly toasts: Toasts;
  readonly intake: Intake;
  readonly isMotionless: boolean;
  readonly newRequestId: () => string;
}

export function createPerformer(needs: PerformerNeeds): Performer {
  const { store, service, clock, toasts, intake, isMotionless, newRequestId } = needs;
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
    let isMade = false;
    try {
      const report = await service.invoke(
        {
          action: id,
          targets: [captured.target],
          arguments: { ...IMPLIED[id], ...args },
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
      isMade = ACTIONS[id].subject === "new" && result?.outcome === "done";
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
      if (isMade) reveal(captured);
    }
  };

  /** The cursor goes to what was made, unless the operator has gone on to something else. */
  const reveal = ({ kind, target }: Captured) => {
    const { ui, shown } = store.state();
    const item = madeItem(shown, kind, target.id);
    if (!item || ui.pane !== kind || topLayer(ui) !== null || ui.panes[kind].isDetailOpen) return;
    store.dispatch({ type: "change-pane", pane: kind, change: { cursor: item.id, detailOffset: 0 } });
    intake.settle();
  };

  const answer = (captured: Captured, verb: string, result: ActionResult, warnings: readonly Warning[]) => {
    if (result.outcome === "done" && result.undo !== null) {
      const undo = { action: result.undo, kind: captured.kind, id: captured.target.id, label: captured.label };
      store.dispatch({ type: "undoable", undo });
    }
    const way = result.outcome === "done" && result.undo !== null ? " (z takes it back)" : "";
    const beside = warnings.map(({ message }) => `; ${message}`).join("");
    toasts.say(
      warnings.some(({ code }) => code === "NOT_RECORDED") ? "error" : severityOf(result),
      withHint(`${verb} ${captured.label}: ${result.message}${way}${beside}`, result.error?.hint ?? null),
    );
  };

  return {
    perform,
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
