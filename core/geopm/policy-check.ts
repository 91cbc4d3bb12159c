/**
 * What a controller would make of a policy, told before it is written: an invalid one ends the controller's run. What depends
 * on the platform (the range of its power and frequencies) only the controller knows. Manual page of each agent.
 */
import { type Agent, fieldName } from "./agents.ts";

export interface Finding {
  /** error: the controller would refuse it. note: what the controller makes of it. */
  readonly severity: "error" | "note";
  /** null: of the policy as a whole. */
  readonly offset: number | null;
  readonly text: string;
}

type Values = readonly number[];

const error = (offset: number | null, text: string): Finding => ({ severity: "error", offset, text });
const note = (offset: number | null, text: string): Finding => ({ severity: "note", offset, text });

/** Errors first. Values that are missing at the end count as NaN. */
export function checkPolicy(agent: Agent, values: Values): readonly Finding[] {
  if (values.length > agent.policy.length) {
    return [error(null, `${agent.name} takes ${agent.policy.length} values, not ${values.length}`)];
  }
  const whole = agent.policy.map((_, offset) => values[offset] ?? Number.NaN);
  const findings = (RULES[agent.name] ?? noRule)(agent, whole);
  return [
    ...findings.filter(({ severity }) => severity === "error"),
    ...nanNotes(agent, whole),
    ...findings.filter(isNote),
  ];
}

const isNote = ({ severity }: Finding): boolean => severity === "note";

/** What each NaN will become. The regions of a map that are not used are no news. */
const nanNotes = (agent: Agent, values: Values): Finding[] =>
  values.flatMap((value, offset) => {
    const field = agent.policy[offset];
    if (!Number.isNaN(value) || field === undefined || isOfRegion(field.name)) return [];
    return [note(offset, `${field.name} is NaN: ${field.whenNan}`)];
  });

const isOfRegion = (name: string): boolean => /^(HASH|FREQ)_\d+$/.test(name);

type Rule = (agent: Agent, values: Values) => Finding[];

const noRule: Rule = () => [];

const RULES: Readonly<Record<string, Rule>> = {
  power_governor: checkPower,
  power_balancer: (agent, values) => [...checkBalancer(values), ...checkPower(agent, values)],
  frequency_map: checkFrequencyMap,
  energy_efficient: checkFrequencies,
  cpu_activity: checkShare,
  gpu_activity: checkShare,
  ffnet: checkShare,
};

function checkPower(agent: Agent, [limit = Number.NaN]: Values): Finding[] {
  const name = fieldName(agent, "policy", 0);
  if (limit <= 0) return [note(0, `${name} ${limit} W is raised to the least the platform allows`)];
  return limit === Number.POSITIVE_INFINITY ? [note(0, `${name} is lowered to the most the platform allows`)] : [];
}

/** NaN is 0 to it, but for the limit. */
const checkBalancer = (values: Values): Finding[] =>
  values.every((value, offset) => value === 0 || (offset > 0 && Number.isNaN(value)))
    ? [error(null, "power_balancer refuses a policy in which every value is 0")]
    : [];

function checkFrequencyMap(agent: Agent, values: Values): Finding[] {
  if (values.every(Number.isNaN)) return [];
  const first = agent.policy.findIndex(({ name }) => name.startsWith("HASH_"));
  const [standard = Number.NaN] = values;
  const hasDefault = agent.policy[0]?.name !== "FREQ_MIN";
  return [
    ...(hasDefault && Number.isNaN(standard) ? [error(0, `${fieldName(agent, "policy", 0)} must be set`)] : []),
    ...checkFrequencies(agent, values),
    ...checkRegions(agent, values, first),
  ];
}

function checkFrequencies(agent: Agent, values: Values): Finding[] {
  return values.flatMap((value, offset) => {
    if (agent.policy[offset]?.unit !== "Hz" || Number.isNaN(value) || (value > 0 && Number.isFinite(value))) return [];
    return [error(offset, `${fieldName(agent, "policy", offset)} ${value} Hz is no frequency`)];
  });
}

function checkRegions(agent: Agent, values: Values, first: number): Finding[] {
  const findings: Finding[] = [];
  const seen = new Map<number, number>();
  for (let offset = first; offset + 1 < values.length; offset += 2) {
    const [hash = Number.NaN, frequency = Number.NaN] = [values[offset], values[offset + 1]];
    const [hashName, frequencyName] = [fieldName(agent, "policy", offset), fieldName(agent, "policy", offset + 1)];
    if (Number.isNaN(hash) && !Number.isNaN(frequency))
      findings.push(error(offset, `${frequencyName} has no ${hashName}`));
    if (Number.isNaN(hash)) continue;
    if (Number.isNaN(frequency)) findings.push(error(offset + 1, `${hashName} has no ${frequencyName}`));
    if (!Number.isInteger(hash) || hash < 0 || hash > 0xffff_ffff) {
      findings.push(error(offset, `${hashName} ${hash} is no hash of a region: they have 32 bits`));
    }
    const before = seen.get(hash);
    if (before !== undefined) {
      findings.push(error(offset, `${hashName} is the same region as ${fieldName(agent, "policy", before)}`));
    }
    seen.set(hash, offset);
  }
  return findings;
}

function checkShare(agent: Agent, values: Values): Finding[] {
  return values.flatMap((value, offset) => {
    if (Number.isNaN(value) || (value >= 0 && value <= 1)) return [];
    return [error(offset, `${fieldName(agent, "policy", offset)} is ${value}, but must be from 0 to 1`)];
  });
}
