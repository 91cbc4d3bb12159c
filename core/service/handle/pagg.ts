/**
 * The handler of process aggregates' actions: judge, gate, privilege, plan, audit, effect, audit. What only asks leaves no
 * rows; a request to a module is judged by what that very request does and needs.
 */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import { gate } from "#core/act/gate.ts";
import type { ActionResult, ActionTarget, Answer, Outcome } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import type { Audit } from "../audit.ts";
import { type Caller, selfCaller } from "../caller.ts";
import { attachmentOfId, jidOfId, moduleOfId } from "../pagg-id.ts";
import { authorize } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import { isRefusal } from "./outcome.ts";
import type { Kept, PaggOrder, PaggRequest } from "./pagg-order.ts";
import { orderFor } from "./pagg-orders.ts";

export interface PaggHandlerOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly isReadOnly: boolean;
  readonly audit: Audit;
  /** Waits until jobs and modules are there, or it is known that they will not be; null if this process keeps none. */
  readonly kept: () => Promise<Kept | null>;
}

interface Ending {
  readonly outcome: Outcome;
  readonly message: string;
  readonly error: MusterError | null;
  readonly answer: Answer | null;
  /** Of what was made. */
  readonly id: string | null;
}

export class PaggHandler {
  readonly #options: PaggHandlerOptions;

  constructor(options: PaggHandlerOptions) {
    this.#options = options;
  }

  async perform(request: PaggRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock, environment } = this.#options;
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
      const caller = invoke.caller ?? selfCaller(environment.uid, process.getegid?.() ?? 0, process.pid);
      const context = { node: environment.node, procRoot: environment.procRoot, callerPid: caller.pid };
      const order = orderFor(request, target, kept, context);
      this.#refuse(request, order, caller);
      steps.push(...order.plan);
      if (request.dryRun) return result(endingOf("unchanged", `would ${describe(ACTIONS[request.action])}`));
      for (const step of order.plan) invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      return result(await this.#carryOut(request, target, order, caller, invoke));
    } catch (thrown) {
      return result(refusal(asMusterError(thrown)));
    }
  }

  /** Read-only mode and a foreign tree are better reasons than that nobody keeps anything. */
  #notKept({ action }: PaggRequest): MusterError {
    const closed = this.#closed(ACTIONS[action].effect, ACTIONS[action].title);
    const hint = "start it with 'muster serve'; what it says in 'muster doctor' tells why it keeps none";
    return (
      closed ?? new MusterError("UNREACHABLE", "no service keeps jobs and modules here", { errno: "ENODEV", hint })
    );
  }

  /** Throws why it may not be. */
  #refuse(request: PaggRequest, order: PaggOrder, caller: Caller): void {
    const spec: ActionSpec = ACTIONS[request.action];
    const refusal =
      order.asksOwner && order.ownerUid === null ? null : authorize(order.privilege, caller, order.ownerUid);
    if (refusal) throw refusal;
    const closed = this.#closed(order.effect, spec.title);
    if (closed) throw closed;
    const reason = order.item && spec.when(order.item);
    if (reason) throw new MusterError("NOT_ALLOWED_NOW", reason);
  }

  #closed(effect: ActionSpec["effect"], title: string): MusterError | null {
    const { isReadOnly, environment } = this.#options;
    return gate(effect, title, { isReadOnly, isForeignRoot: environment.root !== "" });
  }

  async #carryOut(
    request: PaggRequest,
    target: ActionTarget,
    order: PaggOrder,
    caller: Caller,
    invoke: InvokeOptions,
  ): Promise<Ending> {
    const { audit } = this.#options;
    const isAudited = order.effect !== "read";
    const actor = `${caller.uid} ${request.via}`;
    const entry = { requestId: request.requestId, action: request.action, target: target.id, actor };
    if (isAudited) audit.begin(entry, order.plan.map(({ text }) => text).join(", "));
    const ending = await this.#effect(order, caller, invoke);
    if (isAudited) audit.end(entry, ending.outcome, ending.message);
    return ending;
  }

  async #effect(order: PaggOrder, caller: Caller, { signal }: InvokeOptions): Promise<Ending> {
    try {
      const { message, answer, id } = await order.run({
        signal,
        authorize: (ownerUid) => {
          const refusal = authorize(order.privilege, caller, ownerUid);
          if (refusal) throw refusal;
        },
      });
      return { ...endingOf("done", message), answer: answer ?? null, id: id ?? null };
    } catch (thrown) {
      const error = asMusterError(thrown);
      return isRefusal(error) ? refusal(error) : { ...endingOf("failed", error.message), error };
    }
  }
}

const endingOf = (outcome: Outcome, message: string): Ending => ({
  outcome,
  message,
  error: null,
  answer: null,
  id: null,
});

const refusal = (error: MusterError): Ending => ({ ...endingOf("refused", error.message), error });

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

const describe = (spec: ActionSpec): string => spec.description.split(";")[0] ?? spec.title;

function asMusterError(thrown: unknown): MusterError {
  return thrown instanceof MusterError ? thrown : new MusterError("INTERNAL", String(thrown), { cause: thrown });
}
