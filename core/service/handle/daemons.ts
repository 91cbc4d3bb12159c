/**
 * The handler of the daemon actions: look, gate, identity, plan, audit, effect, audit, look again. One target's trouble is
 * that target's result and nobody else's.
 */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult, ActionTarget } from "#core/act/request.ts";
import { settled } from "#core/act/settled.ts";
import { daemonControl } from "#core/daemon/control.ts";
import type { ControlResult } from "#core/daemon/control-params.ts";
import type { Subject } from "#core/daemon/item.ts";
import type { Daemon } from "#core/model/daemon.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import type { InvokeOptions } from "../service.ts";
import { auditedAction, closedTo, type HandlerOptions } from "./around-effect.ts";
import { type DaemonOrder, type DaemonRequest, orderFor } from "./daemon-orders.ts";
import { asMusterError, type Ending, endingOf, refusal, wouldBe } from "./ending.ts";
import { outcomeOf } from "./outcome.ts";

export interface DaemonHandlerOptions extends HandlerOptions {
  readonly look: (id: string) => Daemon | null;
  readonly subjectOf: (id: string) => Subject | null;
  /** A process that was started here is our child. */
  readonly onStarted: (pid: number) => void;
  readonly setWanted: (id: string, wanted: "up" | "down") => void;
}

type ToldEnding = Pick<Ending, "outcome" | "message" | "error">;

export class DaemonHandler {
  readonly #options: DaemonHandlerOptions;

  constructor(options: DaemonHandlerOptions) {
    this.#options = options;
  }

  async perform(request: DaemonRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const startMs = this.#options.clock.nowMs();
    const steps: Step[] = [];
    const elapsed = () => Math.round(this.#options.clock.nowMs() - startMs);
    const before = this.#options.look(target.id);
    const result = ({ outcome, message, error }: ToldEnding): ActionResult => ({
      id: target.id,
      outcome,
      plan: [...steps],
      before: before && { state: before.state },
      after: stateOf(this.#options.look(target.id)),
      elapsedMs: elapsed(),
      undo: outcome === "done" ? ACTIONS[request.action].inverse : null,
      message,
      error: error && errorRecord(error, target.id),
    });
    try {
      const subject = this.#options.subjectOf(target.id);
      if (!before || !subject) throw new MusterError("NOT_FOUND", `there is no daemon ${target.id}`);
      const spec: ActionSpec = ACTIONS[request.action];
      const unchanged = this.#refuse(spec, before, target);
      if (unchanged !== null) return result(endingOf({ message: unchanged, isUnchanged: true }));
      const order = orderFor(request, before, subject, this.#options);
      if (request.dryRun) {
        steps.push(...order.plan);
        return result(wouldBe(spec));
      }
      const onStep = (step: Step) => {
        steps.push(step);
        invoke.onProgress?.({ id: target.id, step, elapsedMs: elapsed() });
      };
      return result(await this.#carryOut(request, before, order, invoke, onStep));
    } catch (thrown) {
      return result(refusal(asMusterError(thrown)));
    }
  }

  /** Throws why it may not be; returns why it need not be; null if it shall be. */
  #refuse(spec: ActionSpec, item: Daemon, target: ActionTarget): string | null {
    const closed = closedTo(this.#options, spec.effect, `${spec.title} ${item.label}`);
    if (closed) throw closed;
    const nothing = settled(spec.id, item);
    if (nothing !== null) return nothing;
    const expected = target.identity ?? null;
    if (expected !== null && item.identity !== expected) {
      const now = item.identity === null ? "has no living process now" : `is process ${item.identity} now`;
      throw new MusterError("IDENTITY_CHANGED", `${item.label} ${now}, not ${expected}`, {
        target: item.id,
        hint: "look again, then repeat the action",
      });
    }
    const reason = spec.when(item);
    if (reason !== null) throw new MusterError("NOT_ALLOWED_NOW", reason, { target: item.id });
    return null;
  }

  async #carryOut(
    request: DaemonRequest,
    item: Daemon,
    order: DaemonOrder,
    invoke: InvokeOptions,
    onStep: (step: Step) => void,
  ): Promise<ToldEnding> {
    const { audit, environment, clock } = this.#options;
    const isAudited = ACTIONS[request.action].effect !== "read";
    const entry = auditedAction(request, item.id, invoke.caller?.uid ?? environment.uid);
    if (isAudited) audit.begin(entry, `${request.action} ${item.label}`);
    if (order.wanted) this.#options.setWanted(item.id, order.wanted);
    const params = {
      pidFile: item.pidFile,
      guardFile: order.guardFile,
      action: order.action,
      identity: item.identity,
      onStep,
      ...(invoke.signal ? { abort: invoke.signal } : {}),
    };
    const control = await daemonControl(params, { clock, procRoot: environment.procRoot });
    const ending = endingOfControl(control, item, order, !isAudited);
    if (isAudited) audit.end(entry, ending.outcome, ending.message);
    return ending;
  }
}

/** That it is wanted otherwise from now on is a change, though nothing was to be done for it. */
function endingOfControl(control: ControlResult, item: Daemon, { wanted }: DaemonOrder, isCheck: boolean): ToldEnding {
  const { message, error } = control;
  const outcome = outcomeOf(control, isCheck);
  const isOnlyWanted = outcome === "unchanged" && wanted !== null && wanted !== item.wanted;
  return isOnlyWanted
    ? endingOf({ message: `${message}; from now on it is wanted ${wanted}` })
    : { outcome, message, error };
}

function stateOf(item: Daemon | null): { state: string } | null {
  return item && { state: item.state };
}
