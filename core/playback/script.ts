/**
 * The scripted outcomes of what is asked for: each effect answers one request that fits it. A request that none fits until
 * something else happens is a failure, and is refused: nothing is ever done.
 */
import { ACTIONS } from "#core/act/actions.ts";
import { type ActionReport, type ActionRequest, type ActionResult, OUTCOME_SEVERITY } from "#core/act/request.ts";
import { type Clock, timestamp } from "#core/model/clock.ts";
import { fromRecord, MusterError } from "#core/model/error.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { makeId } from "#core/model/id.ts";
import type { Step } from "#core/model/step.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import type { InvokeOptions } from "#core/service/service.ts";
import type { Effect, Match, ProgressEffect, Reply, ScriptedEffect, ScriptedResult } from "./effect-records.ts";
import type { Place } from "./read-record.ts";
import { wholeError } from "./source-events.ts";

export interface Failure {
  /** null: about no record in particular. */
  readonly place: Place | null;
  readonly message: string;
}

export interface Script {
  /** What an effect record says. */
  take(effect: Effect, place: Place): void;
  /** Something else happens: what was asked for and has no answer by now does not get one. */
  moveOn(): void;
  invoke(request: ActionRequest, options: InvokeOptions): Promise<ActionReport>;
  processes(): Promise<readonly ProcessRow[]>;
  /** Requests that wait for an effect or its answer. */
  readonly waiting: number;
  /** Effects that nobody asked for yet. */
  readonly unused: readonly Place[];
  /** What was asked for, and how it ended. */
  readonly audit: readonly MusterEvent[];
  readonly failures: readonly Failure[];
  /** Nothing is expected and nothing waits any more; of the audit this many rows are left. */
  clear(auditRows: number): void;
}

/** One that asked. */
interface Asked {
  readonly request: ActionRequest | null;
  fits(match: Match): boolean;
  answer(reply: Reply): void;
  progress(effect: ProgressEffect): void;
  refuse(): void;
}

interface Expected {
  readonly effect: ScriptedEffect;
  readonly place: Place;
}

export function createScript(clock: Clock, node: string): Script {
  const asked = new Set<Asked>();
  const expected: Expected[] = [];
  const later = new Map<string, Asked>();
  const audit: MusterEvent[] = [];
  const failures: Failure[] = [];
  /** Answers that are on their way. */
  const timers = new Set<() => void>();

  const note = (
    request: ActionRequest,
    fields: Pick<MusterEvent, "severity" | "code" | "message" | "outcome">,
    target: string,
  ) => {
    const id = makeId(node, "event", `audit-${audit.length + 1}`);
    const at = timestamp(clock.wallMs());
    const { requestId, action } = request;
    audit.push({ id, kind: "Event", at, target, requestId, action, variables: null, actor: "playback", ...fields });
  };

  const begun = ({ request }: Asked) => {
    if (request === null || request.dryRun) return;
    for (const { id } of request.targets) {
      note(request, { severity: "info", code: "ACTION_BEGUN", message: request.action, outcome: null }, id);
    }
  };

  const reply = (one: Asked, answer: Reply, afterMs: number) => {
    if ("never" in answer) return;
    if ("later" in answer) {
      later.set(answer.later, one);
      return;
    }
    if (afterMs <= 0) return one.answer(answer);
    const cancel = clock.setTimer(afterMs, () => {
      timers.delete(cancel);
      one.answer(answer);
    });
    timers.add(cancel);
  };

  const meet = (one: Asked, { effect }: Expected) => {
    asked.delete(one);
    begun(one);
    reply(one, effect.reply, effect.afterMs ?? 0);
  };

  const ask = (one: Asked) => {
    const index = expected.findIndex(({ effect }) => one.fits(effect.match));
    const [found] = index < 0 ? [] : expected.splice(index, 1);
    if (found) meet(one, found);
    else asked.add(one);
  };

  const ended = (request: ActionRequest, report: ActionReport): ActionReport => {
    if (request.dryRun) return report;
    for (const { id, outcome, message } of report.results) {
      note(request, { severity: OUTCOME_SEVERITY[outcome], code: "ACTION_ENDED", message, outcome }, id);
    }
    return report;
  };

  /** The answer of what nobody has asked for yet: whoever does gets it at once. */
  const notAsked = (effect: Exclude<Effect, ScriptedEffect>): boolean => {
    const isIts = ({ effect: { reply } }: Expected) => "later" in reply && reply.later === effect.answers;
    const index = expected.findIndex(isIts);
    const found = expected[index];
    if (found && "reply" in effect) expected[index] = { ...found, effect: { ...found.effect, reply: effect.reply } };
    return found !== undefined;
  };

  return {
    audit,
    failures,
    get waiting() {
      return asked.size + later.size + timers.size;
    },
    get unused() {
      return expected.map(({ place }) => place);
    },
    take(effect, place) {
      if ("match" in effect) {
        const found = [...asked].find((one) => one.fits(effect.match));
        if (found) meet(found, { effect, place });
        else expected.push({ effect, place });
        return;
      }
      const one = later.get(effect.answers);
      if (!one && notAsked(effect)) return;
      if (!one) {
        failures.push({ place, message: `nothing waits for the answer '${effect.answers}'` });
        return;
      }
      if ("progress" in effect) return one.progress(effect);
      later.delete(effect.answers);
      reply(one, effect.reply, 0);
    },
    moveOn() {
      for (const one of asked) {
        asked.delete(one);
        failures.push({ place: null, message: `unexpected side effect: ${nameOfRequest(one.request)}` });
        one.refuse();
      }
    },
    invoke(request, options) {
      const { promise, resolve, reject } = Promise.withResolvers<ActionReport>();
      ask({
        request,
        fits: (match) => "action" in match && isSubset(match, request),
        answer(answer) {
          if ("throw" in answer) reject(fromRecord(wholeError(answer.throw)));
          else resolve(ended(request, reportOf(request, answer)));
        },
        progress({ progress, target, elapsedMs = 0 }) {
          const step = progress as Step;
          options.onProgress?.({ id: target ?? request.targets[0]?.id ?? "", step, elapsedMs });
        },
        refuse: () => resolve(ended(request, refusal(request))),
      });
      return promise;
    },
    processes() {
      const { promise, resolve, reject } = Promise.withResolvers<readonly ProcessRow[]>();
      ask({
        request: null,
        fits: (match) => "query" in match,
        answer(answer) {
          if ("processes" in answer) resolve(answer.processes);
          else reject("err" in answer ? fromRecord(wholeError(answer.err)) : noMachine("list processes"));
        },
        progress() {},
        refuse: () => reject(noMachine("list processes")),
      });
      return promise;
    },
    clear(auditRows) {
      audit.length = Math.min(audit.length, auditRows);
      asked.clear();
      expected.length = 0;
      later.clear();
      for (const cancel of timers) cancel();
      timers.clear();
    },
  };
}

