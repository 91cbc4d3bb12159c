/** The handler of power's actions: gate, privilege, judge, plan, audit, effect, audit. What only asks leaves no rows. */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import { gate } from "#core/act/gate.ts";
import type { ActionResult, ActionTarget, Answer, Outcome } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { type ErrorCode, errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import type { Audit } from "../audit.ts";
import { selfCaller } from "../caller.ts";
import { authorize } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import type { PowerContext, PowerOrder } from "./power-orders.ts";
import type { PowerRequest } from "./power-request.ts";

export interface PowerHandlerOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly isReadOnly: boolean;
  readonly audit: Audit;
  readonly context: () => Promise<PowerContext>;
  /** What was done shall show at once. */
  readonly onDone: () => Promise<void>;
}

interface Ending {
  readonly outcome: Outcome;
  readonly message: string;
  readonly error: MusterError | null;
  readonly answer: Answer | null;
}

export class PowerHandler {
  readonly #options: PowerHandlerOptions;

  constructor(options: PowerHandlerOptions) {
    this.#options = options;
  }

  async perform(request: PowerRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    const spec: ActionSpec = ACTIONS[request.action];
    let order: PowerOrder | null = null;
    let before: ActionResult["before"] = null;
    const result = ({ outcome, message, error, answer }: Ending): ActionResult => ({
      id: order?.id ?? target.id,
      outcome,
      plan: [...(order?.plan ?? [])],
      before,
      after: order && spec.effect !== "read" && outcome !== "refused" ? stateOf(order) : before,
      elapsedMs: Math.round(clock.nowMs() - startMs),
      undo: outcome === "done" ? (ACTIONS[request.action].inverse ?? null) : null,
      message,
      answer,
      error: error && errorRecord(error, target.id),
    });
    try {
      this.#refuse(request, spec, invoke);
      // Only here: it brings SQLite with it.
      const { orderFor } = await import("./power-orders.ts");
      order = orderFor(request, target, await this.#options.context());
      before = stateOf(order);
      const reason = order.item && spec.when(order.item);
      if (reason) throw new MusterError("NOT_ALLOWED_NOW", reason);
      if (request.dryRun) return result(endingOf("unchanged", `would ${spec.description.split(";")[0]}`));
      // All else is done at once.
      for (const step of order.plan.filter(({ op }) => op === "wait")) {
        invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      }
      return result(await this.#carryOut(request, target, order, spec, invoke));
    } catch (thrown) {
      return result(refusal(toMusterError(thrown, target.id)));
    }
  }

  /** Throws why it may not be. */
  #refuse(request: PowerRequest, spec: ActionSpec, { caller }: InvokeOptions): void {
    const { isReadOnly, environment } = this.#options;
    const denied = caller ? authorize(request.action, caller, null) : null;
    if (denied) throw denied;
    const closed = gate(spec.effect, spec.title, { isReadOnly, isForeignRoot: environment.root !== "" });
    if (closed) throw closed;
  }

  async #carryOut(
    request: PowerRequest,
    target: ActionTarget,
    order: PowerOrder,
    spec: ActionSpec,
    invoke: InvokeOptions,
  ): Promise<Ending> {
    const { audit, environment, onDone } = this.#options;
    const isAudited = spec.effect !== "read";
    const caller = invoke.caller ?? selfCaller(environment.uid, process.getegid?.() ?? 0, process.pid);
    const { requestId, action, via } = request;
    const entry = { requestId, action, target: target.id, actor: `${caller.uid} ${via}` };
    if (isAudited) audit.begin(entry, order.plan.map(({ text }) => text).join(", "));
    const ending = await effectOf(order, invoke);
    if (isAudited) {
      audit.end(entry, ending.outcome, ending.message);
      await onDone();
    }
    return ending;
  }
}

async function effectOf(order: PowerOrder, { signal }: InvokeOptions): Promise<Ending> {
  try {
    const { message, answer, isUnchanged } = await order.run(signal);
    return { ...endingOf(isUnchanged ? "unchanged" : "done", message), answer: answer ?? null };
  } catch (thrown) {
    const error = toMusterError(thrown);
    return REFUSALS.has(error.code) ? refusal(error) : { ...endingOf("failed", error.message), error };
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

const endingOf = (outcome: Outcome, message: string): Ending => ({ outcome, message, error: null, answer: null });

const refusal = (error: MusterError): Ending => ({ ...endingOf("refused", error.message), error });

/** What cannot be read now has none. */
function stateOf(order: PowerOrder): { state: string } | null {
  try {
    const state = order.state();
    return state === null ? null : { state };
  } catch {
    return null;
  }
}
