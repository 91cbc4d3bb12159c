/** A request under way: sent, its progress on the row, its answer said, what was made shown. */
import { paneOfKind } from "#app/panes/table.ts";
import { ACTIONS, type ActionId } from "#core/act/actions.ts";
import { type ActionResult, OUTCOME_SEVERITY } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import type { Service } from "#core/service/service.ts";
import { itemOf } from "#core/store/select.ts";
import { answerFacts } from "./answer-facts.ts";
import { answeredOnes } from "./asking.ts";
import type { ConsoleStore } from "./console-store.ts";
import { unfoldTo } from "./folding.ts";
import type { Intake } from "./intake.ts";
import { madeItem } from "./made-item.ts";
import { cannotBeTakenBack, undoOf } from "./taking-back.ts";
import { verbOf } from "./taking-over.ts";
import { INFO_MS, type Toasts, withHint } from "./toasts.ts";
import { type Arguments, type Captured, type Layer, topLayer, type Undo } from "./ui-state.ts";
import type { View } from "./view.ts";

/** Nothing moves on the row before this. */
export const SPINNER_AFTER_MS = 200;
const TICK_MS = 250;
const STILL_TICK_MS = 1000;

/** What the dialog asked stands for the option of the command line. */
const IMPLIED: Partial<Record<ActionId, Arguments>> = { "category.remove": { empty: true } };

/** What only looks on until something happens: meanwhile the item can be acted on. */
export const PATIENT: readonly ActionId[] = ["job.wait", "endpoint.wait", "process.wait"];

export interface Performer {
  perform(id: ActionId, captured: Captured, args: Arguments): Promise<void>;
  /** Asks the action on this item to stop; false if there is none or it was asked already. */
  cancel(id: string | null): boolean;
  close(): void;
}

export interface PerformerNeeds {
  readonly store: ConsoleStore;
  readonly view: View;
  readonly service: Service;
  readonly clock: Clock;
  readonly toasts: Toasts;
  readonly intake: Intake;
  readonly isMotionless: boolean;
  readonly newRequestId: () => string;
}

export function createPerformer(needs: PerformerNeeds): Performer {
  const { store, view, service, clock, toasts, intake, isMotionless, newRequestId } = needs;
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
    const verb = verbOf(id, args);
    const controller = new AbortController();
    const requestId = newRequestId();
    controllers.set(requestId, controller);
    const startedMs = clock.nowMs();
    const before = itemOf(store.state().shown, captured.kind, target);
    const running = { target, action: id, label: captured.label, verb, startedMs, step: "sent", isCancelAsked: false };
    store.dispatch({ type: "run", id: requestId, running });
    store.dispatch({ type: "tick", nowMs: startedMs });
    cancelTick ??= clock.setTimer(SPINNER_AFTER_MS, tick);
    let madeId: string | null = null;
    try {
      const report = await service.invoke(
        {
          action: id,
          targets: [captured.target],
          arguments: { ...IMPLIED[id], ...answeredOnes(args) },
          dryRun: false,
          requestId,
          via: "console",
        },
        {
          signal: controller.signal,
          onProgress: (progress) =>
            store.dispatch({ type: "progress", id: requestId, change: { step: progress.step.text } }),
        },
      );
      const result = report.results[0];
      const undo = result ? undoOf(id, captured, result, before) : null;
      if (result) answer(id, verb, captured, result, undo, report.warnings, clock.nowMs() - startedMs);
      if (ACTIONS[id].subject === "new" && result?.outcome === "done") madeId = result.id;
    } catch (error) {
      const record = errorRecord(error, target);
      toasts.say("error", withHint(`${verb} ${captured.label}: ${record.message}`, record.hint));
    } finally {
      controllers.delete(requestId);
      store.dispatch({ type: "ran", id: requestId });
      if (controllers.size === 0) {
        cancelTick?.();
        cancelTick = null;
      }
      intake.now();
      if (madeId !== null) reveal(captured, madeId);
    }
  };

  /** The cursor goes to what was made, unless the operator has gone on to something else. */
  const reveal = ({ kind, target }: Captured, id: string) => {
    const { ui, shown } = store.state();
    const item = itemOf(shown, kind, id) ?? madeItem(shown, kind, target);
    const pane = paneOfKind(kind).id;
    if (!item || ui.pane !== pane || topLayer(ui) !== null || ui.panes[pane].isDetailOpen) return;
    unfoldTo(store, view, pane, item.id);
    store.dispatch({ type: "change-pane", pane, change: { cursor: item.id, detailOffset: 0 } });
    intake.settle();
  };

  const answer = (
    id: ActionId,
    verb: string,
    captured: Captured,
    result: ActionResult,
    undo: Undo | null,
    warnings: readonly Warning[],
    tookMs: number,
  ) => {
    const { title, effect } = ACTIONS[id];
    const hasActed = effect !== "read" && result.outcome !== "unchanged" && result.outcome !== "refused";
    if (hasActed) store.dispatch({ type: "undoable", undo: undo ?? cannotBeTakenBack(`${verb} ${captured.label}`) });
    const way = undo !== null ? " (z takes it back)" : "";
    const beside = warnings.map(({ message }) => `; ${message}`).join("");
    const { label } = captured;
    // What is named by the answer itself is not named twice.
    const about = result.message.startsWith(`${label} `) ? verb : `${verb} ${label}`;
    const text = withHint(`${about}: ${result.message}${way}${beside}`, result.error?.hint ?? null);
    const severity = warnings.some(({ code }) => code === "NOT_RECORDED") ? "error" : OUTCOME_SEVERITY[result.outcome];
    const isShown = effect === "read" && topLayer(store.state().ui) === null;
    if (PATIENT.includes(id) || tookMs >= INFO_MS) toasts.keep(severity, text);
    else if (result.answer && isShown) {
      const heading = `${title}: ${captured.label}`;
      const facts = answerFacts(result.answer);
      const layer: Layer = { type: "answer", title: heading, message: result.message, facts, offset: 0 };
      store.dispatch({ type: "push", layer });
    } else toasts.say(severity, text);
  };

  return {
    perform,
    cancel(id) {
      const all = [...store.state().ui.running];
      const [requestId] = all.findLast(([, { target, isCancelAsked }]) => target === id && !isCancelAsked) ?? [];
      if (requestId === undefined) return false;
      store.dispatch({ type: "progress", id: requestId, change: { isCancelAsked: true } });
      controllers.get(requestId)?.abort();
      return true;
    },
    close: () => cancelTick?.(),
  };
}
