import { errorRecord, type MusterError } from "#core/model/error.ts";
import type { ActionResult, Outcome } from "./request.ts";

/** The result of a target of which nothing is known but an error: it was not looked at, or no answer came. */
export const errorResult = (id: string, outcome: Outcome, error: MusterError): ActionResult => ({
  id,
  outcome,
  plan: [],
  before: null,
  after: null,
  elapsedMs: 0,
  undo: null,
  message: error.message,
  error: errorRecord(error, id),
});
