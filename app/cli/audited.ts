/** Puts the two audit rows around what is done without the service: `daemons control` and `daemons run`. */
import type { Outcome } from "#core/act/request.ts";
import type { Environment } from "#core/model/environment.ts";
import { toMusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { beginLoneAudit, type LoneAction } from "#core/service/lone-audit.ts";
import { requestId } from "./request-id.ts";
import { systemClock } from "./system-clock.ts";

export interface Audited<T> {
  readonly value: T;
  /** Why it was not recorded, if so. */
  readonly warning: Warning | null;
}

/** What `perform` throws is recorded as failed and thrown on. */
export async function audited<T>(
  environment: Environment,
  what: Omit<LoneAction, "requestId">,
  perform: () => Promise<T>,
  judge: (value: T) => { readonly outcome: Outcome; readonly message: string },
): Promise<Audited<T>> {
  const id = requestId(systemClock.wallMs(), (bytes) => crypto.getRandomValues(bytes));
  const audit = await beginLoneAudit(environment, systemClock, { ...what, requestId: id });
  try {
    const value = await perform();
    const { outcome, message } = judge(value);
    return { value, warning: audit.end(outcome, message) };
  } catch (thrown) {
    const error = toMusterError(thrown);
    audit.end(error.code === "LOCK_HELD" ? "unchanged" : "failed", error.message);
    throw thrown;
  }
}
