import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import { Endpoint } from "#core/geopm/endpoint.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import type { Endpoint as EndpointItem } from "#core/model/endpoint.ts";
import { GEOPM_DEFAULTS } from "#core/model/geopm-settings.ts";
import { CAPABILITIES } from "#core/service/privilege.ts";
import type { InvokeOptions } from "#core/service/service.ts";
import { Controller } from "#test/harness/controllers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { deathTest } from "#test/harness/geopm.ts";
import { TestService } from "#test/harness/service.ts";

let directory: TemporaryDirectory;
let shm: string;
let name: string;

beforeEach(() => {
  directory = new TemporaryDirectory();
  shm = directory.file("shm");
  mkdirSync(shm);
  name = `${shm}/ep`;
});

afterEach(() => directory[Symbol.dispose]());

const id = (endpoint: string) => `n1/endpoint/${endpoint}`;

function open(more: Parameters<typeof TestService.open>[2] = {}): Promise<TestService> {
  const geopm = { ...GEOPM_DEFAULTS, endpoints: [shm], policyStore: directory.file("store.db") };
  return TestService.open(directory, [], { mode: "watch", config: { geopm }, ...more });
}

async function opened(more: Parameters<typeof TestService.open>[2] = {}): Promise<TestService> {
  const service = await open(more);
  await service.local.ready;
  return service;
}

function act(
  service: TestService,
  action: ActionId,
  target = id(name),
  values: ActionRequest["arguments"] = {},
  options: InvokeOptions = {},
): Promise<ActionResult> {
  return service.invoke(action, "", { targets: [{ id: target }], arguments: values, options });
}

const endpointIn = (service: TestService, endpoint = name): EndpointItem | undefined =>
  service.service.snapshot().shelves.endpoints.items.get(id(endpoint));

async function untilEndpoint(service: TestService, fits: (item: EndpointItem) => boolean): Promise<EndpointItem> {
  const found = await service.until(({ shelves }) => {
    const item = shelves.endpoints.items.get(id(name));
    return item !== undefined && fits(item);
  });
  const item = found.shelves.endpoints.items.get(id(name));
  if (!item) throw new Error("no endpoint");
  return item;
}

const controller = (profile = '"dgemm"', agent = "power_governor") =>
  Controller.attach(name, agent, profile, directory.path);

/** An endpoint of somebody else: not the service's. */
function foreignEndpoint(endpoint = name): Endpoint {
  const host = { uid: 0, cwd: "/", shmRoot: shm, runtimeRoot: directory.file("none"), procRoot: "/proc" };
  const made = new Endpoint(endpoint, { clock: systemClock, host, waits: new EndpointWaits(systemClock) });
  made.open();
  return made;
}

test("an endpoint is made, seen, told of and destroyed", async () => {
  await using service = await opened();
  const made = await act(service, "endpoint.create");
  expect(made).toMatchObject({ outcome: "done", before: null, after: { state: "waiting" }, undo: "endpoint.destroy" });
  expect(endpointIn(service)).toMatchObject({
    name,
    state: "waiting",
    regionBytes: 4160,
    owned: true,
    ownerPid: process.pid,
    agent: null,
    sample: [],
    problems: [],
    store: null,
  });
  const again = await act(service, "endpoint.create");
  expect(again).toMatchObject({ outcome: "refused", error: { errno: "EEXIST" } });
  expect(again.error?.hint).toContain("(17)");
  expect(await act(service, "endpoint.create", id(name), { "take-over": true })).toMatchObject({ outcome: "done" });
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done", after: null });
  expect(existsSync(`${name}-policy`)).toBe(false);
  expect(existsSync(`${name}-sample`)).toBe(false);
  expect(endpointIn(service)).toBeUndefined();
  expect(service.events().filter(({ code }) => code === "ACTION_ENDED")).toHaveLength(4);
});

