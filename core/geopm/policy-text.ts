/**
 * Policies as people and GEOPM's files write them, geopmagent(1): `150,NAN,3` and {"CPU_POWER_LIMIT": 150, "STEP_COUNT": "NAN"}.
 * In muster's own JSON there is no number for NaN: it is null there.
 */
import { type Agent, fieldName, type GeopmLine } from "./agents.ts";
import { type GeopmError, geopmError } from "./errors.ts";
import { regionHash } from "./region-hash.ts";

/** What geopmagent(1) wants for an agent that takes no values. */
const NOTHING = "None";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** -3 for what is no number, and for more values than the agent takes. Regions of frequency_map may be given by name. */
export function parsePolicy(text: string, agent: Agent, line: GeopmLine = "3"): readonly number[] {
  const { name, policy } = agent;
  if (policy.length === 0) {
    if (text.trim() === NOTHING || text.trim() === "") return [];
    throw geopmError("INVALID", `${name} takes no policy, but ${JSON.stringify(text)} was given`, {
      hint: `say ${NOTHING}`,
    });
  }
  const words = text.split(",").map((word) => word.trim());
  if (words.length > policy.length) throw tooMany(agent, words.length);
  return words.map((word, offset) => {
    const isHash = policy[offset]?.name.startsWith("HASH_") === true;
    return parseValue(word) ?? (isHash && word !== "" ? regionHash(word, line) : refuse(word, agent, offset));
  });
}

/** `150,NAN,3`; `None` for no values at all. */
export const formatPolicy = (values: readonly number[]): string =>
  values.length === 0 ? NOTHING : values.map(formatValue).join(",");

/** NaN and infinities as GEOPM's own parser reads them. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NAN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "INF" : "-INF";
}

/** The content of a policy file, GEOPM_POLICY: values by name, what is not there is NaN. -4 if it is no such file. */
export function parsePolicyFile(text: string, agent: Agent): readonly number[] {
  const members = parseObject(text);
  const names = agent.policy.map(({ name }) => name);
  const values = new Array<number>(names.length).fill(Number.NaN);
  for (const [name, given] of Object.entries(members)) {
    const offset = names.indexOf(name);
    if (offset < 0) {
      const hint = `its values: ${names.join(", ") || "none"}`;
      throw geopmError("FILE_PARSE", `${agent.name} has no policy value ${JSON.stringify(name)}`, { hint });
    }
    const value = typeof given === "number" ? given : typeof given === "string" ? parseValue(given) : null;
    if (value === null) throw badFile(`the value of ${name} is ${JSON.stringify(given)}, neither a number nor "NAN"`);
    values[offset] = value;
  }
  return values;
}

/** As geopmagent(1) prints it. */
export function formatPolicyFile(values: readonly number[], agent: Agent): string {
  if (values.length > agent.policy.length) throw tooMany(agent, values.length);
  const members = values.map((value, offset) => {
    const text = Number.isFinite(value) ? String(value) : `"${formatValue(value)}"`;
    return `${JSON.stringify(fieldName(agent, "policy", offset))}: ${text}`;
  });
  return `{${members.join(", ")}}`;
}

/** In muster's JSON: null is NaN. JSON has no infinity either, and it must not look like no data. */
export function jsonValue(value: number): number | string | null {
  if (Number.isNaN(value)) return null;
  return Number.isFinite(value) ? value : formatValue(value);
}

/** null: no number. NaN is one here. */
function parseValue(word: string): number | null {
  if (/^nan$/i.test(word)) return Number.NaN;
  const infinite = INFINITE.exec(word);
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return NUMBER.test(word) ? Number(word) : null;
}

function refuse(word: string, agent: Agent, offset: number): never {
  const field = fieldName(agent, "policy", offset);
  throw geopmError("INVALID", `${field}: ${JSON.stringify(word)} is not a valid floating-point number`, {
    hint: `use "NAN" for the agent's own choice`,
  });
}

function tooMany(agent: Agent, count: number): GeopmError {
  const names = agent.policy.map(({ name }) => name).join(", ");
  return geopmError("INVALID", `${agent.name} takes ${agent.policy.length} values, not ${count}`, {
    hint: `its values: ${names || "none"}`,
  });
}

const badFile = (why: string, cause?: unknown): GeopmError =>
  geopmError("FILE_PARSE", `policy file: ${why}`, { hint: `it is an object such as {"CPU_POWER_LIMIT": 150}`, cause });

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw badFile(`no JSON: ${thrown instanceof Error ? thrown.message : thrown}`, thrown);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw badFile("it is not an object");
}
