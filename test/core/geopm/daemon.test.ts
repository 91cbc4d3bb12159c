/** geopm_daemon_c(3): what is written, and what is left as it was. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { agentTable, pluginAgent } from "#core/geopm/agents.ts";
import { PolicyDaemon } from "#core/geopm/daemon.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import { Controller } from "#test/harness/controllers.ts";
import { GeopmRoom, refusalIn, refusalOf } from "#test/harness/geopm.ts";

function create(room: GeopmRoom, name = room.name): PolicyDaemon {
  return PolicyDaemon.create(name, room.directory.file("db"), {
    clock: systemClock,
    host: room.host,
    waits: room.waits,
  });
}

/** What stands in the policy region. */
const written = (daemon: PolicyDaemon) => [...daemon.endpoint.inspectPolicy().values];

test("a controller gets the policy of its agent and profile, again each time, read anew", async () => {
  using room = new GeopmRoom();
  using daemon = create(room);
  daemon.store.setDefault("power_balancer", [150]);
  daemon.store.setBest("power_balancer", "dgemm", [176, 3]);
  const update = daemon.updateEndpointFromPolicystore(-1);
  await using controller = await Controller.attach(room.name, "power_balancer", '"dgemm"', room.directory.path);
  expect(await update).toBe(true);
  expect(await controller.policy()).toEqual([176, 3, null, null]);
  daemon.store.remove("power_balancer", "dgemm");
  expect(await daemon.updateEndpointFromPolicystore(0)).toBe(true);
  expect(await controller.policy()).toEqual([150, null, null, null]);
  await controller.detach();
  expect((await refusalIn(daemon.updateEndpointFromPolicystore(0))).number).toBe(-1);
});

test("an agent without a policy of its own: nothing of it is written, and with a time", async () => {
  using room = new GeopmRoom();
  using daemon = create(room);
  await room.attach("monitor");
  expect(await daemon.updateEndpointFromPolicystore(0)).toBe(true);
  expect(daemon.endpoint.inspectPolicy()).toMatchObject({ count: 0, ageSeconds: expect.any(Number) });
});

test("nothing is written: timed out, no policy, unknown agent, too many values", async () => {
  using room = new GeopmRoom();
  using daemon = create(room);
  const untouched = { count: 0, ageSeconds: null };
  expect(await refusalIn(daemon.updateEndpointFromPolicystore(0.01))).toMatchObject({ number: -1, code: "TIMED_OUT" });
  const controller = await room.attach("power_governor");
  expect((await refusalIn(daemon.updateEndpointFromPolicystore(0))).number).toBe(-14);
  expect(daemon.endpoint.inspectPolicy()).toMatchObject(untouched);
  daemon.store.setDefault("power_governor", [100]);
  await daemon.updateEndpointFromPolicystore(0);
  daemon.store.remove("power_governor", null);
  expect((await refusalIn(daemon.updateEndpointFromPolicystore(0))).number).toBe(-14);
  // What was written before stays.
  expect(written(daemon)).toEqual([100]);
  controller.detach();
  const agents = agentTable("3", [pluginAgent("of-a-plugin", ["A"])]);
  const unknown = await room.attach("of-a-plugin", { agents });
  expect((await refusalIn(daemon.updateEndpointFromPolicystore(0))).number).toBe(-3);
  expect(written(daemon)).toEqual([100]);
  unknown.detach();
});

test("rows beyond the agent's policy are refused, and the policy of before stays", async () => {
  using room = new GeopmRoom();
  using daemon = create(room);
  await room.attach("power_governor");
  daemon.store.setDefault("power_governor", [100]);
  await daemon.updateEndpointFromPolicystore(0);
  const wider = agentTable("3", [pluginAgent("power_governor", ["A", "B"])]);
  using other = new PolicyStore(daemon.store.path, { agents: wider });
  other.setDefault("power_governor", [1, 2]);
  expect((await refusalIn(daemon.updateEndpointFromPolicystore(0))).number).toBe(-3);
  expect(written(daemon)).toEqual([100]);
});

test("stopped: an update ends at once and has written nothing, until the loop is reset; who is attached is served", async () => {
  using room = new GeopmRoom();
  using daemon = create(room);
  daemon.store.setDefault("power_governor", [100]);
  const update = daemon.updateEndpointFromPolicystore(-1);
  daemon.stopWaitLoop();
  expect(await update).toBe(false);
  expect(await daemon.updateEndpointFromPolicystore(-1)).toBe(false);
  expect(daemon.endpoint.inspectPolicy().ageSeconds).toBeNull();
  await room.attach("power_governor");
  expect(await daemon.updateEndpointFromPolicystore(-1)).toBe(true);
  expect(written(daemon)).toEqual([100]);
  daemon.resetWaitLoop();
  expect(await daemon.updateEndpointFromPolicystore(-1)).toBe(true);
});

test("create: 17 where the endpoint exists, though the store is made; -14 for a bad store, and no region is made", () => {
  using room = new GeopmRoom();
  const first = create(room);
  expect(refusalOf(() => create(room)).number).toBe(17);
  first.destroy();
  first.destroy();
  expect(readdirSync(room.host.shmRoot)).toEqual([]);
  expect(existsSync(room.directory.file("db"))).toBe(true);
  writeFileSync(room.directory.file("db"), "this is no database ".repeat(100));
  expect(refusalOf(() => create(room)).number).toBe(-14);
  expect(readdirSync(room.host.shmRoot)).toEqual([]);
});
