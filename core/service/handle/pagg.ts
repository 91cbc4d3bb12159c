/**
 * The handler of process aggregates' actions: judge, gate, privilege, plan, audit, effect, audit. What only asks leaves no
 * rows; a request to a module is judged by what that very request does and needs.
 */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult, ActionTarget } from "#core/act/request.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import type { Caller } from "../caller.ts";
import { attachmentOfId, jidOfId, moduleOfId } from "../pagg-id.ts";
import { authorize } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import { audited, auditedAction, callerOf, closedTo, type HandlerOptions } from "./around-effect.ts";
import { asMusterError, type Ending, endingOf, failure, refusal, wouldBe } from "./ending.ts";
import { isRefusal } from "./outcome.ts";
import type { Kept, PaggOrder, PaggRequest } from "./pagg-order.ts";
import { orderFor } from "./pagg-orders.ts";

export interface PaggHandlerOptions extends HandlerOptions {
  /** Waits until jobs and modules are there, or it is known that they will not be; null if this process keeps none. */
  readonly kept: () => Promise<Kept | null>;
}

export class PaggHandler {
  readonly #options: PaggHandlerOptions;

  constructor(options: PaggHandlerOptions) {
    this.#options = options;
  }

  async perform(request: PaggRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock, environment, audit } = this.#options;
    const startMs = clock.nowMs();
    const kept = await this.#options.kept();
    const steps: Step[] = [];
    const before = stateOf(kept, target.id);
    const result = ({ outcome, message, error, answer, id }: Ending): ActionResult => ({
      id: id ?? target.id,
      outcome,
      plan: [...steps],
      before,
      after: stateOf(kept, id ?? target.id),
      elapsedMs: Math.round(clock.nowMs() - startMs),
      undo: outcome === "done" ? ACTIONS[request.action].inverse : null,
      message,
      answer,
      error: error && errorRecord(error, target.id),
    });
    try {
      if (!kept) throw this.#notKept(request);
      const caller = callerOf(this.#options, invoke);
      const context = { node: environment.node, procRoot: environment.procRoot, callerPid: caller.pid };
      const order = orderFor(request, target, kept, context);
      this.#refuse(request, order, caller);
      steps.push(...order.plan);
      if (request.dryRun) return result(wouldBe(ACTIONS[request.action]));
      for (const step of order.plan) invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      const action = auditedAction(request, target.id, caller.uid);
      return result(await audited(audit, action, order, () => effectOf(order, caller, invoke)));
    } catch (thrown) {
      return result(refusal(asMusterError(thrown)));
    }
  }

  /** Read-only mode and a foreign tree are better reasons than that nobody keeps anything. */
  #notKept({ action }: PaggRequest): MusterError {
    const closed = closedTo(this.#options, ACTIONS[action].effect, ACTIONS[action].title);
    const hint = "start it with 'muster serve'; what it says in 'muster doctor' tells why it keeps none";
    return (
      closed ?? new MusterError("UNREACHABLE", "no service keeps jobs and modules here", { errno: "ENODEV", hint })
    );
  }

  /** Throws why it may not be. */
  #refuse(request: PaggRequest, order: PaggOrder, caller: Caller): void {
    const spec: ActionSpec = ACTIONS[request.action];
    const denied =
      order.asksOwner && order.ownerUid === null ? null : authorize(order.privilege, caller, order.ownerUid);
    if (denied) throw denied;
    const closed = closedTo(this.#options, order.effect, spec.title);
    if (closed) throw closed;
    const reason = order.item && spec.when(order.item);
    if (reason) throw new MusterError("NOT_ALLOWED_NOW", reason);
  }
}

async function effectOf(order: PaggOrder, caller: Caller, { signal }: InvokeOptions): Promise<Ending> {
  const mustBeAllowed = (ownerUid: number | null) => {
    const denied = authorize(order.privilege, caller, ownerUid);
    if (denied) throw denied;
  };
  try {
    return endingOf(await order.run({ signal, authorize: mustBeAllowed }));
  } catch (thrown) {
    const error = asMusterError(thrown);
    return isRefusal(error) ? refusal(error) : failure(error);
  }
}

function stateOf(kept: Kept | null, id: string): { state: string } | null {
  if (!kept) return null;
  const jid = jidOfId(id);
  const attachment = attachmentOfId(id);
  const module = moduleOfId(id);
  const item =
    jid !== null
      ? kept.job(jid)
      : attachment
        ? kept.attachment(attachment)
        : module === null
          ? null
          : kept.modules.item(module);
  return item && { state: item.state };
}