const nameOfRequest = (request: ActionRequest | null) =>
  request === null
    ? "the processes to choose from"
    : `${request.action} of ${request.targets.map(({ id }) => id).join(", ")}`;

function noMachine(what: string): MusterError {
  return new MusterError("UNSUPPORTED", `cannot ${what}: this is a playback, there is no machine`, {
    hint: "an effect record of the fixture tells what comes of it",
  });
}

function isSubset(match: Extract<Match, { action: unknown }>, request: ActionRequest): boolean {
  if (match.action !== request.action) return false;
  if (match.dryRun !== undefined && match.dryRun !== request.dryRun) return false;
  const target = match.id === undefined ? request.targets[0] : request.targets.find(({ id }) => id === match.id);
  if (match.id !== undefined && !target) return false;
  if (match.identity !== undefined && match.identity !== (target?.identity ?? null)) return false;
  return Object.entries(match.arguments ?? {}).every(([name, value]) => request.arguments[name] === value);
}

function reportOf(request: ActionRequest, answer: Reply): ActionReport {
  const { action, dryRun, requestId, targets } = request;
  const warnings = "results" in answer ? (answer.warnings ?? []) : [];
  const results = targets.map(({ id }) => ({ ...DONE, id, ...scriptedResult(answer, id, targets.length) }));
  return { action, dryRun, requestId, results, warnings };
}

const DONE: Omit<ActionResult, "id"> = {
  outcome: "done",
  plan: [],
  before: null,
  after: null,
  elapsedMs: 0,
  undo: null,
  message: "done",
  error: null,
};

function scriptedResult(answer: Reply, id: string, count: number): Partial<ActionResult> {
  if ("results" in answer) {
    const found = answer.results.find((each) => each.id === id) ?? (count === 1 ? answer.results[0] : undefined);
    return wholeResult(found ?? {});
  }
  if ("err" in answer) {
    const error = wholeError(answer.err);
    return { outcome: answer.outcome, error, message: error.message };
  }
  return "ok" in answer && answer.ok !== true ? { ...wholeResult(answer.ok), id } : {};
}

/** What was left out is as of an action that was done: an `undefined` would hide that. */
function wholeResult({ error, ...rest }: ScriptedResult): Partial<ActionResult> {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { ...given, ...(error ? { error: wholeError(error) } : {}) };
}

function refusal(request: ActionRequest): ActionReport {
  const { action, dryRun, requestId, targets } = request;
  const { message, hint } = noMachine(ACTIONS[action].verb);
  const error = wholeError({ code: "UNSUPPORTED", message, hint });
  const results = targets.map(({ id }) => ({ ...DONE, id, outcome: "refused" as const, message, error }));
  return { action, dryRun, requestId, results, warnings: [] };
}