test("a controller that attaches and writes is seen; its samples each second while they are attended", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await using peer = await controller();
  const attached = await untilEndpoint(service, ({ agent }) => agent !== null);
  expect(attached).toMatchObject({
    state: "attached",
    agent: "power_governor",
    profile: "dgemm",
    profileBytes: '"dgemm"',
    nodes: ["n1"],
    controlled: true,
  });
  expect(attached.attachedSince).toMatch(/Z$/);
  expect(await service.untilEvent("ENDPOINT_ATTACHED")).toMatchObject({ target: id(name), severity: "info" });
  service.service.attend([id(name)]);
  await peer.sample(120, Number.NaN, 119);
  const sampled = await untilEndpoint(service, ({ sample }) => sample[0]?.value === 120);
  expect(sampled.sample).toEqual([
    { name: "POWER", unit: "W", value: 120 },
    { name: "IS_CONVERGED", unit: null, value: null },
    { name: "POWER_AVERAGE_ENFORCED", unit: "W", value: 119 },
  ]);
  expect(sampled.sampleAgeSeconds).toBeLessThan(5);
  expect(sampled.attachedSince).toBe(attached.attachedSince);
});

deathTest("a controller that dies without detaching is told of", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await using peer = await controller();
  await service.untilEvent("ENDPOINT_ATTACHED");
  await peer.kill();
  const dead = await untilEndpoint(service, ({ state }) => state === "abandoned");
  expect(dead.problems).toEqual([{ code: "ABANDONED", message: "its controller died without detaching" }]);
  expect(await service.untilEvent("ENDPOINT_ABANDONED")).toMatchObject({ severity: "warn" });
});

test("a policy is written once, with GEOPM's numbers for what cannot be", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  const early = await act(service, "endpoint.policy", id(name), { values: "176" });
  expect(early).toMatchObject({ outcome: "refused", error: { code: "NOT_ALLOWED_NOW" } });
  await using peer = await controller();
  const written = await act(service, "endpoint.policy", id(name), { values: "176" });
  expect(written).toMatchObject({
    outcome: "done",
    answer: { agent: "power_governor", policy: [{ name: "CPU_POWER_LIMIT", unit: "W", value: 176 }] },
  });
  expect(await peer.policy()).toEqual([176]);
  expect(await service.untilEvent("POLICY_WRITTEN")).toMatchObject({ target: id(name) });
  const long = await act(service, "endpoint.policy", id(name), { values: "176,1" });
  expect(long).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  expect(long.error?.hint).toContain("GEOPM_ERROR_INVALID (-3)");
  const word = await act(service, "endpoint.policy", id(name), { values: "much" });
  expect(word.error?.message).toContain('"much" is not a valid floating-point number');
  expect(await act(service, "endpoint.policy", id(name))).toMatchObject({ error: { code: "USAGE" } });
  expect(await peer.policy()).toEqual([176]);
});

test("what would end the controller's run is not written", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await using peer = await controller("p", "power_balancer");
  const untouched = await peer.policy();
  const refused = await act(service, "endpoint.policy", id(name), { values: "0,0,0,0" });
  expect(refused).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  expect(refused.message).toContain("the controller would refuse it");
  const short = await act(service, "endpoint.policy", id(name), { values: "100" });
  expect(short.message).toContain("1 values where the agent has 4");
  expect(await peer.policy()).toEqual(untouched);
});

test("a sample is told with its age; -13 without a controller", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  const nobody = await act(service, "endpoint.sample");
  expect(nobody).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
  expect(nobody.error?.hint).toContain("GEOPM_ERROR_NO_AGENT (-13)");
  await using peer = await controller();
  await peer.sample(1, 2, 3);
  const told = await act(service, "endpoint.sample");
  expect(told).toMatchObject({ outcome: "done", plan: [] });
  expect(told.answer).toMatchObject({ agent: "power_governor", profile: "dgemm" });
  expect(told.answer?.sample).toEqual([
    { name: "POWER", unit: "W", value: 1 },
    { name: "IS_CONVERGED", unit: null, value: 2 },
    { name: "POWER_AVERAGE_ENFORCED", unit: "W", value: 3 },
  ]);
  expect(service.events().some(({ action }) => action === "endpoint.sample")).toBe(false);
});

