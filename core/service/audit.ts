/** The two audit rows of an action: one before its effect, one after. What lies between is known to have been tried. */
import { OUTCOME_SEVERITY, type Outcome } from "#core/act/request.ts";
import type { Chronicle } from "./chronicle.ts";

export interface AuditedAction {
  readonly requestId: string;
  readonly action: string;
  readonly target: string;
  /** uid and door of who asked. */
  readonly actor: string;
}

export class Audit {
  readonly #chronicle: Chronicle;

  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  /** False if it could not be written; the action goes on, and its report says so. */
  begin(action: AuditedAction, message: string): boolean {
    return this.#chronicle.record({
      ...action,
      severity: "info",
      code: "ACTION_BEGUN",
      message,
      process: this.#chronicle.processIdentity,
    });
  }

  end(action: AuditedAction, outcome: Outcome, message: string): boolean {
    return this.#chronicle.record({
      ...action,
      severity: OUTCOME_SEVERITY[outcome],
      code: "ACTION_ENDED",
      message,
      outcome,
    });
  }
}
