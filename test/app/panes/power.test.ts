/** The tree of power: cells and details of endpoints and policies, and which of them somebody should look at. */
import { expect, test } from "bun:test";
import { POWER_PANE } from "#app/panes/power.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import type { Policy } from "#core/model/policy.ts";
import { fieldsOfAgent } from "#core/store/power.ts";
import { reduce } from "#core/store/reduce.ts";
import { lookedAt, NO_HISTORY } from "#core/store/sample-history.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { endpoint, limit, policy, powerSample } from "#test/harness/power.ts";

const atMs = Date.parse("2026-03-01T10:00:00Z");
const snapshot = reduce(
  emptySnapshot("n1"),
  [
    { src: "endpoints", op: "reset", items: [endpoint("ep0"), endpoint("ep1", { profile: "other" })] },
    {
      src: "policies",
      op: "reset",
      items: [policy("power_governor", null), policy("power_governor", "dgemm"), policy("frequency_map", "fft")],
    },
  ],
  atMs,
);
const context = { atMs, snapshot, samples: NO_HISTORY };

type Power = Endpoint | Policy;

const cells = (item: Power) =>
  Object.fromEntries(POWER_PANE.columns.map((column) => [column.id, column.cell(item, context).text.trim()]));

const facts = (item: Power) =>
  Object.fromEntries(
    POWER_PANE.detail(item, context).flatMap((line) => ("label" in line ? [[line.label, line.text]] : [])),
  );

const problems = [{ code: "REGION_BROKEN", message: "ep-sample is 12 bytes" }];

test("cells: what does not apply to a policy is empty, what is not known of an endpoint a dash", () => {
  expect(cells(endpoint("ep0"))).toEqual({
    name: "/dev/shm/ep0",
    state: "attached",
    agent: "power_governor",
    profile: "dgemm",
    nodes: "2",
    "first-seen": expect.stringMatching(/^\d\d-\d\d \d\d:\d\d$/),
    "policy-age": "1m",
    "sample-age": "0s",
    value: "152.25 W",
  });
  expect(cells(endpoint("ep1", { agent: null }))).toMatchObject({
    agent: "-",
    profile: "-",
    nodes: "-",
    "first-seen": "-",
    "policy-age": "-",
    "sample-age": "-",
    value: "",
  });
  expect(cells(policy("power_governor", "dgemm"))).toEqual({
    name: "dgemm",
    state: "best",
    agent: "power_governor",
    profile: "dgemm",
    nodes: "",
    "first-seen": "",
    "policy-age": "",
    "sample-age": "",
    value: "176 W",
  });
  expect(cells(policy("frequency_map", "fft")).name).toBe("frequency_map/fft");
});

test("the value that says most: the first in watts, else with a unit, else the first; what is wrong where nothing is sent", () => {
  const of = (...units: readonly (string | null)[]) =>
    cells(endpoint("ep", { sample: units.map((unit, at) => ({ name: `s${at}`, unit, value: at + 1 })) })).value;
  expect(of(null, "s", "W", "W")).toBe("3 W");
  expect(of(null, "s")).toBe("2 s");
  expect(of(null, null)).toBe("1");
  expect(of()).toBe("no samples");
  expect(cells(endpoint("ep", { sample: powerSample(null) })).value).toBe("no data");
  expect(cells(endpoint("ep", { agent: null, state: "broken", problems })).value).toBe("ep-sample is 12 bytes");
  expect(cells(policy("a", null, { problems })).value).toBe("ep-sample is 12 bytes");
  expect(cells(policy("a", null, { fields: [] })).value).toBe("no values");
  expect(cells(policy("a", null, { fields: [limit(null)] })).value).toBe("NAN");
  expect(cells(policy("a", null, { fields: [limit(null), limit(7), limit(null)] })).value).toBe("NAN, 7 W");
});

test("who should be looked at", () => {
  const alarm = (state: Endpoint["state"]) => POWER_PANE.alarm(endpoint("ep", { state }));
  expect((["broken", "stuck", "abandoned"] as const).map(alarm)).toEqual(["error", "error", "error"]);
  expect((["stale", "orphaned"] as const).map(alarm)).toEqual(["warn", "warn"]);
  expect((["attached", "waiting"] as const).map(alarm)).toEqual([null, null]);
  expect(POWER_PANE.alarm(endpoint("ep", { problems }))).toBe("warn");
  expect(POWER_PANE.alarm(policy("a", null))).toBeNull();
  expect(POWER_PANE.alarm(policy("a", null, { problems }))).toBe("warn");
});

