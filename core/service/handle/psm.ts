/**
 * The handler of the process set's actions: judge, gate, privilege, plan, audit, effect, audit. One target's trouble is
 * that target's result and nobody else's; every refusal carries the cfg_status word it would have been in libcfg.
 */
import { ACTIONS, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult, ActionTarget } from "#core/act/request.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import { memberItem } from "#core/psm/entry.ts";
import type { SetQuery } from "#core/psm/query.ts";
import type { ProcessSet } from "#core/psm/set.ts";
import { PsmError, privilegeError, psmError } from "#core/psm/status.ts";
import type { Caller } from "../caller.ts";
import { authorize } from "../privilege.ts";
import { categoryOfId, memberOfId } from "../psm-id.ts";
import type { InvokeOptions } from "../service.ts";
import { auditedAction, callerOf, closedTo, type HandlerOptions, planText } from "./around-effect.ts";
import { asMusterError, type Ending, endingOf, failure, refusal, wouldBe } from "./ending.ts";
import { orderFor, type PsmOrder, type PsmRequest } from "./psm-orders.ts";

export interface PsmHandlerOptions extends HandlerOptions {
  /** Waits until the set is open, or it is known that it will not be; null if this process does not keep it. */
  readonly set: () => Promise<ProcessSet | null>;
  readonly query: () => SetQuery;
}

export class PsmHandler {
  readonly #options: PsmHandlerOptions;

  constructor(options: PsmHandlerOptions) {
    this.#options = options;
  }

  async perform(request: PsmRequest, target: ActionTarget, invoke: InvokeOptions): Promise<ActionResult> {
    const { clock, environment, query } = this.#options;
    const startMs = clock.nowMs();
    const set = await this.#options.set();
    const steps: Step[] = [];
    const before = stateOf(query(), target.id);
    const result = ({ outcome, message, error }: Ending): ActionResult => ({
      id: target.id,
      outcome,
      plan: [...steps],
      before,
      after: stateOf(query(), target.id),
      elapsedMs: Math.round(clock.nowMs() - startMs),
      undo: outcome === "done" ? ACTIONS[request.action].inverse : null,
      message,
      error: error && errorRecord(error, target.id),
    });
    try {
      const caller = callerOf(this.#options, invoke);
      const context = { query: query(), procRoot: environment.procRoot, callerPid: caller.pid };
      const order = orderFor(request, target, context);
      this.#refuse(request, order, caller);
      steps.push(...order.plan);
      if (request.dryRun) return result(wouldBe(ACTIONS[request.action]));
      if (!set) {
        throw psmError("ENODEV", "no service keeps this set", { hint: "start one with `muster serve`" });
      }
      for (const step of order.plan) invoke.onProgress?.({ id: target.id, step, elapsedMs: 0 });
      return result(this.#carryOut(request, target, order, set, caller));
    } catch (thrown) {
      return result(refusal(asMusterError(thrown)));
    }
  }

  /** Throws why it may not be. */
  #refuse(request: PsmRequest, { item, ownerUid }: PsmOrder, caller: Caller): void {
    const spec: ActionSpec = ACTIONS[request.action];
    // Whose process it is that is to be added, only the process itself can tell.
    if (request.action !== "member.add") mustBeAllowed(request, caller, ownerUid);
    const closed = closedTo(this.#options, spec.effect, spec.title);
    if (closed) throw closed;
    const reason = item && spec.when(item);
    if (reason) throw new MusterError("NOT_ALLOWED_NOW", reason);
  }

  #carryOut(request: PsmRequest, target: ActionTarget, order: PsmOrder, set: ProcessSet, caller: Caller): Ending {
    const { audit } = this.#options;
    const action = auditedAction(request, target.id, caller.uid);
    audit.begin(action, planText(order.plan));
    const ending = effectOf(request, target, order, set, caller);
    audit.end(action, ending.outcome, ending.message);
    return ending;
  }
}

function effectOf(request: PsmRequest, target: ActionTarget, order: PsmOrder, set: ProcessSet, caller: Caller): Ending {
  try {
    return endingOf({ message: order.run(set, (uid) => mustBeAllowed(request, caller, uid)) });
  } catch (thrown) {
    const error = asMusterError(thrown);
    if (isAlready(request, target, error, set)) {
      return endingOf({ message: `${error.message}; ${error.hint}`, isUnchanged: true });
    }
    // The store says no before anything is changed; a signal that failed was not sent.
    return error.errno === "EIO" ? failure(error) : refusal(error);
  }
}

function mustBeAllowed(request: PsmRequest, caller: Caller, ownerUid: number | null): void {
  const denied = authorize(request.action, caller, ownerUid);
  if (denied) throw privilegeError(denied.message, denied.hint ?? undefined);
}

/** What was asked for is so: a category that is there, a process in the very category it was to be added to. */
function isAlready(request: PsmRequest, target: ActionTarget, error: MusterError, set: ProcessSet): boolean {
  if (!(error instanceof PsmError) || error.errno !== "EALREADY") return false;
  if (request.action === "category.add") return true;
  const named = memberOfId(target.id);
  const there = named && firstOf(set, named.category, named.pid);
  return there?.exit === null;
}

function stateOf(query: SetQuery, id: string): { state: string } | null {
  const category = categoryOfId(id);
  if (category !== null) return query.hasCategory(category) ? { state: "present" } : null;
  const named = memberOfId(id);
  if (!named) return null;
  const { category: name, pid, startTicks } = named;
  const found = startTicks === null ? firstOf(query, name, pid) : query.memberWithIdentity(name, pid, startTicks);
  return found && { state: memberItem(query.node, found).state };
}

function firstOf(query: SetQuery, category: string, pid: number) {
  try {
    return query.member(category, pid);
  } catch {
    // Not there is what it says; that it was no pid at all is said elsewhere.
    return null;
  }
}