test("a wait ends when a controller attaches, detaches, when time is over, and when it is cancelled", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  const attaching = act(service, "endpoint.wait");
  await using peer = await controller();
  expect(await attaching).toMatchObject({
    outcome: "done",
    answer: { name, agent: "power_governor", profile: "dgemm", nodes: ["n1"] },
  });
  const late = await act(service, "endpoint.wait", id(name), { detach: true, timeout: 0 });
  expect(late).toMatchObject({ outcome: "failed", error: { code: "TIMED_OUT" } });
  expect(late.error?.hint).toContain("GEOPM_ERROR_RUNTIME (-1)");
  const detaching = act(service, "endpoint.wait", id(name), { detach: true });
  await peer.detach();
  expect(await detaching).toMatchObject({ outcome: "done", answer: { agent: null } });
  const cancel = new AbortController();
  const waiting = act(service, "endpoint.wait", id(name), {}, { signal: cancel.signal });
  cancel.abort();
  expect(await waiting).toMatchObject({ outcome: "refused", error: { code: "CANCELLED" } });
  const bad = await act(service, "endpoint.wait", id(name), { timeout: "soon" });
  expect(bad).toMatchObject({ error: { code: "USAGE" } });
});

test("an endpoint that goes away is no longer waited for", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  const waiting = act(service, "endpoint.wait");
  await act(service, "endpoint.destroy");
  expect(await waiting).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
});

test("bound to the store, an endpoint serves controllers and follows the store; unbound, its regions stay", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  expect(await act(service, "policy.set", "n1/policy/power_governor/dgemm", { values: "176" })).toMatchObject({
    outcome: "done",
  });
  const bound = await act(service, "endpoint.bind");
  expect(bound).toMatchObject({ outcome: "done", undo: "endpoint.unbind" });
  expect(endpointIn(service)?.store).toBe(directory.file("store.db"));
  expect(await act(service, "endpoint.bind")).toMatchObject({ error: { code: "NOT_ALLOWED_NOW" } });
  await using peer = await controller();
  await service.untilEvent("POLICY_WRITTEN");
  expect(await peer.policy()).toEqual([176]);
  await act(service, "policy.set", "n1/policy/power_governor/dgemm", { values: "NAN" });
  await service.until(({ shelves }) =>
    [...shelves.events.items.values()].some(
      ({ code, message }) => code === "POLICY_WRITTEN" && message.includes("policy NAN"),
    ),
  );
  expect(await peer.policy()).toEqual([null]);
  expect(await act(service, "endpoint.unbind")).toMatchObject({ outcome: "done" });
  expect(endpointIn(service)).toMatchObject({ store: null, state: "attached", ownerPid: process.pid });
  expect(await act(service, "endpoint.unbind")).toMatchObject({ error: { code: "NOT_ALLOWED_NOW" } });
  await act(service, "policy.set", "n1/policy/power_governor/dgemm", { values: "100" });
  expect(await peer.policy()).toEqual([null]);
});

deathTest("a bound endpoint frees itself of a controller that was killed", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await act(service, "policy.set", "n1/policy/power_governor", { values: "150" });
  await act(service, "endpoint.bind");
  await using peer = await controller();
  await service.untilEvent("POLICY_WRITTEN");
  await peer.kill();
  expect(await service.untilEvent("ENDPOINT_ABANDONED")).toMatchObject({ target: id(name) });
  expect(await untilEndpoint(service, ({ state }) => state === "waiting")).toMatchObject({ agent: null });
  await using next = await controller("other");
  await service.until(
    ({ shelves }) => [...shelves.events.items.values()].filter(({ code }) => code === "POLICY_WRITTEN").length === 2,
  );
  expect(await next.policy()).toEqual([150]);
});

