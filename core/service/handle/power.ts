/** The handler of power's actions: gate, privilege, judge, plan, audit, effect, audit. What only asks leaves no rows. */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult, ActionTarget } from "#core/act/request.ts";
import { type ErrorCode, errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { authorize } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import { audited, auditedAction, callerOf, type HandlerOptions, mustBeAllowed } from "./around-effect.ts";
import { type Ending, endingOf, failure, refusal, wouldBe } from "./ending.ts";
import type { PowerContext, PowerOrder } from "./power-order.ts";
import type { PowerRequest } from "./power-request.ts";

export interface PowerHandlerOptions extends HandlerOptions {
  readonly context: () => Promise<PowerContext>;
  /** What was done shall show at once. */
  readonly onDone: () => Promise<void>;
}

export class PowerHandler {
  readonly #options: PowerHandlerOptions;
  /** The change that was asked for last. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PowerHandlerOptions) {
    this.#options = options;
  }

  /** Changes one after the other: each is judged by what the one before has left. What only asks waits for none. */
  perform(request: PowerRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const perform = () => this.#perform(request, target, invoke);
    if (ACTIONS[request.action].effect === "read") return perform();
    const change = this.#last.then(perform);
    this.#last = change;
    return change;
  }

  /** Never throws. */
  async #perform(request: PowerRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    const spec: ActionSpec = ACTIONS[request.action];
    let order: PowerOrder | null = null;
    let before: ActionResult["before"] = null;
    const result = ({
      outcome,
      message,
      error,
      answer,
      undo = ACTIONS[request.action].inverse,
    }: Ending): ActionResult => ({
      id: order?.id ?? target.id,
      outcome,
      plan: [...(order?.plan ?? [])],
      before,
      after: order && spec.effect !== "read" && outcome !== "refused" ? stateOf(order) : before,
      elapsedMs: Math.round(clock.nowMs() - startMs),
      undo: outcome === "done" ? undo : null,
      message,
      answer,
      error: error && errorRecord(error, target.id),
    });
    try {
      mustBeAllowed(this.#options, request.action, spec, invoke);
      // Only here: it brings SQLite with it.
      const { orderFor } = await import("./power-orders.ts");
      const confined = invoke.caller ? authorize("read.elsewhere", invoke.caller, null) : null;
      order = orderFor(request, target, await this.#options.context(), confined);
      before = stateOf(order);
      const reason = order.item && spec.when(order.item);
      if (reason) throw new MusterError("NOT_ALLOWED_NOW", reason);
      if (request.dryRun) return result(wouldBe(spec));
      // All else is done at once.
      for (const step of order.plan.filter(({ op }) => op === "wait")) {
        invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      }
      return result(await this.#carryOut(request, target, order, spec, invoke));
    } catch (thrown) {
      return result(refusal(toMusterError(thrown, target.id)));
    }
  }

  async #carryOut(
    request: PowerRequest,
    target: ActionTarget,
    order: PowerOrder,
    spec: ActionSpec,
    invoke: InvokeOptions,
  ): Promise<Ending> {
    const { audit, onDone } = this.#options;
    const { effect } = spec;
    const action = auditedAction(request, target.id, callerOf(this.#options, invoke).uid);
    const ending = await audited(audit, action, { effect, plan: order.plan }, () => effectOf(order, invoke));
    if (effect !== "read") await onDone();
    return ending;
  }
}

async function effectOf(order: PowerOrder, { signal }: InvokeOptions): Promise<Ending> {
  try {
    return endingOf(await order.run(signal));
  } catch (thrown) {
    const error = toMusterError(thrown);
    return REFUSALS.has(error.code) ? refusal(error) : failure(error);
  }
}

/** Said before anything is done. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "USAGE",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "NOT_ALLOWED_NOW",
  "LOCK_HELD",
  "UNREACHABLE",
  "UNSUPPORTED",
  "BUSY",
  "BAD_DATA",
  "CANCELLED",
]);

/** What cannot be read now has none. */
function stateOf(order: PowerOrder): { state: string } | null {
  try {
    const state = order.state();
    return state === null ? null : { state };
  } catch {
    return null;
  }
}
