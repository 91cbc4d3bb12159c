/** The handler of privileged processes' actions: gate, privilege, judge, plan, audit, effect, audit. What only asks leaves no rows. */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult, ActionTarget } from "#core/act/request.ts";
import { type ErrorCode, errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { endText } from "../observe/privileged.ts";
import type { PmdaRootContext } from "../pmdaroot.ts";
import { processOfId } from "../pmdaroot-id.ts";
import type { InvokeOptions } from "../service.ts";
import { audited, auditedAction, callerOf, type HandlerOptions, mustBeAllowed } from "./around-effect.ts";
import { type Ending, endingOf, failure, refusal, wouldBe } from "./ending.ts";
import { orderFor, type PmdaRootOrder, type PmdaRootRequest } from "./pmdaroot-orders.ts";

export interface PmdaRootHandlerOptions extends HandlerOptions {
  readonly context: () => Promise<PmdaRootContext>;
}

export class PmdaRootHandler {
  readonly #options: PmdaRootHandlerOptions;

  constructor(options: PmdaRootHandlerOptions) {
    this.#options = options;
  }

  async perform(request: PmdaRootRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    const spec: ActionSpec = ACTIONS[request.action];
    const context = await this.#options.context();
    const before = stateOf(context, target.id);
    let plan: PmdaRootOrder["plan"] = [];
    const result = ({ outcome, message, error, answer, id }: Ending): ActionResult => ({
      id: id ?? target.id,
      outcome,
      plan: [...plan],
      before,
      after: stateOf(context, id ?? target.id),
      elapsedMs: Math.round(clock.nowMs() - startMs),
      undo: null,
      message,
      answer,
      error: error && errorRecord(error, target.id),
    });
    try {
      mustBeAllowed(this.#options, request.action, spec, invoke);
      const order = orderFor(request, target, context);
      plan = order.plan;
      mustRun(request, order);
      if (request.dryRun) return result(wouldBe(spec));
      for (const step of plan) invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      return result(await this.#carryOut(request, target, order, spec, invoke));
    } catch (thrown) {
      return result(refusal(toMusterError(thrown, target.id)));
    }
  }

  async #carryOut(
    request: PmdaRootRequest,
    target: ActionTarget,
    order: PmdaRootOrder,
    spec: ActionSpec,
    invoke: InvokeOptions,
  ): Promise<Ending> {
    const caller = callerOf(this.#options, invoke);
    const action = auditedAction(request, target.id, caller.uid);
    const { effect } = spec;
    return audited(this.#options.audit, action, { effect, plan: order.plan }, async () => {
      try {
        return endingOf(await order.run(caller, invoke.signal));
      } catch (thrown) {
        const error = toMusterError(thrown);
        return REFUSALS.has(error.code) ? refusal(error) : failure(error);
      }
    });
  }
}

/** Nothing is sent to what has ended. */
function mustRun({ action }: PmdaRootRequest, { process }: PmdaRootOrder): void {
  if (process === null || action === "process.wait" || process.row.endedAtMs === null) return;
  const { pid, label, status } = process.row;
  throw new MusterError("NOT_ALLOWED_NOW", `process ${pid} (${label}) has ended: ${endText(status)}`);
}

/** Said before anything is done. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "USAGE",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "NOT_ALLOWED_NOW",
  "IDENTITY_CHANGED",
  "UNREACHABLE",
  "CANCELLED",
]);

function stateOf({ find }: PmdaRootContext, id: string): { state: string } | null {
  const kept = find(processOfId(id) ?? "");
  return kept && { state: kept.row.endedAtMs === null ? "running" : "exited" };
}