describe.each([
  ["endpoint.unbind", "endpoint.destroy"],
  ["endpoint.destroy", "endpoint.unbind"],
  ["endpoint.release", "endpoint.destroy"],
  ["endpoint.destroy", "endpoint.destroy"],
  ["endpoint.destroy", "endpoint.bind"],
] as const)("%s and %s at once", (first, second) => {
  test("what was destroyed is gone, and can be made again", async () => {
    await using service = await opened();
    await act(service, "endpoint.create");
    await act(service, "endpoint.bind");
    const listed = () => JSON.parse(readFileSync(directory.file("state/endpoints.json"), "utf8")).endpoints;
    expect(listed()).toHaveLength(1);
    const results = await Promise.all([act(service, first), act(service, second)]);
    for (const { outcome, error } of results) {
      expect(error?.code ?? "none").toBeOneOf(["none", "NOT_FOUND", "NOT_ALLOWED_NOW"]);
      expect(outcome).toBeOneOf(["done", "unchanged", "refused"]);
    }
    expect(results.map(({ outcome }) => outcome)).toContain("done");
    expect(readdirSync(shm)).toEqual([]);
    expect(listed()).toEqual([]);
    expect(endpointIn(service)).toBeUndefined();
    expect(await act(service, "endpoint.create")).toMatchObject({ outcome: "done" });
    expect(await act(service, "endpoint.bind")).toMatchObject({ outcome: "done" });
    await using peer = await controller();
    expect(await untilEndpoint(service, ({ agent }) => agent !== null)).toMatchObject({ state: "attached" });
    expect(peer).toBeDefined();
  });
});

test("when the service ends controllers stay, and its next start goes on with what it owned and served", async () => {
  {
    await using service = await opened();
    await act(service, "endpoint.create");
    await act(service, "endpoint.create", id(`${shm}/two`));
    await act(service, "policy.set", "n1/policy/power_governor", { values: "150" });
    await act(service, "endpoint.bind");
  }
  await using peer = await controller();
  expect(JSON.parse(readFileSync(directory.file("state/endpoints.json"), "utf8")).endpoints).toEqual([
    { name, store: directory.file("store.db") },
    { name: `${shm}/two`, store: null },
  ]);
  await using service = await opened();
  expect(endpointIn(service, `${shm}/two`)).toMatchObject({ state: "waiting", ownerPid: process.pid });
  await service.untilEvent("POLICY_WRITTEN");
  expect(await peer.policy()).toEqual([150]);
});

test("a list of owned endpoints that cannot be read is told of, and nothing else fails", async () => {
  mkdirSync(directory.file("state"));
  writeFileSync(directory.file("state/endpoints.json"), "{");
  await using service = await opened();
  expect((await service.untilEvent("SOURCE_FAILED")).message).toContain("cannot be read");
  expect(await act(service, "endpoint.create")).toMatchObject({ outcome: "done" });
});

test("what is given up is left as it is, for another process", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await using peer = await controller();
  await untilEndpoint(service, ({ state }) => state === "attached");
  expect(await act(service, "endpoint.release")).toMatchObject({ outcome: "done" });
  expect(await act(service, "endpoint.release")).toMatchObject({ outcome: "unchanged" });
  expect(endpointIn(service)).toMatchObject({ agent: "power_governor", ownerPid: null });
  expect(await peer.policy()).toEqual([null]);
});

test("what others left is told apart, taken over or destroyed; what lives of others is left alone", async () => {
  await using service = await opened();
  {
    using made = foreignEndpoint();
    made.leave();
  }
  await untilEndpoint(service, ({ state }) => state === "orphaned");
  expect(endpointIn(service)?.problems).toEqual([{ code: "ORPHANED", message: "its owner is gone" }]);
  expect(await act(service, "endpoint.create")).toMatchObject({ outcome: "refused", error: { errno: "EEXIST" } });
  const taken = await act(service, "endpoint.create", id(name), { "take-over": true });
  expect(taken).toMatchObject({ outcome: "done", undo: "endpoint.release" });
  expect(taken.message).toBe(`the service owns ${name}; what is in it stays`);
  const again = await act(service, "endpoint.create", id(name), { "take-over": true });
  expect(again).toMatchObject({ outcome: "done", undo: null });
  expect(await act(service, "endpoint.release")).toMatchObject({ outcome: "done" });
  expect(await act(service, "endpoint.bind")).toMatchObject({ outcome: "done" });
  await act(service, "endpoint.release");
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done" });
  expect(existsSync(`${name}-policy`)).toBe(false);
});

