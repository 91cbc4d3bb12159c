/** Reports of actions that never reached the service, or whose answer never came. */
import { actionById } from "#core/act/actions.ts";
import { errorResult } from "#core/act/error-result.ts";
import { gate } from "#core/act/gate.ts";
import type { ActionReport, ActionRequest, Outcome } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";

/** Null if nothing stands against it on this side. */
export function readOnlyReport(request: ActionRequest): ActionReport | null {
  const spec = actionById(request.action);
  if (!spec) return null;
  const closed = gate(spec.effect, spec.title, { isReadOnly: true, isForeignRoot: false });
  return closed && sameForAll(request, "refused", closed);
}

/** Nothing was sent. */
export function unsentReport(request: ActionRequest, error: MusterError): ActionReport {
  return sameForAll(request, "refused", error);
}

/** It was sent, and then the connection went: it may have been done, and may still be. */
export function unknownReport(request: ActionRequest, error: MusterError): ActionReport {
  if (changesNothing(request)) {
    const { message, target } = error;
    const harmless = new MusterError("UNREACHABLE", message, { target, hint: "nothing was changed: ask again" });
    return sameForAll(request, "failed", harmless);
  }
  const reason = `${error.message}; whether ${request.action} took effect is not known`;
  const unknown = new MusterError("UNREACHABLE", reason, { target: error.target, hint: "look before you try again" });
  return sameForAll(request, "unknown", unknown);
}

/** What a request does to a module, only that module knows. */
const changesNothing = ({ action, dryRun }: ActionRequest): boolean =>
  dryRun || (actionById(action)?.effect === "read" && action !== "module.ctl");

function sameForAll(request: ActionRequest, outcome: Outcome, error: MusterError): ActionReport {
  const { action, dryRun, requestId, targets } = request;
  const results = targets.map(({ id }) => errorResult(id, outcome, error));
  return { action, dryRun, requestId, results, warnings: [] };
}
