/** The policy store: what GEOPM's library wrote is read, and what muster writes is what that library would have written. */
import { expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { agentTable, pluginAgent } from "#core/geopm/agents.ts";
import { GeopmError } from "#core/geopm/errors.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const GOLDEN = join(import.meta.dir, "golden");
const NAN = Number.NaN;
const ODD = `weird "q' é %`;

/** Number and code of what a call was refused with. */
function refusal(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (thrown) {
    if (!(thrown instanceof GeopmError)) throw thrown;
    return `${thrown.number} ${thrown.code}`;
  }
}

/** The steps by which the golden store was made. */
function fill(store: PolicyStore): void {
  store.setDefault("power_governor", [150]);
  store.setDefault("power_balancer", [200, NAN, NAN, NAN]);
  store.setBest("power_governor", "dgemm", [176.25]);
  store.setBest("power_balancer", "amg", [188, NAN, 12.5, 0]);
  store.setBest("power_balancer", "short", [111]);
  store.setBest("power_balancer", "allnan", [NAN, NAN, NAN, NAN]);
  store.setBest("power_balancer", "lead-nan", [NAN, NAN, 7]);
  store.setBest("power_governor", ODD, [-0.0]);
  store.setBest("power_governor", "inf", [Number.POSITIVE_INFINITY]);
  store.setBest("power_governor", "", [99]);
  store.setBest("power_balancer", "removed", [1, 2, 3, 4]);
  store.setBest("power_balancer", "removed", []);
  store.setBest("power_governor", "tiny", [1e-300]);
  store.setBest("power_governor", "int", [42]);
}

/** What the real library answers from the golden store. */
const ANSWERS: readonly (readonly [agent: string, profile: string, policy: readonly number[]])[] = [
  ["power_governor", "dgemm", [176.25]],
  ["power_governor", "no such profile", [150]],
  ["power_governor", "", [99]],
  ["power_governor", "inf", [Number.POSITIVE_INFINITY]],
  ["power_governor", "tiny", [1e-300]],
  ["power_governor", "int", [42]],
  ["power_governor", ODD, [0]],
  ["power_balancer", "amg", [188, NAN, 12.5, 0]],
  ["power_balancer", "short", [111, NAN, NAN, NAN]],
  ["power_balancer", "allnan", [NAN, NAN, NAN, NAN]],
  ["power_balancer", "lead-nan", [NAN, NAN, 7, NAN]],
  ["power_balancer", "removed", [200, NAN, NAN, NAN]],
  ["power_balancer", "no such profile", [200, NAN, NAN, NAN]],
  ["monitor", "x", []],
];

test.each(["real", "muster"])("getBest answers as the real library does, from the store that %s wrote", (writer) => {
  using directory = new TemporaryDirectory();
  const path = directory.file("policystore.db");
  if (writer === "real") copyFileSync(join(GOLDEN, "policystore.db"), path);
  using store = new PolicyStore(path);
  if (writer === "muster") fill(store);
  for (const [agent, profile, policy] of [...ANSWERS, ...ANSWERS])
    expect(store.getBest(agent, profile)).toEqual(policy);
  expect(refusal(() => store.getBest("frequency_map", "x"))).toBe("-14 NOT_FOUND");
  expect(refusal(() => store.getBest("nosuchagent", "x"))).toBe("-3 USAGE");
});

test("an empty store is byte for byte that of the real library", () => {
  using directory = new TemporaryDirectory();
  new PolicyStore(directory.file("db")).close();
  const [ours, theirs] = [readFileSync(directory.file("db")), readFileSync(join(GOLDEN, "policystore_empty.db"))];
  // The version of the SQLite that wrote it last.
  for (const bytes of [ours, theirs]) bytes.fill(0, 96, 100);
  expect(ours.equals(theirs)).toBe(true);
});

test("the same steps make the same rows, schema and header as the real library", () => {
  using directory = new TemporaryDirectory();
  {
    using store = new PolicyStore(directory.file("db"));
    fill(store);
  }
  const [ours, theirs] = [directory.file("db"), join(GOLDEN, "policystore.db")].map((path) => {
    const database = new Database(path, { readonly: true });
    const all = (sql: string) => database.prepare(sql).all();
    const content = [
      all("SELECT rowid, agent, offset, typeof(value), quote(value) FROM DefaultPolicies ORDER BY rowid"),
      all("SELECT rowid, profile, agent, offset, typeof(value), quote(value) FROM BestPolicies ORDER BY rowid"),
      all("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema ORDER BY rowid"),
      readFileSync(path).subarray(0, 96).toString("hex"),
    ];
    database.close();
    return content;
  });
  expect(ours).toEqual(theirs as typeof ours);
});

test("everything there is, which the real library cannot tell", () => {
  using store = new PolicyStore(join(GOLDEN, "policystore.db"), { mode: "existing" });
  expect(store.list()).toEqual([
    { agent: "power_balancer", profile: null, values: [200, NAN, NAN, NAN], problem: null },
    { agent: "power_governor", profile: null, values: [150], problem: null },
    { agent: "power_balancer", profile: "allnan", values: [NAN, NAN, NAN, NAN], problem: null },
    { agent: "power_balancer", profile: "amg", values: [188, NAN, 12.5, 0], problem: null },
    { agent: "power_balancer", profile: "lead-nan", values: [NAN, NAN, 7], problem: null },
    { agent: "power_balancer", profile: "short", values: [111], problem: null },
    { agent: "power_governor", profile: "", values: [99], problem: null },
    { agent: "power_governor", profile: "dgemm", values: [176.25], problem: null },
    { agent: "power_governor", profile: "inf", values: [Number.POSITIVE_INFINITY], problem: null },
    { agent: "power_governor", profile: "int", values: [42], problem: null },
    { agent: "power_governor", profile: "tiny", values: [1e-300], problem: null },
    { agent: "power_governor", profile: ODD, values: [0], problem: null },
  ]);
});

test("a profile in double quotes: its own row first, then the one without them, then the default", () => {
  using directory = new TemporaryDirectory();
  using store = new PolicyStore(directory.file("db"));
  store.setDefault("power_governor", [150]);
  expect(store.find("power_governor", '"dgemm"')).toEqual({ values: [150], profile: null });
  store.setBest("power_governor", "dgemm", [176]);
  expect(store.getBest("power_governor", '"dgemm"')).toEqual([176]);
  expect(store.find("power_governor", '"dgemm"')).toEqual({ values: [176], profile: "dgemm" });
  store.setBest("power_governor", '"dgemm"', [180]);
  expect(store.getBest("power_governor", '"dgemm"')).toEqual([180]);
  expect(store.getBest("power_governor", "dgemm")).toEqual([176]);
  expect(store.getBest("power_governor", '"')).toEqual([150]);
  store.setBest("power_governor", "", [99]);
  expect(store.getBest("power_governor", '""')).toEqual([99]);
});

test("set, replace and remove; what is not there any more falls back", () => {
  using directory = new TemporaryDirectory();
  using store = new PolicyStore(directory.file("db"));
  store.setDefault("power_balancer", [1, 2, 3, 4]);
  store.setBest("power_balancer", "p", [5, 6, 7, 8]);
  store.setBest("power_balancer", "p", [9]);
  expect(store.getBest("power_balancer", "p")).toEqual([9, NAN, NAN, NAN]);
  expect([store.remove("power_balancer", "p"), store.remove("power_balancer", "p")]).toEqual([true, false]);
  expect(store.getBest("power_balancer", "p")).toEqual([1, 2, 3, 4]);
  store.setDefault("power_balancer", []);
  expect(refusal(() => store.getBest("power_balancer", "p"))).toBe("-14 NOT_FOUND");
  expect(store.find("power_balancer", "p")).toBeNull();
  expect(store.remove("power_balancer", null)).toBe(false);
});

test("what is refused leaves the store as it was", () => {
  using directory = new TemporaryDirectory();
  using store = new PolicyStore(directory.file("db"));
  store.setBest("power_governor", "p", [1]);
  expect(refusal(() => store.setBest("nosuchagent", "p", [1]))).toBe("-3 USAGE");
  expect(refusal(() => store.setBest("power_governor", "p", [1, 2]))).toBe("-3 USAGE");
  expect(refusal(() => store.setDefault("monitor", [1]))).toBe("-3 USAGE");
  for (const name of ["a\0b", "x".repeat(256), "\ud800"]) {
    expect(refusal(() => store.setBest("power_governor", name, [1]))).toBe("-3 USAGE");
  }
  store.setBest("power_governor", "é".repeat(127), [2]);
  expect(store.list().map(({ values }) => values)).toEqual([[1], [2]]);
  store.close();
  expect(refusal(() => store.getBest("power_governor", "p"))).toBe("-3 NOT_ALLOWED_NOW");
});

test("agents of other lines and of plugins", () => {
  using directory = new TemporaryDirectory();
  const agents = agentTable("2.0rc1", [pluginAgent("site", ["A", "B"])]);
  using store = new PolicyStore(directory.file("db"), { agents });
  store.setDefault("frequency_map", [1e9]);
  expect(store.getBest("frequency_map", "")).toHaveLength(64);
  store.setDefault("site", [1]);
  expect(store.getBest("site", "")).toEqual([1, NAN]);
  expect(refusal(() => store.getBest("ffnet", ""))).toBe("-3 USAGE");
});