test("damaged regions are items with a problem, not failures", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await act(service, "endpoint.create", id(`${shm}/well`));
  truncateSync(`${name}-sample`, 100);
  await untilEndpoint(service, ({ state }) => state === "broken");
  expect(endpointIn(service)?.problems[0]?.message).toContain("has 100 bytes");
  expect(endpointIn(service, `${shm}/well`)?.state).toBe("waiting");
  expect(service.service.snapshot().shelves.endpoints.status).toBe("ready");
  const sample = await act(service, "endpoint.sample");
  expect(sample).toMatchObject({ outcome: "refused", error: { code: "BAD_DATA" } });
  const wait = await act(service, "endpoint.wait");
  expect(wait).toMatchObject({ outcome: "refused", error: { code: "BAD_DATA" } });
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done" });
  expect(existsSync(`${name}-sample`)).toBe(false);
});

test("what the service owned and cannot have any more is nobody's, and destroying it removes its files", async () => {
  await using service = await opened();
  for (const action of ["endpoint.create", "endpoint.bind"] as const) {
    await act(service, "endpoint.create");
    truncateSync(`${name}-sample`, 100);
    const again = await act(service, action, id(name), action === "endpoint.create" ? { "take-over": true } : {});
    expect(again).toMatchObject({ outcome: "refused", error: { code: "BAD_DATA" } });
    expect(again.error?.message).toContain("has 100 bytes");
    expect(endpointIn(service)).toMatchObject({ state: "broken", ownerPid: null });
    expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done", after: null });
    expect(existsSync(`${name}-policy`)).toBe(false);
    expect(existsSync(`${name}-sample`)).toBe(false);
  }
});

test("what is served and was damaged is destroyed all the same", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await act(service, "endpoint.bind");
  truncateSync(`${name}-policy`, 100);
  truncateSync(`${name}-sample`, 100);
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done", after: null });
  expect(existsSync(`${name}-policy`)).toBe(false);
  expect(existsSync(`${name}-sample`)).toBe(false);
});

test("regions that somebody removed are made again by taking over", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  rmSync(`${name}-policy`);
  rmSync(`${name}-sample`);
  const made = await act(service, "endpoint.create", id(name), { "take-over": true });
  expect(made).toMatchObject({ outcome: "done", undo: "endpoint.destroy" });
  expect(endpointIn(service)).toMatchObject({ state: "waiting", ownerPid: process.pid });
});

test("an endpoint whose files somebody removed does not come back once it was destroyed or given up", async () => {
  for (const action of ["endpoint.destroy", "endpoint.release"] as const) {
    await using service = await opened();
    await act(service, "endpoint.create");
    rmSync(`${name}-policy`);
    rmSync(`${name}-sample`);
    expect(await act(service, "endpoint.bind")).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
    expect(await act(service, action)).toMatchObject({ outcome: "done", after: null });
    expect(await act(service, action)).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
    await service.local.close();
    await using next = await opened();
    expect(endpointIn(next)).toBeUndefined();
    expect(existsSync(`${name}-policy`)).toBe(false);
  }
});

test("an endpoint that was put in the place of the service's is destroyed too: it is the one that is seen", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  rmSync(`${name}-policy`);
  rmSync(`${name}-sample`);
  foreignEndpoint().leave();
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "done", after: null });
  expect(existsSync(`${name}-policy`)).toBe(false);
});

