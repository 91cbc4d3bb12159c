import type { Outcome } from "#core/act/request.ts";
import type { ControlResult } from "#core/daemon/control-params.ts";
import type { ErrorCode, MusterError } from "#core/model/error.ts";

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

/** Said before anything is done. Whatever else comes out of an effect may have begun it. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "USAGE",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "READ_ONLY",
  "IDENTITY_CHANGED",
  "NOT_ALLOWED_NOW",
  "UNSUPPORTED",
  "BUSY",
  "BAD_DATA",
  "CANCELLED",
]);

/** Of a request on process aggregates: whether this error says that nothing was done. */
export const isRefusal = ({ code }: MusterError): boolean => REFUSALS.has(code);
