import type { ActionResult, ActionTarget, Outcome } from "#core/act/request.ts";
import type { ControlResult } from "#core/daemon/control-params.ts";
import { errorRecord, type MusterError } from "#core/model/error.ts";

/** LibUCW's statuses as outcomes. A start over a stale pid file is a start; a stop of nothing is no change. */
export function outcomeOf({ status, hasActed, error }: ControlResult, isCheck: boolean): Outcome {
  switch (status) {
    case "ok":
      return "done";
    case "stale":
      return hasActed || isCheck ? "done" : "unchanged";
    case "alreadyDone":
      return "unchanged";
    case "notRunning":
      return isCheck ? "done" : "failed";
    case "error":
      if (!hasActed) return "refused";
      return error?.code === "CANCELLED" || error?.code === "INTERNAL" ? "unknown" : "failed";
  }
}

/** Of a target that was not even looked at, because who asks may not do it. */
export function deniedResult({ id }: ActionTarget, error: MusterError): ActionResult {
  return {
    id,
    outcome: "refused",
    plan: [],
    before: null,
    after: null,
    elapsedMs: 0,
    undo: null,
    message: error.message,
    error: errorRecord(error, id),
  };
}