test("the detail of an endpoint: every sample and every value of the policy, who is there, what the store has", () => {
  const samples = lookedAt(NO_HISTORY, [endpoint("ep0")], atMs);
  const lines = POWER_PANE.detail(endpoint("ep0"), { ...context, samples });
  const power = lines.find((line) => "label" in line && line.label === "POWER");
  expect(power).toMatchObject({ text: "152.25 W; 60 s, 0 to 200 W", bars: [6] });
  expect(facts(endpoint("ep0"))).toMatchObject({
    state: "attached",
    profile: 'dgemm, written as "dgemm"',
    nodes: "2: n1, n2",
    alive: "yes, its controller lives",
    "first seen": expect.stringMatching(/^20\d\d-/),
    "bound to": "no store by this service: b has it served from one",
    "store has": "the best of power_governor for dgemm",
    IS_CONVERGED: "1",
    written: "1 min 15 s ago",
    CPU_POWER_LIMIT: "176 W",
    size: "4160 bytes",
    owned: "yes, by muster (pid 4242)",
  });
  expect(facts(endpoint("ep1", { profile: "other" }))["store has"]).toBe("the default of power_governor");
  expect(facts(endpoint("ep", { agent: "monitor", sample: [] }))["store has"]).toBe("no policy of monitor");
  expect(facts(endpoint("ep", { nodes: null, controlled: null, owned: false, regionBytes: 4136 }))).toMatchObject({
    nodes: "their list cannot be read",
    alive: "cannot be told",
    owned: "no, its owner is gone",
    size: "4136 bytes, of GEOPM before 2021",
  });
  expect(facts(endpoint("ep", { agent: null, regionBytes: null, ownerUid: null, ownerPid: null }))).toMatchObject({
    agent: "none: no controller is attached",
    "bound to": "no store by this service: b has it served from one",
    written: "never",
    sent: "never",
    size: "cannot be read",
    "files of": "not known",
    owned: "yes",
  });
});

test("the detail of a policy: each value with its unit, what NaN becomes, who is meant; many NaN alike are one line", () => {
  expect(facts(policy("power_governor", "dgemm", { fields: [limit(null)] }))).toMatchObject({
    state: "best: what a controller with power_governor gets for profile dgemm",
    CPU_POWER_LIMIT: "NAN (W): the thermal design power of the packages",
    "meant for": "/dev/shm/ep0",
  });
  expect(facts(policy("power_governor", null))["meant for"]).toBe("/dev/shm/ep1");
  expect(facts(policy("frequency_map", "fft"))["meant for"]).toBe("no controller that is attached now");
  const region = (at: number, value: number | null) => ({
    name: `HASH_${at}`,
    unit: null,
    value,
    without: "no region here",
  });
  const fields = [limit(1), ...Array.from({ length: 62 }, (_, at) => region(at, at === 0 ? 3 : null))];
  const many = facts(policy("frequency_map", "x", { fields }));
  expect(many).toMatchObject({ HASH_0: "3", HASH_1: "NAN up to HASH_61, 61 values: no region here" });
  expect(Object.keys(many)).not.toContain("HASH_2");
  expect(facts(policy("site", null, { known: false }))).toMatchObject({
    agent: "site, which muster does not know: values by their positions",
  });
});

test("what is known of an agent's values: of its policies, else of its endpoints, else nothing", () => {
  expect(fieldsOfAgent(snapshot, "power_governor")).toMatchObject({ isWhole: true });
  expect(fieldsOfAgent(snapshot, "nobody")).toBeNull();
  const see = (policy: Endpoint["policy"]) =>
    fieldsOfAgent(
      reduce(emptySnapshot("n1"), [{ src: "endpoints", op: "reset", items: [endpoint("ep", { policy })] }], 0),
      "power_governor",
    );
  expect(see([limit(1)])).toEqual({ fields: [{ name: "CPU_POWER_LIMIT", unit: "W", without: null }], isWhole: true });
  expect(see([{ name: "policy 0", unit: null, value: 1 }])).toMatchObject({ isWhole: false });
  expect(see([])).toBeNull();
});
