/** One request of the service and what came of it. A command that does nothing but act goes through acting.ts. */
import type { ActionId } from "#core/act/actions.ts";
import type { ActionReport, ActionRequest, ActionResult, ActionTarget } from "#core/act/request.ts";
import { fromRecord, MusterError } from "#core/model/error.ts";
import type { Warning } from "#core/model/source.ts";
import { actionDocument } from "#core/output/document.ts";
import { type Call, writeText } from "./context.ts";
import { requestId } from "./request-id.ts";
import { origin, type Session, tellWarnings, writeDocument } from "./session.ts";

export const newRequestId = (call: Call) => requestId(call.clock.wallMs(), (bytes) => crypto.getRandomValues(bytes));

export const requestOf = (
  call: Call,
  action: ActionId,
  target: ActionTarget,
  values: ActionRequest["arguments"] = {},
): ActionRequest => ({
  action,
  targets: [target],
  arguments: values,
  dryRun: false,
  requestId: newRequestId(call),
  via: "cli",
});

export const isGood = ({ outcome }: ActionResult) => outcome === "done" || outcome === "unchanged";

export function errorOf({ id, error, message }: ActionResult): MusterError {
  return error ? fromRecord(error) : new MusterError("PARTIAL", message, { target: id });
}

export function mustBeGood(results: readonly ActionResult[]): void {
  const bad = results.find((result) => !isGood(result));
  if (bad) throw errorOf(bad);
}

/** What was done to each, and what is to be said beside; of what was not the caller tells. */
export async function tellReport(
  session: Session,
  report: ActionReport,
  warnings: readonly Warning[],
  lineOf: (result: ActionResult) => string,
): Promise<void> {
  const { call } = session;
  if (call.isJson) return writeDocument(call, actionDocument(origin(session), report, warnings));
  await writeText(call, report.results.filter(isGood).map(lineOf).join(""));
  tellWarnings(call, warnings);
}
