/** The verbs of the action table: names -> targets -> the service -> a report, and an exit code that sums it up. */
import { ACTIONS, type ActionId, type ActionSpec } from "#core/act/actions.ts";
import { mustLast } from "#core/act/lasting.ts";
import type { ActionReport, ActionRequest, ActionResult } from "#core/act/request.ts";
import { errorRecord, fromRecord, MusterError } from "#core/model/error.ts";
import { nameOf } from "#core/model/id.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Warning } from "#core/model/source.ts";
import { actionDocument } from "#core/output/document.ts";
import { visible } from "#core/output/text.ts";
import type { Service } from "#core/service/service.ts";
import { confirm, needsConfirmation, requireSomeoneToAsk } from "../confirm.ts";
import { type Call, fail, tell, writeText } from "../context.ts";
import { type Interruption, watchInterrupts } from "../interrupt.ts";
import { nodesOf, nodeWarnings } from "../nodes.ts";
import type { OptionValue } from "../option-values.ts";
import { usage } from "../option-values.ts";
import { requestId } from "../request-id.ts";
import {
  configWarnings,
  joinWarnings,
  openSession,
  origin,
  refuseProblems,
  type Session,
  tellWarnings,
  withService,
  writeDocument,
} from "../session.ts";
import { type Subject, type Subjects, subjectsOf } from "../subjects.ts";
import { partial } from "../targets.ts";
import { checkExit, checkReport } from "./check.ts";

/** Their history is not needed to act on them. */
const ITEMS = KIND_NAMES.filter((kind) => kind !== "events");

export async function act(call: Call): Promise<number> {
  const { action } = call.invocation.command;
  if (!action) throw new Error(`'${call.invocation.command.name}' is no action`);
  const spec: ActionSpec = ACTIONS[action];
  requireSomeoneToAsk(spec, call);
  const values = await argumentsOf(spec, call);
  const session = await openSession(call);
  refuseProblems(session);
  const use = async (service: Service) => {
    const nodes = nodesOf(call.invocation.options, service.node);
    const found = subjectsOf(spec, service, call.invocation.words);
    const [missing] = found.missing;
    if (found.all.length === 0 && missing) {
      return fail(call, found.missing.length === 1 ? missing : partial(found.missing, found.missing.length));
    }
    if (needsConfirmation(spec, call)) confirm(spec, found.all);
    const request = requestFor(action, found.all, values, call);
    return perform(session, service, request, found, nodeWarnings(nodes));
  };
  // The process set is kept by whoever outlives this command.
  const needsLasting = mustLast({ action, dryRun: call.invocation.options.has("dry-run") });
  return withService(session, "once", use, { isForChange: true, needsLasting, kinds: ITEMS });
}

function requestFor(
  action: ActionId,
  subjects: readonly Subject[],
  values: Record<string, OptionValue>,
  call: Call,
): ActionRequest {
  return {
    action,
    targets: subjects.map(({ target }) => target),
    arguments: values,
    dryRun: call.invocation.options.has("dry-run"),
    requestId: requestId(call.clock.wallMs(), (bytes) => crypto.getRandomValues(bytes)),
    via: "cli",
  };
}

/** Signals are checked here, where the word that was typed can be named. */
async function argumentsOf(spec: ActionSpec, call: Call): Promise<Record<string, OptionValue>> {
  const values: Record<string, OptionValue> = {};
  for (const { name, type } of spec.arguments) {
    const value = call.invocation.options.get(name);
    if (value === undefined) continue;
    values[name] = value;
    if (type === "seconds" && value === 0) throw usage(`--${name} must be more than 0`, `--${name}`);
    if (type !== "signal") continue;
    const { signalNumber } = await import("#ffi/signals.ts");
    if (signalNumber(String(value)) === null) {
      throw usage(`'${value}' is not a signal`, `--${name}`, "a name such as HUP or SIGUSR1, or a number from 1 to 64");
    }
  }
  return values;
}

async function perform(
  session: Session,
  service: Service,
  request: ActionRequest,
  found: Subjects,
  beside: readonly Warning[],
): Promise<number> {
  const { call } = session;
  const interrupts = watchInterrupts(call);
  let report: ActionReport;
  try {
    report = isLookOnly(session, request)
      ? checkReport(request, daemonsOf(found))
      : await service.invoke(request, {
          signal: interrupts.signal,
          onProgress: ({ id, step, elapsedMs }) => {
            tell(call, `${labelOf(found, id)}: ${step.text} (${(elapsedMs / 1000).toFixed(1)} s)`);
          },
        });
  } finally {
    // From here on a Ctrl-C may end the process at once: all is done but the telling.
    interrupts.stop();
  }
  const whole = { ...report, results: [...report.results, ...found.missing.map(missingResult)] };
  const warnings = joinWarnings(configWarnings(session.config), beside, report.warnings);
  if (call.isJson) await writeDocument(call, actionDocument(origin(session), whole, warnings));
  else {
    const good = whole.results.filter(isGood);
    await writeText(call, good.map((result) => resultLine(result, found, request.dryRun)).join(""));
    tellWarnings(call, warnings);
  }
  return exitOf(call, service, whole, interrupts.received());
}

/** A check takes the guard lock and makes its file; where nothing may be written the facts that were read must do. */
function isLookOnly({ root, isReadOnly }: Session, request: ActionRequest): boolean {
  return request.action === "daemon.check" && (root !== null || isReadOnly);
}

function missingResult(error: MusterError): ActionResult {
  return {
    id: error.target ?? "",
    outcome: "refused",
    plan: [],
    before: null,
    after: null,
    elapsedMs: 0,
    undo: null,
    message: error.message,
    error: errorRecord(error),
  };
}

/** The id in a result may be another than was asked for: that of what was made. */
function labelOf({ all }: Subjects, id: string): string {
  return all.find(({ target }) => target.id === id)?.label ?? nameOf(id);
}

const daemonsOf = ({ all }: Subjects) => all.flatMap(({ item }) => (item?.kind === "Daemon" ? [item] : []));

function resultLine(result: ActionResult, found: Subjects, isDryRun: boolean): string {
  const line = `${labelOf(found, result.id)}: ${result.outcome}: ${result.message}`;
  const steps = isDryRun ? result.plan.map((step) => `  ${step.text}`) : [];
  return [line, ...steps].map((text) => `${visible(text)}\n`).join("");
}

const isGood = ({ outcome }: ActionResult) => outcome === "done" || outcome === "unchanged";

/** Unchanged is success; one target's error is the command's; of several it is partial. */
function exitOf(call: Call, service: Service, report: ActionReport, interruption: Interruption | null): number {
  const bad = report.results.filter((result) => !isGood(result));
  if (bad.length > 0 && interruption !== null) {
    const code = interruption === "SIGINT" ? "CANCELLED" : "INTERRUPTED";
    return fail(call, new MusterError(code, `interrupted: ${bad.map((result) => result.message).join("; ")}`));
  }
  if (report.action === "daemon.check") return checkExit(call, service, report);
  if (bad.length === 0) return 0;
  const errors = bad.map(({ id, error, message }) =>
    error ? fromRecord(error) : new MusterError("PARTIAL", message, { target: id }),
  );
  const whole = partial(errors, report.results.length);
  if (call.isJson) return fail(call, whole);
  for (const error of errors) fail(call, error);
  return whole.exitCode;
}
