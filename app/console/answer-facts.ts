/** The answer of a module, a job or an endpoint as lines for people: names and values, whatever they are. */
import { numberText, quantityText } from "#core/act/power-values.ts";
import type { Answer, Json } from "#core/act/request.ts";
import type { PowerValue } from "#core/model/endpoint.ts";

type Fact = readonly [name: string, text: string];

export function answerFacts(answer: Answer): readonly Fact[] {
  return Object.entries(answer).flatMap(([name, value]) => factsOf(name, value));
}

function factsOf(name: string, value: Json): readonly Fact[] {
  if (typeof value === "number") return [[name, numberText(value)]];
  if (value === null || typeof value !== "object") return [[name, String(value ?? "none")]];
  if (isList(value)) {
    if (value.length === 0) return [[name, "none"]];
    if (value.every((each) => each === null || typeof each !== "object")) return [[name, value.join(" ")]];
    if (value.every(isQuantity)) return value.map((each) => [each.name, quantityText(each.value, each.unit)]);
    return value.flatMap((each, index) => factsOf(`${name} ${index + 1}`, each));
  }
  const parts = Object.entries(value);
  return parts.length === 0 ? [[name, "none"]] : parts.flatMap(([part, each]) => factsOf(`${name}.${part}`, each));
}

/** A value of a policy or a sample: known by its name, not by its place. */
const isQuantity = (each: Json): each is PowerValue =>
  each !== null &&
  typeof each === "object" &&
  "name" in each &&
  "unit" in each &&
  "value" in each &&
  (each.value === null || typeof each.value === "number");

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
