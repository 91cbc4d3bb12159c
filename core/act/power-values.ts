/**
 * Policies as they are typed, `150,NAN,3`, geopmagent(1): what stands in the prompt, what can be said against it before
 * anybody is asked, and values as people read them. The service judges again; here it is for whoever is typing.
 */
import { numberOfValue, type PowerValue, wordOfValue } from "#core/model/endpoint.ts";
import type { ValueField } from "#core/model/policy.ts";

/** What geopmagent(1) wants for an agent that takes no values. */
const NOTHING = "None";
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
const NAN = /^nan$/i;
/** Names of what frequency_map calls a region; the name of the region itself may stand there. */
const OF_REGION = /^HASH_\d+$/;

/** In the order of the agent's fields. */
export const valueWords = (text: string): readonly string[] => text.split(",").map((word) => word.trim());

/** `null`: NaN. `undefined`: no number. */
export function typedValue(word: string): number | null | undefined {
  if (NAN.test(word)) return null;
  const infinite = INFINITE.exec(word);
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NUMBER.test(word) ? Number(word) : undefined;
}

/** Why these are no values for an agent that takes these fields; null if they are. `fields`: null if nobody knows them all. */
export function valuesProblem(
  text: string,
  fields: readonly ValueField[] | null,
  names: readonly ValueField[] = fields ?? [],
): string | null {
  if (text.trim() === "") return fields?.length === 0 ? null : "values are needed; NAN leaves one to the agent";
  if (text.trim() === NOTHING)
    return fields === null || fields.length === 0 ? null : `values are needed, not ${NOTHING}`;
  const words = valueWords(text);
  const most = fields?.length ?? Number.POSITIVE_INFINITY;
  if (words.length > most) {
    const takes = most === 0 ? `no values: say ${NOTHING}` : `${most} ${most === 1 ? "value" : "values"}`;
    return `the agent takes ${takes}; this is ${words.length}`;
  }
  for (const [offset, word] of words.entries()) {
    const name = names[offset]?.name ?? `value ${offset + 1}`;
    const problem = wordProblem(word, name);
    if (problem !== null) return problem;
  }
  return null;
}

function wordProblem(word: string, name: string): string | null {
  if (word === "") return `${name} is empty: write NAN to leave it to the agent`;
  if (typedValue(word) !== undefined || OF_REGION.test(name)) return null;
  const isMeant = /^(none|null|-|nil|na|n\/a|nan\W*)$/i.test(word);
  return `${name}: "${word}" is no number${isMeant ? "; NAN is spelled NAN" : "; NAN leaves it to the agent"}`;
}

/** What is there now, to be changed rather than typed again. */
export function valuesText(values: readonly PowerValue[]): string {
  const last = values.findLastIndex(({ value }) => value !== null);
  const told = values.length > MOST_SHOWN ? values.slice(0, Math.max(1, last + 1)) : values;
  return told.map(({ value }) => wordOfValue(value)).join(",");
}

/** Of more values than this those at the end that are NaN are left out: they are NaN all the same. */
const MOST_SHOWN = 8;

/** At most so many digits that matter: what a sample says beyond is noise. */
const DIGITS = 6;

export function numberText(given: number): string {
  const value = numberOfValue(given);
  if (!Number.isFinite(value)) return value > 0 ? "infinite" : "-infinite";
  // Hashes of regions are whole numbers: every digit of them counts.
  if (Number.isSafeInteger(value)) return String(value);
  return String(Number(value.toPrecision(DIGITS)));
}

const PREFIXES = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** `152.3 W`, `2.1 GHz`; NaN is no data. */
export function quantityText(value: number | null, unit: string | null): string {
  if (value === null) return "no data";
  if (unit === null) return numberText(value);
  const size = Math.abs(value);
  // Seconds are not counted in thousands.
  const [factor, prefix] = (unit === "Hz" && PREFIXES.find(([least]) => size >= least)) || [1, ""];
  return `${numberText(value / factor)} ${prefix}${unit}`;
}
