/** What stands around every effect, whatever it is done to: who asks, the gate in front of it, its two audit rows. */
import type { ActionSpec, EffectClass } from "#core/act/actions.ts";
import { gate } from "#core/act/gate.ts";
import type { ActionRequest } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import type { MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import type { Audit, AuditedAction } from "../audit.ts";
import { type Caller, selfCaller } from "../caller.ts";
import { authorize, type PrivilegedAction } from "../privilege.ts";
import type { InvokeOptions } from "../service.ts";
import type { Ending } from "./ending.ts";

export interface HandlerOptions {
  readonly environment: Environment;
  readonly clock: Clock;
  /** Asked each time: a reload changes it. */
  readonly isReadOnly: () => boolean;
  readonly audit: Audit;
}

export function callerOf({ environment }: HandlerOptions, { caller }: InvokeOptions): Caller {
  return caller ?? selfCaller(environment.uid, process.getegid?.() ?? 0, process.pid);
}

/** Why nothing of this effect may be done here; null if it may. */
export function closedTo(options: HandlerOptions, effect: EffectClass, title: string): MusterError | null {
  const { isReadOnly, environment } = options;
  return gate(effect, title, { isReadOnly: isReadOnly(), isForeignRoot: environment.root !== "" });
}

/** Throws why who asks may not do it, whoever's it is. */
export function mustBeAllowed(
  options: HandlerOptions,
  action: PrivilegedAction,
  spec: ActionSpec,
  { caller }: InvokeOptions,
): void {
  const denied = caller ? authorize(action, caller, null) : null;
  if (denied) throw denied;
  const closed = closedTo(options, spec.effect, spec.title);
  if (closed) throw closed;
}

/** Who asked for what, as the audit has it. */
export const auditedAction = (request: ActionRequest, target: string, uid: number): AuditedAction => ({
  requestId: request.requestId,
  action: request.action,
  target,
  actor: `${uid} ${request.via}`,
});

export const planText = (plan: readonly Step[]): string => plan.map(({ text }) => text).join(", ");

/** What only asks leaves no rows. */
export async function audited(
  audit: Audit,
  action: AuditedAction,
  { effect, plan }: { readonly effect: EffectClass; readonly plan: readonly Step[] },
  perform: () => Promise<Ending>,
): Promise<Ending> {
  if (effect === "read") return perform();
  audit.begin(action, planText(plan));
  const ending = await perform();
  audit.end(action, ending.outcome, ending.message);
  return ending;
}
