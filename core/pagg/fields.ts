/** Reading the data of a request: the fields of a C struct, as a JSON object. What does not fit is EINVAL, by its name. */
import { paggError } from "./errors.ts";
import type { Json } from "./request.ts";

export type Struct = Readonly<Record<string, Json>>;

/** `fields` are all the struct has; nothing at all counts as a struct of which nothing is given. */
export function structOf(data: Json, fields: readonly string[]): Struct {
  const given = data ?? {};
  if (typeof given !== "object" || Array.isArray(given)) {
    throw paggError("EINVAL", "the data of the request is no JSON object", { hint: fieldsHint(fields) });
  }
  const struct = given as Struct;
  const unknown = Object.keys(struct).find((name) => !fields.includes(name));
  if (unknown !== undefined) {
    throw paggError("EINVAL", `the data has no field ${JSON.stringify(unknown)}`, { hint: fieldsHint(fields) });
  }
  return struct;
}

/** A whole number from `lowest` to `highest`; `otherwise` if it is not given, EINVAL if there is no such. */
export function integerField(
  struct: Struct,
  name: string,
  { lowest, highest, otherwise }: { lowest: number; highest: number; otherwise?: number },
): number {
  const value = struct[name];
  if (value === undefined && otherwise !== undefined) return otherwise;
  if (value === undefined) throw missing(name);
  if (typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw bad(name, value, `a whole number from ${lowest} to ${highest}`);
}

export function textField(struct: Struct, name: string): string {
  const value = struct[name];
  if (value === undefined) throw missing(name);
  if (typeof value === "string") return value;
  throw bad(name, value, "text");
}

export function missing(name: string): Error {
  return paggError("EINVAL", `the field ${name} is missing in the data`, { hint: `give it as JSON: {"${name}": ...}` });
}

export function bad(name: string, value: Json, wanted: string): Error {
  return paggError("EINVAL", `the field ${name} is ${JSON.stringify(value).slice(0, 64)}`, { hint: `it is ${wanted}` });
}

function fieldsHint(fields: readonly string[]): string {
  return fields.length === 0 ? "it takes none" : `its fields are ${fields.join(", ")}`;
}
