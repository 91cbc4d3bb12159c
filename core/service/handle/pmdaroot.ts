/** The handler of privileged processes' actions: gate, privilege, judge, plan, audit, effect, audit. What only asks leaves no rows. */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import { gate } from "#core/act/gate.ts";
import type { ActionResult, ActionTarget, Outcome } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { type ErrorCode, errorRecord, MusterError, toMusterError } from "#core/model/error.ts";
import type { Audit } from "../audit.ts";
import { selfCaller } from "../caller.ts";
import { endText } from "../observe/privileged.ts";
import type { PmdaRootContext } from "../pmdaroot.ts";
import { processOfId } from "../pmdaroot-id.ts";
import { authorize } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import { type Done, orderFor, type PmdaRootOrder, type PmdaRootRequest } from "./pmdaroot-orders.ts";

export interface PmdaRootHandlerOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly isReadOnly: boolean;
  readonly audit: Audit;
  readonly context: () => Promise<PmdaRootContext>;
}

interface Ending extends Partial<Done> {
  readonly outcome: Outcome;
  readonly message: string;
  readonly error?: MusterError;
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
      answer: answer ?? null,
      error: error ? errorRecord(error, target.id) : null,
    });
    try {
      this.#refuse(request, spec, invoke);
      const order = orderFor(request, target, context);
      plan = order.plan;
      mustRun(request, order);
      if (request.dryRun) return result({ outcome: "unchanged", message: `would ${spec.description.split(";")[0]}` });
      for (const step of plan) invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      return result(await this.#carryOut(request, target, order, spec, invoke));
    } catch (thrown) {
      return result(refusal(toMusterError(thrown, target.id)));
    }
  }

  /** Throws why it may not be. */
  #refuse(request: PmdaRootRequest, spec: ActionSpec, { caller }: InvokeOptions): void {
    const { isReadOnly, environment } = this.#options;
    const denied = caller ? authorize(request.action, caller, null) : null;
    if (denied) throw denied;
    const closed = gate(spec.effect, spec.title, { isReadOnly, isForeignRoot: environment.root !== "" });
    if (closed) throw closed;
  }

  async #carryOut(
    request: PmdaRootRequest,
    target: ActionTarget,
    order: PmdaRootOrder,
    spec: ActionSpec,
    invoke: InvokeOptions,
  ): Promise<Ending> {
    const { audit, environment } = this.#options;
    const isAudited = spec.effect !== "read";
    const caller = invoke.caller ?? selfCaller(environment.uid, process.getegid?.() ?? 0, process.pid);
    const { requestId, action, via } = request;
    const entry = { requestId, action, target: target.id, actor: `${caller.uid} ${via}` };
    if (isAudited) audit.begin(entry, order.plan.map(({ text }) => text).join(", "));
    let ending: Ending;
    try {
      ending = { outcome: "done", ...(await order.run(caller, invoke.signal)) };
    } catch (thrown) {
      const error = toMusterError(thrown);
      ending = REFUSALS.has(error.code) ? refusal(error) : { outcome: "failed", message: error.message, error };
    }
    if (isAudited) audit.end(entry, ending.outcome, ending.message);
    return ending;
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

const refusal = (error: MusterError): Ending => ({ outcome: "refused", message: error.message, error });

function stateOf({ find }: PmdaRootContext, id: string): { state: string } | null {
  const kept = find(processOfId(id) ?? "");
  return kept && { state: kept.row.endedAtMs === null ? "running" : "exited" };
}
