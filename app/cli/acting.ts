/**
 * What every command that acts goes through: what is asked before, the service, one or more requests, one report of all,
 * and an exit code that sums it up. What to do to what is the command's own (commands/act.ts and beside it).
 */
import { ACTIONS, type ActionId, type ActionSpec } from "#core/act/actions.ts";
import { errorResult } from "#core/act/error-result.ts";
import { mustLast } from "#core/act/lasting.ts";
import type { ActionProgress, ActionReport, ActionRequest, ActionResult } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import { nameOf } from "#core/model/id.ts";
import { KIND_NAMES, type Kind } from "#core/model/kind-names.ts";
import type { Warning } from "#core/model/source.ts";
import { visible } from "#core/output/text.ts";
import type { Service } from "#core/service/service.ts";
import { confirm, needsConfirmation, requireSomeoneToAsk } from "./confirm.ts";
import { type Call, fail, tell } from "./context.ts";
import { type Interruption, watchInterrupts } from "./interrupt.ts";
import { nodesOf, nodeWarnings } from "./nodes.ts";
import type { OptionValue } from "./option-values.ts";
import { errorOf, isGood, newRequestId, tellReport } from "./requests.ts";
import { configWarnings, joinWarnings, openSoundSession, type Session, withService } from "./session.ts";
import type { Subject } from "./subjects.ts";
import { LONGEST_TIMER_MS } from "./system-clock.ts";
import { partial } from "./targets.ts";

/** One request of the service. */
export interface Order {
  readonly subjects: readonly Subject[];
  readonly values: Readonly<Record<string, OptionValue>>;
}

export interface Work {
  readonly action: ActionId;
  /** Throws what is wrong with the words; what is named and not there stands in `missing`. */
  readonly ordersOf: (
    service: Service,
    session: Session,
  ) => {
    readonly orders: readonly Order[];
    readonly missing: readonly MusterError[];
    /** What may surprise about the words. */
    readonly warnings?: readonly Warning[];
  };
  /** The report without the service, where the facts that were read must do; null: it is asked. */
  readonly lookOnly?: (session: Session, request: ActionRequest, subjects: readonly Subject[]) => ActionReport | null;
  /** The line of a good result for people, where it is not the outcome in words. */
  readonly lineOf?: (result: ActionResult, label: string) => string;
  /** The exit code when nothing failed; 0 if left out. */
  readonly exitOf?: (report: ActionReport) => number;
  /** The exit code whatever is in the report; tells errors itself. */
  readonly judge?: (report: ActionReport, service: Service) => number;
  /** Gives up then. */
  readonly timeoutSeconds?: number | null;
}

/** Their history is not needed to act on them, and power only for its own actions: it takes longer to read. */
const POWER: readonly Kind[] = ["endpoints", "policies"];
const PROCESSES: readonly Kind[] = ["processes"];
const ITEMS = KIND_NAMES.filter((kind) => kind !== "events" && kind !== "containers" && !POWER.includes(kind));

export async function carryOut(call: Call, work: Work): Promise<number> {
  const spec: ActionSpec = ACTIONS[work.action];
  requireSomeoneToAsk(spec, call);
  const session = await openSoundSession(call);
  const use = async (service: Service) => {
    const nodes = nodesOf(call.invocation.options, service.node);
    const { orders, missing, warnings = [] } = work.ordersOf(service, session);
    const subjects = orders.flatMap((order) => order.subjects);
    const [first] = missing;
    if (subjects.length === 0 && first)
      return fail(call, missing.length === 1 ? first : partial(missing, missing.length));
    if (needsConfirmation(spec, call)) confirm(spec, subjects);
    return new Performance(session, service, work, subjects).run(orders, missing, [
      ...nodeWarnings(nodes),
      ...warnings,
    ]);
  };
  // What is kept is kept by whoever outlives this command.
  const needsLasting = mustLast({ action: work.action, dryRun: isDryRun(call) });
  return withService(session, "once", use, {
    isForChange: true,
    needsLasting,
    isOfAnybody: SHARED.has(spec.kind) && !MAKERS.has(work.action),
    kinds: [POWER, PROCESSES].find((kinds) => kinds.includes(spec.kind)) ?? ITEMS,
  });
}

/** Root makes jobs for users, who may signal and wait for them, and keeps a set in which they may register what is theirs. */
const SHARED: ReadonlySet<Kind> = new Set(["categories", "members", "modules", "jobs", "attachments", "processes"]);
/** What only root's service makes for root alone a user's own service makes for him. */
const MAKERS: ReadonlySet<ActionId> = new Set(["category.add", "job.create", "module.load", "process.start"]);

const isDryRun = (call: Call) => call.invocation.options.has("dry-run");

/** Ctrl-C, a termination, or the command's own deadline. */
type Break = Interruption | "deadline";

class Performance {
  readonly #session: Session;
  readonly #call: Call;
  readonly #service: Service;
  readonly #work: Work;
  readonly #subjects: readonly Subject[];

