/**
 * The audit of what is done without a service: `daemons control` and `daemons run` act at once, on a pid file that nobody
 * need have declared. Their rows are the same two as any action's.
 */
import type { Outcome } from "#core/act/request.ts";
import type { Clock } from "#core/model/clock.ts";
import type { Environment } from "#core/model/environment.ts";
import { makeId } from "#core/model/id.ts";
import type { Warning } from "#core/model/source.ts";
import { Audit, type AuditedAction } from "./audit.ts";
import { Chronicle } from "./chronicle.ts";

export interface LoneAction {
  readonly action: "daemon.start" | "daemon.stop" | "daemon.signal";
  readonly pidFile: string;
  readonly requestId: string;
}

export interface LoneAudit {
  /** Writes the second row; why it could not be written, if so. */
  readonly end: (outcome: Outcome, message: string) => Warning | null;
}

/** Writes the first row. Never throws: a journal that cannot be written is no reason not to act. */
export async function beginLoneAudit(environment: Environment, clock: Clock, lone: LoneAction): Promise<LoneAudit> {
  const chronicle = new Chronicle({ environment, clock, isReadOnly: false, publish: () => {} });
  await chronicle.open();
  const audit = new Audit(chronicle);
  const entry: AuditedAction = {
    requestId: lone.requestId,
    action: lone.action,
    target: makeId(environment.node, "daemon", lone.pidFile),
    actor: `${environment.uid} cli`,
  };
  audit.begin(entry, `${lone.action} ${lone.pidFile}`);
  return {
    end: (outcome, message) => {
      audit.end(entry, outcome, message);
      // Not closed: the rows are safe, and tidying up would only keep a command that is about to end.
      return chronicle.failure;
    },
  };
}
