/** The agents' fields as the real library names them, policies as text, and what a controller would make of them. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import {
  AGENTS,
  type Agent,
  agentTable,
  fieldName,
  GEOPM_LINES,
  type GeopmLine,
  pluginAgent,
} from "#core/geopm/agents.ts";
import { formatHostlist, parseHostlist, readHostlist } from "#core/geopm/hostlist.ts";
import { checkPolicy } from "#core/geopm/policy-check.ts";
import { formatPolicy, formatPolicyFile, jsonValue, parsePolicy, parsePolicyFile } from "#core/geopm/policy-text.ts";
import { regionHash } from "#core/geopm/region-hash.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { refusalOf } from "#test/harness/geopm.ts";

const NAN = Number.NaN;

function agent(name: string, line: GeopmLine = "3"): Agent {
  const found = agentTable(line).get(name);
  if (!found) throw new Error(`no agent ${name} in ${line}`);
  return found;
}

const namesOf = (fields: readonly { name: string }[]) => fields.map(({ name }) => name).join(",");
const pairs = Array.from({ length: 31 }, (_, index) => `HASH_${index},FREQ_${index}`).join(",");

test("what the real library of today says of its agents", () => {
  const said = [...AGENTS.values()].map(({ name, policy, sample }) => [name, namesOf(policy), namesOf(sample)]);
  expect(said).toEqual([
    ["monitor", "", ""],
    ["power_governor", "CPU_POWER_LIMIT", "POWER,IS_CONVERGED,POWER_AVERAGE_ENFORCED"],
    [
      "power_balancer",
      "CPU_POWER_LIMIT,STEP_COUNT,MAX_EPOCH_RUNTIME,POWER_SLACK",
      "STEP_COUNT,MAX_EPOCH_RUNTIME,SUM_POWER_SLACK,MIN_POWER_HEADROOM",
    ],
    ["frequency_map", `FREQ_CPU_DEFAULT,FREQ_CPU_UNCORE,FREQ_GPU_DEFAULT,${pairs}`, ""],
    ["cpu_activity", "CPU_PHI", ""],
    ["gpu_activity", "GPU_PHI", ""],
    ["ffnet", "PERF_ENERGY_BIAS", ""],
  ]);
});

test("what changed from line to line", () => {
  const frequencyMap = GEOPM_LINES.map((line) => namesOf(agent("frequency_map", line).policy));
  expect(frequencyMap.map((names) => names.split(",").length)).toEqual([64, 64, 64, 65]);
  expect(frequencyMap[0]).toStartWith("FREQ_MIN,FREQ_MAX,HASH_0");
  expect(frequencyMap[1]).toStartWith("FREQ_DEFAULT,FREQ_UNCORE,HASH_0");
  expect(GEOPM_LINES.map((line) => namesOf(agent("power_governor", line).policy))).toEqual([
    "POWER_PACKAGE_LIMIT_TOTAL",
    "POWER_PACKAGE_LIMIT_TOTAL",
    "CPU_POWER_LIMIT",
    "CPU_POWER_LIMIT",
  ]);
  expect(GEOPM_LINES.map((line) => agentTable(line).has("energy_efficient"))).toEqual([true, false, false, false]);
  expect(GEOPM_LINES.map((line) => agentTable(line).has("ffnet"))).toEqual([false, false, false, true]);
});

test("values of agents that are not known are shown by position", () => {
  expect(fieldName(AGENTS.get("power_governor"), "policy", 0)).toBe("CPU_POWER_LIMIT");
  expect(fieldName(AGENTS.get("power_governor"), "policy", 1)).toBe("policy 1");
  expect(fieldName(AGENTS.get("of a plugin"), "sample", 3)).toBe("sample 3");
  expect(fieldName(pluginAgent("site", ["A"], ["B"]), "sample", 0)).toBe("B");
});

test("hashes of regions: zlib's since 3.0, the processor's before", () => {
  expect(regionHash("dgemm")).toBe(2704140526);
  expect([regionHash("dgemm", "2.0"), regionHash("stream", "1.1")]).toEqual([0xa74bbf35, 0xd691da00]);
});

test("policies as geopmagent reads and prints them", () => {
  const balancer = agent("power_balancer");
  expect(parsePolicy("150,NAN,3", balancer)).toEqual([150, NAN, 3]);
  expect(parsePolicy(" 1.5e2 , nan,-.5,+inf", balancer)).toEqual([150, NAN, -0.5, Number.POSITIVE_INFINITY]);
  expect(parsePolicy("None", agent("monitor"))).toEqual([]);
  expect(parsePolicy("1.5e9,NAN,NAN,dgemm,2e9", agent("frequency_map"))).toEqual([1.5e9, NAN, NAN, 2704140526, 2e9]);
  expect(formatPolicy([150, NAN, 3, Number.NEGATIVE_INFINITY])).toBe("150,NAN,3,-INF");
  expect(formatPolicy([])).toBe("None");
  expect(formatPolicyFile([150, NAN, 3], balancer)).toBe(
    '{"CPU_POWER_LIMIT": 150, "STEP_COUNT": "NAN", "MAX_EPOCH_RUNTIME": 3}',
  );
  expect([jsonValue(NAN), jsonValue(1.5), jsonValue(Number.POSITIVE_INFINITY)]).toEqual([null, 1.5, "INF"]);
});

test.each([
  ["abc", "power_governor", 'CPU_POWER_LIMIT: "abc" is not a valid floating-point number'],
  ["", "power_governor", 'CPU_POWER_LIMIT: "" is not a valid floating-point number'],
  ["0x10", "power_governor", '"0x10" is not a valid'],
  ["1,2,3,4,5", "power_balancer", "power_balancer takes 4 values, not 5"],
  ["1", "monitor", "monitor takes no policy"],
  ["1e9,NAN,NAN,,1e9", "frequency_map", 'HASH_0: "" is not a valid'],
])("%p is no policy of %s", (text, name, why) => {
  const refusal = refusalOf(() => parsePolicy(text, agent(name)));
  expect(refusal.number).toBe(-3);
  expect(refusal.message).toContain(why);
});

test("policy files: by name, NaN where nothing is said, and -4 for what is none", () => {
  const balancer = agent("power_balancer");
  expect(parsePolicyFile('{"POWER_SLACK": 2, "STEP_COUNT": "NaN"}', balancer)).toEqual([NAN, NAN, NAN, 2]);
  expect(parsePolicyFile(formatPolicyFile([1, NAN, 3, 4], balancer), balancer)).toEqual([1, NAN, 3, 4]);
  for (const text of ["", "[1]", "null", '{"POWER": 1}', '{"STEP_COUNT": true}', '{"STEP_COUNT": "x"}']) {
    expect(refusalOf(() => parsePolicyFile(text, balancer)).number).toBe(-4);
  }
});

test.each<[string, readonly number[], readonly string[]]>([
  ["power_governor", [150], []],
  ["power_governor", [NAN], ["note: CPU_POWER_LIMIT is NaN: the thermal design power of the packages"]],
  ["power_governor", [-5], ["note: CPU_POWER_LIMIT -5 W is raised to the least the platform allows"]],
  ["power_governor", [1, 2], ["error: power_governor takes 1 values, not 2"]],
  ["cpu_activity", [1.5], ["error: CPU_PHI is 1.5, but must be from 0 to 1"]],
  ["ffnet", [NAN], ["note: PERF_ENERGY_BIAS is NaN: 0"]],
  ["frequency_map", [2e9, 1e9, 1e9, 5, 2e9], []],
  ["frequency_map", [2e9, 1e9, 1e9, 5], ["error: HASH_0 has no FREQ_0"]],
  ["frequency_map", [2e9, 1e9, 1e9, NAN, 1e9], ["error: FREQ_0 has no HASH_0"]],
  ["frequency_map", [2e9, 1e9, 1e9, 5, 2e9, 5, 2e9], ["error: HASH_1 is the same region as HASH_0"]],
  ["frequency_map", [2e9, 1e9, 0], ["error: FREQ_GPU_DEFAULT 0 Hz is no frequency"]],
  ["frequency_map", [2e9, 1e9, 1e9, 0.5, 1e9], ["error: HASH_0 0.5 is no hash of a region: they have 32 bits"]],
])("what %s makes of %p", (name, values, expected) => {
  expect(checkPolicy(agent(name), values).map(({ severity, text }) => `${severity}: ${text}`)).toEqual([...expected]);
});

test("a balancer's policy of nothing but zeros is refused; one of NaN is the platform's own", () => {
  const severities = (values: readonly number[]) =>
    checkPolicy(agent("power_balancer"), values).map(({ severity }) => severity);
  expect(severities([0, 0, 0, 0])).toEqual(["error", "note"]);
  expect(severities([0])[0]).toBe("error");
  expect(severities([])).toEqual(["note", "note", "note", "note"]);
});

test("a frequency map needs its default, unless it is all NaN", () => {
  const errors = (values: readonly number[]) =>
    checkPolicy(agent("frequency_map"), values).filter(({ severity }) => severity === "error");
  expect(errors([])).toEqual([]);
  expect(errors([NAN, 1e9])).toMatchObject([{ offset: 0, text: "FREQ_CPU_DEFAULT must be set" }]);
});

test("the host list of the real library", () => {
  using directory = new TemporaryDirectory();
  const path = directory.file("hosts");
  writeFileSync(path, formatHostlist(["node-b", "node-a", "node-b"]));
  expect(readFileSync(path, "utf8")).toBe("node-a\nnode-b\n");
  expect(readHostlist(path)).toEqual(["node-a", "node-b"]);
  expect(parseHostlist("z\n\na")).toEqual(["a", "z"]);
  expect(refusalOf(() => readHostlist("/dev/zero")).number).toBe(-3);
});