/** As a thread leaves it that dies between lock and unlock. */
function lockFor(path: string, thread: number): void {
  const words = Buffer.alloc(16);
  words.writeInt32LE(1, 0);
  words.writeInt32LE(thread, 8);
  words.writeUInt32LE(1, 12);
  const fd = openSync(path, "r+");
  writeSync(fd, words, 0, words.length, 0);
  closeSync(fd);
}

/** More than pid_max can be. */
const NO_THREAD = 0x3fff_fffe;

test("a lock that a dead thread holds is seen without waiting, and freed by whoever needs it, which is an event", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  await using peer = await controller();
  await untilEndpoint(service, ({ state }) => state === "attached");
  lockFor(`${name}-policy`, NO_THREAD);
  const stuck = await untilEndpoint(service, ({ state }) => state === "stuck");
  expect(stuck.problems).toEqual([
    {
      code: "LOCK_STUCK",
      message: `the lock of ${name}-policy is held by thread ${NO_THREAD} and not given back`,
    },
  ]);
  expect(await act(service, "endpoint.sample")).toMatchObject({ outcome: "done" });
  expect(await act(service, "endpoint.policy", id(name), { values: "88" })).toMatchObject({ outcome: "done" });
  expect(await peer.policy()).toEqual([88]);
  expect(await service.untilEvent("ENDPOINT_LOCK_RECOVERED")).toMatchObject({ target: id(name), severity: "warn" });
});

test("files that only look like an endpoint by their names are not unlinked", async () => {
  await using service = await opened();
  writeFileSync(`${name}-policy`, "the minutes of the last meeting");
  writeFileSync(`${name}-sample`, "cheese");
  expect(await act(service, "endpoint.destroy")).toMatchObject({ outcome: "refused", error: { code: "BAD_DATA" } });
  expect(readFileSync(`${name}-sample`, "utf8")).toBe("cheese");
});

test("names: an absolute path, or the user's key; what depends on a directory is refused", async () => {
  await using service = await opened();
  const relative = await act(service, "endpoint.create", "n1/endpoint/job-1");
  expect(relative).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  const other = await act(service, "endpoint.destroy", "n1/daemon/x");
  expect(other).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  for (const bad of [`${shm}/`, `${shm}/two\nlines`, `${shm}/${"x".repeat(249)}`]) {
    const refused = await act(service, "endpoint.create", id(bad));
    expect(refused).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
  }
  expect(readdirSync(shm)).toEqual([]);
  const absent = await act(service, "endpoint.destroy", id(`${shm}/none`));
  expect(absent).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND", errno: "ENOENT" } });
  await act(service, "endpoint.create");
  const store = await act(service, "endpoint.bind", id(name), { policystore: "db" });
  expect(store).toMatchObject({ outcome: "refused", error: { code: "USAGE", message: "db is not an absolute path" } });
});

test("policies of the store are items; a store that is not there is an empty list, and is not made", async () => {
  await using service = await opened();
  const { shelves } = service.service.snapshot();
  expect(shelves.policies).toMatchObject({ status: "ready", warnings: [] });
  expect(shelves.policies.items.size).toBe(0);
  expect(existsSync(directory.file("store.db"))).toBe(false);
  using store = new PolicyStore(directory.file("store.db"));
  store.setBest("power_governor", "a/b", [176]);
  store.setDefault("power_balancer", [400]);
  const { shelves: next } = await service.until((snapshot) => snapshot.shelves.policies.items.size === 2);
  expect(next.policies.items.get("n1/policy/power_governor/a/b")).toEqual({
    id: "n1/policy/power_governor/a/b",
    kind: "Policy",
    node: "n1",
    store: directory.file("store.db"),
    agent: "power_governor",
    profile: "a/b",
    known: true,
    fields: [{ name: "CPU_POWER_LIMIT", unit: "W", value: 176, without: "the thermal design power of the packages" }],
    problems: [],
  });
  const fields = next.policies.items.get("n1/policy/power_balancer")?.fields.map(({ value }) => value);
  expect(fields).toEqual([400, null, null, null]);
});

