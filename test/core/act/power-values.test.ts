/** Values as they are typed and read: numbers, NaN, infinities, how many, and what is said against them. */
import { expect, test } from "bun:test";
import { valueChanges } from "#app/console/policy-typing.ts";
import { agentProblem, endpointNameProblem, profileProblem } from "#core/act/new-subjects.ts";
import { numberText, quantityText, typedValue, valuesProblem, valuesText } from "#core/act/power-values.ts";
import { AGENTS } from "#core/geopm/agents.ts";
import { parsePolicy } from "#core/geopm/policy-text.ts";
import { valuesText as columnText } from "#core/output/geopm-columns.ts";
import { limit } from "#test/harness/power.ts";

const field = (name: string, unit: string | null = null) => ({ name, unit, without: null });

test("what is a value and what is none", () => {
  expect(["1", "-2.5", "+3", ".5", "5.", "1e3", "2E-2"].map(typedValue)).toEqual([1, -2.5, 3, 0.5, 5, 1000, 0.02]);
  expect(["NAN", "nan", "NaN", "INF", "-inf", "Infinity"].map(typedValue)).toEqual([
    null,
    null,
    null,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
  expect(["", "x", "0x10", "1 2", "NA", "1,5", "none", "1e"].map(typedValue)).toEqual(new Array(8).fill(undefined));
});

test("what is said of a word is what the service would say", () => {
  const governor = AGENTS.get("power_governor");
  if (!governor) throw new Error("no power_governor");
  const fields = governor.policy.map(({ name, unit }) => field(name, unit));
  for (const text of ["1", "NAN", "inf", "", "x", "1,2", "1,", ",", "None", " 7 ", "1e999", "--1"]) {
    let refused = false;
    try {
      parsePolicy(text, governor);
    } catch {
      refused = true;
    }
    expect([text, valuesProblem(text, fields) !== null]).toEqual([text, refused]);
  }
});

test("too many, none, misspelled, empty: each with the way out", () => {
  expect(valuesProblem("1,2", [field("A")])).toBe("the agent takes 1 value; this is 2");
  expect(valuesProblem("1,2,3", [field("A"), field("B")])).toBe("the agent takes 2 values; this is 3");
  expect(valuesProblem("1", [])).toBe("the agent takes no values: say None; this is 1");
  expect(valuesProblem("None", [])).toBeNull();
  expect(valuesProblem("", [])).toBeNull();
  expect(valuesProblem("None", [field("A")])).toBe("values are needed, not None");
  expect(valuesProblem("", null)).toBe("values are needed; NAN leaves one to the agent");
  expect(valuesProblem("1,,2", null)).toBe("value 2 is empty: write NAN to leave it to the agent");
  expect(valuesProblem("null", [field("A")])).toBe('A: "null" is no number; NAN is spelled NAN');
  expect(valuesProblem("1,2,3,4", null)).toBeNull();
  expect(valuesProblem("1,x", null, [field("A"), field("B")])).toStartWith('B: "x" is no number');
});

test("a region of a map may be given by its name", () => {
  expect(valuesProblem("dgemm,2e9", [field("HASH_0"), field("FREQ_0", "Hz")])).toBeNull();
  expect(valuesProblem("1,dgemm", [field("HASH_0"), field("FREQ_0", "Hz")])).toContain("FREQ_0");
});

test("an infinity, which JSON cannot hold, is read and written as one", () => {
  const [most, least] = [limit(Number.MAX_VALUE), limit(-Number.MAX_VALUE)];
  expect(valuesText([most, least])).toBe("INF,-INF");
  expect(quantityText(Number.MAX_VALUE, "W")).toBe("infinite W");
  expect(numberText(-Number.MAX_VALUE)).toBe("-infinite");
  expect(columnText([most, least, limit(5)])).toBe("CPU_POWER_LIMIT=INF CPU_POWER_LIMIT=-INF CPU_POWER_LIMIT=5W");
  expect(valueChanges([most, least], "inf,-inf", null)).toEqual([]);
});

test("values as text: NaN at the end of many is left out, of few it is shown", () => {
  expect(valuesText([limit(200), limit(null)])).toBe("200,NAN");
  expect(valuesText([limit(1), limit(null), limit(2), ...new Array(20).fill(limit(null))])).toBe("1,NAN,2");
  expect(valuesText(new Array(20).fill(limit(null)))).toBe("NAN");
  expect(valuesText([])).toBe("");
});

test("numbers and quantities as people read them", () => {
  expect([152.25, 1 / 3, 1e12, 0x9a3f_01c7, 0, -5, Number.POSITIVE_INFINITY].map(numberText)).toEqual([
    "152.25",
    "0.333333",
    "1000000000000",
    "2587820487",
    "0",
    "-5",
    "infinite",
  ]);
  expect(quantityText(null, "W")).toBe("no data");
  expect(quantityText(2.1e9, "Hz")).toBe("2.1 GHz");
  expect(quantityText(900, "Hz")).toBe("900 Hz");
  expect(quantityText(5000, "W")).toBe("5000 W");
  expect(quantityText(4711, null)).toBe("4711");
});

test("names of endpoints, agents and profiles", () => {
  for (const name of ["/dev/shm/ep", "/ep", "/run/user/1000/ep 2"]) expect(endpointNameProblem(name)).toBeNull();
  expect(endpointNameProblem("ep")).toContain("a file in the directory of whoever looks");
  for (const name of ["", "/", "/dev/shm/"]) expect(endpointNameProblem(name)).toContain("an endpoint needs a name");
  expect(endpointNameProblem("/dev/shm/a\nb")).toContain("control characters");
  expect(endpointNameProblem(`/dev/shm/${"é".repeat(124)}`)).toBeNull();
  expect(endpointNameProblem(`/dev/shm/${"é".repeat(125)}`)).toContain("at most 248 bytes, this is 250");
  expect(agentProblem("power_governor")).toBeNull();
  expect(agentProblem("")).toContain("name it");
  expect(agentProblem("a/b")).toContain("'/'");
  expect(profileProblem("")).toBeNull();
  expect(profileProblem("a/b c")).toBeNull();
  expect(profileProblem("x".repeat(256))).toContain("at most 255 bytes");
});
