/** The verbs of the action table: names -> targets -> the service -> a report, and an exit code that sums it up. */
import { ACTIONS, type ActionId, type ActionSpec } from "#core/act/actions.ts";
import type { ActionResult } from "#core/act/request.ts";
import { carryOut, type Work } from "../acting.ts";
import type { Call } from "../context.ts";
import type { OptionValue } from "../option-values.ts";
import { usage } from "../option-values.ts";
import type { Session } from "../session.ts";
import { type Subject, subjectsOf } from "../subjects.ts";
import { checkExit, checkReport } from "./check.ts";

/** What single verbs do otherwise than all others. */
const OWN_WAYS: Partial<Record<ActionId, (call: Call) => Partial<Work>>> = {
  "daemon.check": (call) => ({
    lookOnly: (session, request, subjects) => (isLookOnly(session) ? checkReport(request, daemonsOf(subjects)) : null),
    judge: (report, service) => checkExit(call, service, report),
  }),
  "module.check": () => ({
    lineOf: (result, label) => `${label}: ${isRegistered(result) ? "registered" : "not registered"}`,
    exitOf: ({ results }) => (results.every(isRegistered) ? 0 : 1),
  }),
};

export async function act(call: Call): Promise<number> {
  const { action } = call.invocation.command;
  if (!action) throw new Error(`'${call.invocation.command.name}' is no action`);
  const spec: ActionSpec = ACTIONS[action];
  const values = await argumentsOf(spec, call);
  return carryOut(call, {
    action,
    ordersOf: (service) => {
      const { all, missing } = subjectsOf(spec, service, call.invocation.words);
      return { orders: [{ subjects: all, values }], missing };
    },
    ...OWN_WAYS[action]?.(call),
  });
}

/** Signals are checked here, where the word that was typed can be named. */
export async function argumentsOf(spec: ActionSpec, call: Call): Promise<Record<string, OptionValue>> {
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

/** A check takes the guard lock and makes its file; where nothing may be written the facts that were read must do. */
const isLookOnly = ({ root, isReadOnly }: Session) => root !== null || isReadOnly;

const daemonsOf = (subjects: readonly Subject[]) =>
  subjects.flatMap(({ item }) => (item?.kind === "Daemon" ? [item] : []));

const isRegistered = ({ answer }: ActionResult) => answer?.registered === true;