test("policies are set and removed, with what they were and are", async () => {
  await using service = await opened();
  const target = "n1/policy/power_governor/dgemm";
  const set = await act(service, "policy.set", target, { values: "176" });
  expect(set).toMatchObject({ outcome: "done", before: null, after: { state: "176" } });
  expect(set.answer).toMatchObject({
    agent: "power_governor",
    profile: "dgemm",
    fields: [{ name: "CPU_POWER_LIMIT", unit: "W", value: 176 }],
    problems: [],
  });
  const again = await act(service, "policy.set", target, { values: "NAN" });
  expect(again).toMatchObject({ before: { state: "176" }, after: { state: "NAN" } });
  expect(again.answer?.notes).toEqual(["CPU_POWER_LIMIT is NaN: the thermal design power of the packages"]);
  expect(await act(service, "policy.set", target, { values: "1,2" })).toMatchObject({ error: { code: "USAGE" } });
  const unknown = await act(service, "policy.set", "n1/policy/no_such_agent", { values: "1" });
  expect(unknown.error?.hint).toContain("GEOPM_ERROR_INVALID (-3)");
  expect(await act(service, "policy.set", "n1/policy/monitor", { values: "None" })).toMatchObject({
    outcome: "unchanged",
  });
  const dry = await service.invoke("policy.remove", "", { targets: [{ id: target }], dryRun: true });
  expect(dry).toMatchObject({ outcome: "unchanged", plan: [{ op: "set" }] });
  expect(await act(service, "policy.remove", target)).toMatchObject({ outcome: "done", after: null });
  const gone = await act(service, "policy.remove", target);
  expect(gone).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
  expect(gone.error?.hint).toContain("GEOPM_ERROR_DATA_STORE (-14)");
  expect(await act(service, "policy.remove", "n1/category/x")).toMatchObject({ error: { code: "USAGE" } });
});

test("a policy that a controller would refuse is kept with its problem; rows that GEOPM would hang on are told", async () => {
  await using service = await opened();
  const set = await act(service, "policy.set", "n1/policy/power_balancer", { values: "0,0,0,0" });
  expect(set.message).toContain("a controller would refuse it");
  using database = new Database(directory.file("store.db"));
  database.run("INSERT INTO BestPolicies VALUES ('p', 'power_governor', -1, 5)");
  const { shelves } = await service.until((snapshot) => snapshot.shelves.policies.items.size === 2);
  expect(shelves.policies.items.get("n1/policy/power_balancer")?.problems[0]?.code).toBe("POLICY_INVALID");
  expect(shelves.policies.items.get("n1/policy/power_governor/p")?.problems[0]).toMatchObject({
    code: "POLICY_UNUSABLE",
    message: expect.stringContaining("offset -1 is negative"),
  });
});

test("a store that is no database is told on its shelf, and comes back when it is one", async () => {
  writeFileSync(directory.file("store.db"), "this is not a database, and long enough to be told so by its first bytes");
  await using service = await opened();
  const { shelves } = service.service.snapshot();
  expect(shelves.policies).toMatchObject({ status: "failed", error: { code: "BAD_DATA" } });
  expect(shelves.endpoints.status).toBe("ready");
  writeFileSync(directory.file("store.db"), "");
  await service.until((snapshot) => snapshot.shelves.policies.status === "ready");
});

test("read-only nothing is changed, and everything is seen", async () => {
  using made = foreignEndpoint();
  expect(made.isOpen).toBe(true);
  await using service = await opened({ isReadOnly: true });
  expect(endpointIn(service)?.state).toBe("waiting");
  for (const action of ["endpoint.create", "endpoint.destroy", "endpoint.bind"] as const) {
    expect(await act(service, action)).toMatchObject({ outcome: "refused", error: { code: "READ_ONLY" } });
  }
  const set = await act(service, "policy.set", "n1/policy/power_governor", { values: "1" });
  expect(set).toMatchObject({ outcome: "refused", error: { code: "READ_ONLY" } });
  expect(existsSync(directory.file("store.db"))).toBe(false);
  const late = await act(service, "endpoint.wait", id(name), { timeout: 0 });
  expect(late).toMatchObject({ error: { code: "TIMED_OUT" } });
});

