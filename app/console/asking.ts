/** Which arguments of an action are asked for, what stands in the prompt, and what will not do. */
import type { ActionId, ActionSpec, ArgumentSpec } from "#core/act/actions.ts";
import { memberStateProblem } from "#core/act/new-subjects.ts";
import { valuesText } from "#core/act/power-values.ts";
import { parseJid } from "#core/model/jid.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { signalNumber } from "#ffi/signals.ts";
import { presentValues, WRITES_VALUES } from "./policy-typing.ts";
import type { Arguments, Captured } from "./ui-state.ts";

/** Asks for what is not known yet, then to confirm, then does it. `item`: null of one that is to be made. */
export type GoOn = (action: ActionSpec, captured: Captured, item: Items[Kind] | null, given: Arguments) => void;

/** Arguments that may be left out, and are asked for all the same: an empty answer leaves them out. */
const ASKED: Partial<Record<ActionId, readonly string[]>> = {
  "job.create": ["jid", "user"],
  "job.kill": ["signal"],
  "module.ctl": ["data"],
};

/** What follows from the item itself: whoever waits at an endpoint waits for what has not happened there. */
export const impliedBy = (id: ActionId, item: Items[Kind]): Arguments =>
  id === "endpoint.wait" && item.kind === "Endpoint" && item.agent !== null ? { detach: true } : {};

/** What stands in the prompt at first. */
const PRESETS: Partial<Record<ActionId, string>> = { "job.kill": "TERM" };

/** The next argument to be asked for; undefined if all is known. */
export function nextQuestion(action: ActionSpec, given: Arguments): ArgumentSpec | undefined {
  const asked = ASKED[action.id as ActionId] ?? [];
  return action.arguments.find(
    ({ name, isRequired }) => given[name] === undefined && (isRequired || asked.includes(name)),
  );
}

/** What is there now, to be changed rather than typed again. */
export function presentValue(id: ActionId, argument: ArgumentSpec, item: Items[Kind] | null): string {
  if (id === "member.state" && item?.kind === "Member") return item.state;
  if (argument.name === "values" && WRITES_VALUES.includes(id)) return valuesText(presentValues(item));
  return argument.name === "signal" ? (PRESETS[id] ?? "") : "";
}

export function argumentProblem(id: ActionId, argument: ArgumentSpec, value: string): string | null {
  if (value === "") return argument.isRequired ? `${argument.title} is needed` : null;
  if (argument.type === "jid" && parseJid(value) === null) return "a jid is hexadecimal, such as 0x501, and not 0";
  // That of a job may be 0, which only asks whether it could be sent.
  const isProbe = id === "job.kill" && value === "0";
  if (argument.type === "signal" && !isProbe && signalNumber(value) === null) {
    return `"${value}" is no signal: a name such as HUP or SIGUSR1, or a number from 1 to 64`;
  }
  const quote = id === "process.start" ? /['"]/.exec(value)?.[0] : undefined;
  if (quote !== undefined) {
    return `there are no quotes: ${quote} would be a character of an argument; put what needs them into a script`;
  }
  return id === "member.state" ? memberStateProblem(value) : null;
}

/** Without those that were left empty. */
export const answeredOnes = (given: Arguments): Arguments =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
