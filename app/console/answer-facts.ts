/** The answer of a module or of a job as lines for people: names and values, whatever they are. */
import type { Answer, Json } from "#core/act/request.ts";

type Fact = readonly [name: string, text: string];

export function answerFacts(answer: Answer): readonly Fact[] {
  return Object.entries(answer).flatMap(([name, value]) => factsOf(name, value));
}

function factsOf(name: string, value: Json): readonly Fact[] {
  if (value === null || typeof value !== "object") return [[name, String(value ?? "none")]];
  if (isList(value)) {
    if (value.length === 0) return [[name, "none"]];
    if (value.every((each) => each === null || typeof each !== "object")) return [[name, value.join(" ")]];
    return value.flatMap((each, index) => factsOf(`${name} ${index + 1}`, each));
  }
  const parts = Object.entries(value);
  return parts.length === 0 ? [[name, "none"]] : parts.flatMap(([part, each]) => factsOf(`${name}.${part}`, each));
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
