/**
 * Values of a policy in the prompt and in the dialog: what is known of its fields, what each value that is typed means, and
 * what would become of those that are there. Pure; the service judges again.
 */
import type { ActionId } from "#core/act/actions.ts";
import { quantityText, typedValue, valuesProblem, valueWords } from "#core/act/power-values.ts";
import { type PowerValue, wordOfValue } from "#core/model/endpoint.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import type { ValueField } from "#core/model/policy.ts";
import { fieldsOfAgent, type KnownFields } from "#core/store/power.ts";
import { itemOf } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { TextField } from "./text-field.ts";
import type { Captured } from "./ui-state.ts";

/** Actions whose argument is the values of a policy. */
export const WRITES_VALUES: readonly ActionId[] = ["endpoint.policy", "policy.set"];

/** The values that are there; empty if none are. */
export function presentValues(item: Items[Kind] | null | undefined): readonly PowerValue[] {
  if (item?.kind === "Policy") return item.fields;
  return item?.kind === "Endpoint" && item.policyAgeSeconds !== null ? item.policy : [];
}

/** The agent's fields as far as anything on this machine tells them. */
export function fieldsFor(snapshot: Snapshot, { kind, target }: Captured): KnownFields | null {
  if (kind === "policies") return fieldsOfAgent(snapshot, nameOf(target.id).split("/", 1)[0] ?? "");
  const endpoint = itemOf(snapshot, "endpoints", target.id);
  return endpoint?.agent ? fieldsOfAgent(snapshot, endpoint.agent) : null;
}

const limitOf = (known: KnownFields | null): readonly ValueField[] | null => (known?.isWhole ? known.fields : null);

export const typedProblem = (text: string, known: KnownFields | null): string | null =>
  valuesProblem(text, limitOf(known), known?.fields ?? []);

/** What may still become a value: nobody is told off in the middle of a word. */
const UNFINISHED = /^[+-]?(?:n|na|i|in|infi|infin|infini|infinit|\.|\d*\.?\d*e[+-]?)?$/i;

/** The same while it is typed. */
export function typingProblem(text: string, known: KnownFields | null): string | null {
  const words = valueWords(text);
  const last = words.at(-1) ?? "";
  if (words.length === 1 && (last === "" || "None".startsWith(last))) return null;
  return typedProblem(UNFINISHED.test(last) ? [...words.slice(0, -1), "0"].join(",") : text, known);
}

/** One value as it is typed, and whether the caret stands in it. */
export interface TypedField {
  readonly name: string;
  readonly text: string;
  readonly isCurrent: boolean;
}

/** The fields around the caret, at most `most` of them. Of an agent nobody knows those that were typed. */
export function typedFields(field: TextField, known: KnownFields | null, most: number): readonly TypedField[] {
  const words = valueWords(field.text);
  const current = field.text.slice(0, field.caret).split(",").length - 1;
  const count = Math.max(words.length, known?.fields.length ?? 0);
  const from = Math.max(0, Math.min(current - Math.floor(most / 2), count - most));
  return Array.from({ length: Math.min(most, count) }, (_, index) => {
    const at = from + index;
    const of = known?.fields[at];
    const unit = of?.unit ? ` (${of.unit})` : "";
    return {
      name: `${of?.name ?? `value ${at + 1}`}${unit}`,
      text: meaningOf(words[at] ?? "", of),
      isCurrent: at === current,
    };
  });
}

function meaningOf(word: string, field: ValueField | undefined): string {
  const value = typedValue(word);
  const meaning = field?.without ? `: ${field.without}` : "";
  if (word === "") return `left out, as NAN${meaning}`;
  if (value === null) return `NAN${meaning}`;
  return value === undefined ? word : quantityText(value, field?.unit ?? null);
}

/** A value before and after. */
export type ValueChange = readonly [name: string, change: string];

/** Those that change, in words; empty if none does. */
export function valueChanges(
  before: readonly PowerValue[],
  text: string,
  known: KnownFields | null,
): readonly ValueChange[] {
  const words = valueWords(text).filter((word, at) => at > 0 || (word !== "" && word !== "None"));
  const count = Math.max(before.length, words.length);
  return Array.from({ length: count }, (_, at): ValueChange | null => {
    const field = known?.fields[at] ?? before[at];
    const name = field?.name ?? `value ${at + 1}`;
    const unit = field?.unit ?? null;
    const old = before[at];
    const word = words[at] ?? "NAN";
    const value = typedValue(word);
    if (old && value !== undefined && wordOfValue(old.value) === wordOfValue(value)) return null;
    if (!old && value === null) return null;
    const without = known?.fields[at]?.without;
    const after = value === undefined ? word : value === null ? nanText(without) : quantityText(value, unit);
    return [name, `${old ? plainText(old) : "none"} -> ${after}`];
  }).filter((change) => change !== null);
}

const plainText = ({ value, unit }: PowerValue) => (value === null ? "NAN" : quantityText(value, unit));
const nanText = (without: string | null | undefined) => (without ? `NAN (${without})` : "NAN");