test("others may look and wait, and change nothing", async () => {
  await using service = await opened();
  await act(service, "endpoint.create");
  const caller = { uid: 4711, gid: 4711, pid: null, serviceUid: 0, capabilities: 0n } as const;
  for (const action of ["endpoint.create", "endpoint.destroy", "endpoint.policy", "endpoint.bind"] as const) {
    const denied = await act(service, action, id(name), {}, { caller });
    expect(denied).toMatchObject({ outcome: "refused", error: { code: "PERMISSION_DENIED", errno: "EPERM" } });
  }
  for (const action of ["policy.set", "policy.remove"] as const) {
    const denied = await act(service, action, "n1/policy/power_governor", { values: "1" }, { caller });
    expect(denied).toMatchObject({ error: { code: "PERMISSION_DENIED" } });
  }
  const late = await act(service, "endpoint.wait", id(name), { timeout: 0 }, { caller });
  expect(late).toMatchObject({ error: { code: "TIMED_OUT" } });
});

test("who may only look is shown what the list shows, and learns of no other file whether it is there", async () => {
  await using service = await opened();
  const caller = { uid: 4711, gid: 4711, pid: null, serviceUid: 0, capabilities: 0n } as const;
  const may = { ...caller, capabilities: 1n << BigInt(CAPABILITIES.CAP_DAC_READ_SEARCH) };
  mkdirSync(directory.file("private"), { mode: 0o700 });
  const [hidden, file, none] = ["ep", "file", "none"].map((word) => directory.file(`private/${word}`)) as [
    string,
    string,
    string,
  ];
  using secret = foreignEndpoint(hidden);
  await using peer = await Controller.attach(hidden, "power_governor", "p", directory.path);
  await peer.sample(1, 2, 3);
  writeFileSync(`${file}-sample`, "a secret of that length");
  for (const action of ["endpoint.sample", "endpoint.wait"] as const) {
    const told = async (endpoint: string) => {
      const { outcome, before, answer, error } = await act(service, action, id(endpoint), { timeout: 0 }, { caller });
      expect({ outcome, before, answer, code: error?.code }).toEqual({
        outcome: "refused",
        before: null,
        answer: null,
        code: "PERMISSION_DENIED",
      });
      return JSON.stringify(error).replaceAll(endpoint, "NAME");
    };
    const toldOfNone = await told(none);
    expect(await told(hidden)).toBe(toldOfNone);
    expect(await told(file)).toBe(toldOfNone);
    expect(await told(`${shm}/../private/ep`)).toBe(toldOfNone);
    expect(await act(service, action, id(hidden), { timeout: 0 }, { caller: may })).toMatchObject({ outcome: "done" });
  }
  expect(secret.agent()).toBe("power_governor");
  // Where the list looks, only what is an endpoint is in the list.
  writeFileSync(`${shm}/file-sample`, "another");
  for (const endpoint of [`${shm}/file`, `${shm}/none`]) {
    const told = await act(service, "endpoint.sample", id(endpoint), {}, { caller });
    expect(told).toMatchObject({ outcome: "refused", error: { code: "NOT_FOUND" } });
  }
});

test("once, without a service that lasts: seen and read, but nothing can belong to it", async () => {
  using made = foreignEndpoint();
  await using service = await opened({ mode: "once" });
  expect(endpointIn(service)?.state).toBe("waiting");
  expect(await act(service, "endpoint.create", id(`${shm}/two`))).toMatchObject({ error: { code: "UNREACHABLE" } });
  await using peer = await controller();
  await peer.sample(1, 2, 3);
  expect(await act(service, "endpoint.sample")).toMatchObject({ outcome: "done" });
  expect(await act(service, "endpoint.policy", id(name), { values: "99" })).toMatchObject({ outcome: "done" });
  expect(await peer.policy()).toEqual([99]);
  expect(made.place.name).toBe(name);
});
