/**
 * GEOPM's agents: the names, units and meaning of their policy and sample values, in the order in which they stand in memory
 * and in the policy store. geopm_agent(3) and the manual page of each agent; the lines of versions differ.
 */

/** `2.0rc1` is the last that links geopm_daemon_c(3); `2.0` is rc2 and the releases after it; `3` is everything since. */
export const GEOPM_LINES = ["1.1", "2.0rc1", "2.0", "3"] as const;

export type GeopmLine = (typeof GEOPM_LINES)[number];

export interface Field {
  readonly name: string;
  /** `W`, `Hz`, `s`; null for a plain number. */
  readonly unit: string | null;
  readonly meaning: string;
}

export interface PolicyField extends Field {
  /** What the controller takes if the value is NaN. */
  readonly whenNan: string;
}

export interface Agent {
  readonly name: string;
  /** Position is the offset in the policy. */
  readonly policy: readonly PolicyField[];
  readonly sample: readonly Field[];
  /** Whether a stock build of GEOPM has it. */
  readonly isBeta: boolean;
}

export type AgentTable = ReadonlyMap<string, Agent>;

const field = (name: string, unit: string | null, meaning: string): Field => ({ name, unit, meaning });
const policy = (name: string, unit: string | null, meaning: string, whenNan: string): PolicyField => ({
  ...field(name, unit, meaning),
  whenNan,
});
const agent = (
  name: string,
  policyFields: readonly PolicyField[],
  sample: readonly Field[] = [],
  isBeta = false,
): Agent => ({ name, policy: policyFields, sample, isBeta });

const isOld = (line: GeopmLine): boolean => line === "1.1" || line === "2.0rc1";

const powerLimit = (line: GeopmLine): PolicyField =>
  policy(
    isOld(line) ? "POWER_PACKAGE_LIMIT_TOTAL" : "CPU_POWER_LIMIT",
    "W",
    "average power of the node's processor packages, kept within what the platform allows",
    "the thermal design power of the packages",
  );

const POWER_SAMPLES = [
  field("POWER", "W", "average power of a node's packages over the control window"),
  field("IS_CONVERGED", null, "1 once the power is held at the limit"),
  field("POWER_AVERAGE_ENFORCED", "W", "power limit in force, averaged over the nodes"),
];

const BALANCER_POLICY = [
  policy("STEP_COUNT", null, "step of the balancing algorithm, set by the root agent", "0"),
  policy("MAX_EPOCH_RUNTIME", "s", "longest epoch of any node, set by the root agent", "0"),
  policy("POWER_SLACK", "W", "power that may be given to a node, set by the root agent", "0"),
];

const BALANCER_SAMPLES = [
  field("STEP_COUNT", null, "step of the balancing algorithm that was finished"),
  field("MAX_EPOCH_RUNTIME", "s", "longest epoch of the nodes below"),
  field("SUM_POWER_SLACK", "W", "power that the nodes below can spare, added up"),
  field("MIN_POWER_HEADROOM", "W", "least room up to the highest limit of any node below"),
];

/** What frequency_map takes of a region: up to 31 of them. */
const REGION_PAIRS = Array.from({ length: 31 }, (_, index): readonly PolicyField[] => [
  policy(`HASH_${index}`, null, `region ${index}: hash of its name`, "no region here"),
  policy(`FREQ_${index}`, "Hz", `region ${index}: processor frequency while it runs`, "no region here"),
]).flat();

const DEFAULT_FREQUENCY = "processor frequency of regions that are not in the map";
const MANDATORY = "nothing is controlled if all values are NaN; not allowed otherwise";
const UNCORE = policy("FREQ_UNCORE", "Hz", "frequency of the uncore", "the uncore is left alone");

function frequencyMap(line: GeopmLine): Agent {
  if (line === "3") {
    const cpu = policy("FREQ_CPU_DEFAULT", "Hz", DEFAULT_FREQUENCY, MANDATORY);
    const gpu = policy("FREQ_GPU_DEFAULT", "Hz", "frequency of the GPUs", "the GPUs are left alone");
    return agent("frequency_map", [cpu, { ...UNCORE, name: "FREQ_CPU_UNCORE" }, gpu, ...REGION_PAIRS]);
  }
  if (line === "1.1") {
    const least = policy("FREQ_MIN", "Hz", "lowest processor frequency", "the lowest of the platform");
    const most = policy("FREQ_MAX", "Hz", "highest processor frequency", "the highest of the platform");
    return agent("frequency_map", [least, most, ...REGION_PAIRS]);
  }
  return agent("frequency_map", [policy("FREQ_DEFAULT", "Hz", DEFAULT_FREQUENCY, MANDATORY), UNCORE, ...REGION_PAIRS]);
}

const phi = (name: string, what: string): PolicyField =>
  policy(name, null, `${what}: 0 is for performance, 1 for energy`, "the agent's own default");

/** Agents that some lines have and others have not. */
function lineOnly(line: GeopmLine): readonly Agent[] {
  if (line === "1.1") {
    const least = policy("FREQ_MIN", "Hz", "lowest processor frequency", "the lowest of the platform");
    const most = policy("FREQ_MAX", "Hz", "highest processor frequency", "the highest of the platform");
    const margin = policy("PERF_MARGIN", null, "part of the performance that may be lost", "the agent's own default");
    const fixed = policy("FREQ_FIXED", "Hz", "one frequency for all", "frequencies are found by the agent");
    return [agent("energy_efficient", [least, most, margin, fixed])];
  }
  if (line !== "3") return [];
  return [
    agent("cpu_activity", [phi("CPU_PHI", "bias of the processors")], [], true),
    agent("gpu_activity", [phi("GPU_PHI", "bias of the GPUs")], [], true),
    agent(
      "ffnet",
      [policy("PERF_ENERGY_BIAS", null, "bias of the neural net: 0 is for performance, 1 for energy", "0")],
      [],
      true,
    ),
  ];
}

/** The agents of a line, and those that plugins of a site add (or replace). */
export function agentTable(line: GeopmLine, plugins: readonly Agent[] = []): AgentTable {
  const agents = [
    agent("monitor", []),
    agent("power_governor", [powerLimit(line)], POWER_SAMPLES),
    agent("power_balancer", [powerLimit(line), ...BALANCER_POLICY], BALANCER_SAMPLES),
    frequencyMap(line),
    ...lineOnly(line),
    ...plugins,
  ];
  return new Map(agents.map((one) => [one.name, one]));
}

/** The agents of GEOPM today. */
export const AGENTS: AgentTable = agentTable("3");

/** An agent of a plugin, of which only the names are known. */
export function pluginAgent(name: string, policyNames: readonly string[], sampleNames: readonly string[] = []): Agent {
  const own = policyNames.map((one) => policy(one, null, "", "the agent's own default"));
  return agent(
    name,
    own,
    sampleNames.map((one) => field(one, null, "")),
  );
}

/** The name of a value, by its position where the agent is unknown or has fewer: `policy 0`, `sample 3`. */
export function fieldName(known: Agent | null | undefined, side: "policy" | "sample", offset: number): string {
  return known?.[side][offset]?.name ?? `${side} ${offset}`;
}
