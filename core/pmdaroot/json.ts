/** Values out of JSON that nobody vouches for: what is not of the wanted type is not there. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** null for text that is no JSON, or JSON that is no object. */
export function parseObject(text: string): JsonObject | null {
  return objectOf(parse(text));
}

/** null for text that is no JSON, or JSON that is no array. */
export function parseArray(text: string): readonly unknown[] | null {
  const value = parse(text);
  return Array.isArray(value) ? value : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Half-written: the engine is at it, and its next change brings the rest.
    return null;
  }
}

export function objectOf(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string" && item !== "") : [];
}

const HIGHEST_PID = 0x7fff_ffff;

/** Process ids are above 0; engines write 0 or -1 for none. */
export function pidOf(value: unknown): number | null {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= HIGHEST_PID ? value : null;
}

/** Clock ticks of proc_pid_stat(5), as text. */
export function ticksOf(value: unknown): string | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? String(value) : null;
}

export function labelsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(objectOf(value) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