  constructor(session: Session, service: Service, work: Work, subjects: readonly Subject[]) {
    this.#session = session;
    this.#call = session.call;
    this.#service = service;
    this.#work = work;
    this.#subjects = subjects;
  }

  async run(orders: readonly Order[], missing: readonly MusterError[], beside: readonly Warning[]): Promise<number> {
    const { report, stopped } = await this.#perform(orders);
    const whole = { ...report, results: [...report.results, ...missing.map(missingResult)] };
    const warnings = joinWarnings(configWarnings(this.#session.config), beside, report.warnings);
    await tellReport(this.#session, whole, warnings, (result) => this.#lineOf(result));
    return this.#exitOf(whole, stopped);
  }

  async #perform(orders: readonly Order[]): Promise<{ report: ActionReport; stopped: Break | null }> {
    const interrupts = watchInterrupts(this.#call);
    const deadline = new AbortController();
    const { timeoutSeconds = null } = this.#work;
    const cancel =
      timeoutSeconds === null
        ? () => {}
        : this.#call.clock.setTimer(Math.min(timeoutSeconds * 1000, LONGEST_TIMER_MS), () => deadline.abort());
    const signal = AbortSignal.any([interrupts.signal, deadline.signal]);
    const reports: ActionReport[] = [];
    try {
      for (const order of orders) reports.push(await this.#ask(this.#requestFor(order), order.subjects, signal));
    } finally {
      cancel();
      // From here on a Ctrl-C may end the process at once: all is done but the telling.
      interrupts.stop();
    }
    return {
      report: this.#joined(reports),
      stopped: interrupts.received() ?? (deadline.signal.aborted ? "deadline" : null),
    };
  }

  async #ask(request: ActionRequest, subjects: readonly Subject[], signal: AbortSignal): Promise<ActionReport> {
    const known = this.#work.lookOnly?.(this.#session, request, subjects) ?? null;
    if (known) return known;
    const onProgress = ({ id, step, elapsedMs }: ActionProgress) => {
      tell(this.#call, `${this.#labelOf(id)}: ${step.text} (${(elapsedMs / 1000).toFixed(1)} s)`);
    };
    return this.#service.invoke(request, { signal, onProgress });
  }

  #requestFor({ subjects, values }: Order): ActionRequest {
    return {
      action: this.#work.action,
      targets: subjects.map(({ target }) => target),
      arguments: values,
      dryRun: isDryRun(this.#call),
      requestId: newRequestId(this.#call),
      via: "cli",
    };
  }

  /** One report of all requests, under the id of the first. */
  #joined(reports: readonly ActionReport[]): ActionReport {
    const [first, ...others] = reports;
    const { action } = this.#work;
    if (!first) {
      return { action, dryRun: isDryRun(this.#call), requestId: newRequestId(this.#call), results: [], warnings: [] };
    }
    const results = reports.flatMap((report) => report.results);
    return { ...first, results, warnings: joinWarnings(first.warnings, ...others.map(({ warnings }) => warnings)) };
  }

  /** The id in a result may be another than was asked for: that of what was made. */
  #labelOf(id: string): string {
    return this.#subjects.find(({ target }) => target.id === id)?.label ?? nameOf(id);
  }

  #lineOf(result: ActionResult): string {
    // Of its lines none comes from outside.
    const label = visible(this.#labelOf(result.id));
    const isPlan = isDryRun(this.#call);
    const line =
      !isPlan && this.#work.lineOf
        ? this.#work.lineOf(result, label)
        : `${label}: ${result.outcome}: ${visible(result.message)}`;
    const steps = isPlan ? result.plan.map((step) => `\n  ${visible(step.text)}`) : [];
    return [line, ...steps]
      .join("")
      .split("\n")
      .map((text) => (text === "" ? "" : `${visible(text)}\n`))
      .join("");
  }

  /** Unchanged is success; one target's error is the command's; of several it is partial. */
  #exitOf(report: ActionReport, stopped: Break | null): number {
    const call = this.#call;
    const bad = report.results.filter((result) => !isGood(result));
    if (bad.length > 0 && stopped !== null) return fail(call, this.#stopError(stopped, bad));
    if (this.#work.judge) return this.#work.judge(report, this.#service);
    if (bad.length === 0) return this.#work.exitOf?.(report) ?? 0;
    const errors = bad.map(errorOf);
    const whole = partial(errors, report.results.length);
    if (call.isJson) return fail(call, whole);
    for (const error of errors) fail(call, error);
    return whole.exitCode;
  }

  #stopError(stopped: Break, bad: readonly ActionResult[]): MusterError {
    const reasons = bad.map(({ message }) => message).join("; ");
    if (stopped === "deadline") {
      const reason = `not done within ${this.#work.timeoutSeconds} s: ${reasons}`;
      return new MusterError("TIMED_OUT", reason, { hint: "give a longer --timeout, or none" });
    }
    return new MusterError(stopped === "SIGINT" ? "CANCELLED" : "INTERRUPTED", `interrupted: ${reasons}`);
  }
}

/** Its target is the word that stands for nothing. */
const missingResult = (error: MusterError): ActionResult => errorResult(error.target ?? "", "refused", error);
