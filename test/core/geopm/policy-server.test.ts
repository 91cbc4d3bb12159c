/** The policy server, with controllers in other processes that attach, detach and are killed. */
import { expect, test } from "bun:test";
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { agentTable, pluginAgent } from "#core/geopm/agents.ts";
import { PolicyServer, type PolicyServerOptions } from "#core/geopm/policy-server.ts";
import { PolicyStore } from "#core/geopm/policy-store.ts";
import type { ServerEvent } from "#core/geopm/served-endpoint.ts";
import { EndpointWaits, type Wait } from "#core/geopm/waits.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { isInitialPidNamespace } from "#ffi/procfs.ts";
import { Controller } from "#test/harness/controllers.ts";
import { deathTest, GeopmRoom, refusalOf, seesEveryone } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";
import { StorePeer } from "#test/harness/store-peers.ts";

class TestServer implements AsyncDisposable {
  readonly server: PolicyServer;
  readonly events: ServerEvent[] = [];
  readonly store: PolicyStore;
  #seen = 0;
  #wake: () => void = () => {};

  constructor(room: GeopmRoom, options: Partial<PolicyServerOptions> = {}) {
    this.store = new PolicyStore(room.directory.file("db"));
    this.server = new PolicyServer({
      clock: systemClock,
      host: room.host,
      waits: room.waits,
      policyStorePath: this.store.path,
      onEvent: (event) => {
        this.events.push(event);
        this.#wake();
      },
      ...options,
    });
  }

  /** The next event of this type; those in between are passed over. */
  async next<Type extends ServerEvent["type"]>(type: Type): Promise<Extract<ServerEvent, { type: Type }>> {
    for (;;) {
      const event = this.events[this.#seen];
      if (event === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#seen++;
      if (event.type === type) return event as Extract<ServerEvent, { type: Type }>;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    this.store.close();
  }
}

const attach = (room: GeopmRoom, agent: string, profile: string, name = room.name) =>
  Controller.attach(name, agent, profile, room.directory.path);

test("attach, policy, store changed by another process, detach, begin again", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  await using first = await attach(room, "power_governor", '"dgemm"');
  expect(await own.next("policyWritten")).toEqual({
    type: "policyWritten",
    endpoint: room.name,
    agent: "power_governor",
    profile: '"dgemm"',
    values: [150],
  });
  expect(await first.policy()).toEqual([150]);
  await using peer = await StorePeer.run(own.store.path);
  await peer.ask("INSERT INTO BestPolicies VALUES ('dgemm', 'power_governor', 0, 176)");
  expect((await own.next("policyWritten")).values).toEqual([176]);
  expect(await first.policy()).toEqual([176]);
  await first.detach();
  await own.next("detached");
  await using second = await attach(room, "power_balancer", "other");
  expect(await own.next("policyRefused")).toMatchObject({ agent: "power_balancer", error: { number: -14 } });
  // What was meant for the controller before is not what this one begins with.
  expect(await second.policy()).toEqual([null, null, null, null]);
  own.store.setDefault("power_balancer", [200]);
  expect((await own.next("policyWritten")).values).toEqual([200, Number.NaN, Number.NaN, Number.NaN]);
  expect(own.events.map(({ type }) => type)).toEqual([
    "attached",
    "policyWritten",
    "policyWritten",
    "detached",
    "attached",
    "policyRefused",
    "policyWritten",
  ]);
});

/** Waits in which something happens between the look that ends one and what is done then. */
class InterruptedWaits extends EndpointWaits {
  readonly interrupted: Promise<void>;
  readonly #interrupt: () => Promise<void>;
  readonly #told = Promise.withResolvers<void>();
  #isDone = false;

  constructor(interrupt: () => Promise<void>) {
    super(systemClock);
    this.#interrupt = interrupt;
    this.interrupted = this.#told.promise;
  }

  override async until(wait: Wait): Promise<boolean> {
    const outcome = await super.until(wait);
    if (outcome && !this.#isDone) {
      this.#isDone = true;
      await this.#interrupt();
      // When what is done then has been done.
      setImmediate(this.#told.resolve);
    }
    return outcome;
  }
}

test("a lock that somebody takes before the controller's turn, and keeps for a while, is waited for", async () => {
  using room = new GeopmRoom();
  let peer: MutexPeer | null = null;
  const waits = new InterruptedWaits(async () => {
    await peer?.tell("lock");
  });
  await using own = new TestServer(room, { waits });
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  peer = await MutexPeer.start(`${room.name}-sample`);
  await using _peer = peer;
  await room.attach("power_governor");
  await waits.interrupted;
  await peer.tell("unlock");
  expect((await own.next("policyWritten")).values).toEqual([150]);
  expect(own.events.map(({ type }) => type)).toEqual(["attached", "policyWritten"]);
});

test("a change of the store that is none for this controller writes nothing", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  await using controller = await attach(room, "power_governor", "p");
  await own.next("policyWritten");
  own.store.setBest("power_governor", "another", [1]);
  own.store.setBest("power_governor", "p", [150]);
  own.store.setBest("power_governor", "p", [151]);
  expect((await own.next("policyWritten")).values).toEqual([151]);
  expect(await controller.policy()).toEqual([151]);
});

deathTest("kill -9 of the controller is noticed, and the next one is served", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room, { staleSeconds: 1000 });
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  const first = await attach(room, "power_governor", "p");
  await own.next("policyWritten");
  await first.kill();
  expect(await own.next("controllerDied")).toMatchObject({ agent: "power_governor", profile: "p" });
  await using second = await attach(room, "power_governor", "p");
  await own.next("policyWritten");
  expect(await second.policy()).toEqual([150]);
});

const isRoot = process.getuid?.() === 0;
const initialTest = test.skipIf(!isRoot || !isInitialPidNamespace("/proc"));

initialTest("from a container a controller outside is not called dead (needs root)", async () => {
  using room = new GeopmRoom();
  room.open();
  await using _controller = await attach(room, "power_governor", "p");
  const host = { ...room.host, directories: [] };
  const program = `
    import { inspectEndpoint } from "${join(import.meta.dir, "../../../core/geopm/listing.ts")}";
    const found = inspectEndpoint("${room.name}", ${JSON.stringify(host)});
    console.log(JSON.stringify([found?.processes.length, found?.state.isOwned, found?.state.isControlled]));`;
  const argv = ["unshare", "--pid", "--fork", "--mount-proc", process.execPath, "-e", program];
  const child = Bun.spawn(argv, { stdout: "pipe", stderr: "inherit" });
  expect(JSON.parse(await new Response(child.stdout).text())).toEqual([0, null, null]);
});

test("a controller that lives but is silent is stale, stays attached, and fresh again", async () => {
  using room = new GeopmRoom();
  const clock = createVirtualClock();
  // The waits go by the machine's clock, the checks of the server by its own.
  await using own = new TestServer(room, { clock, staleSeconds: 5 });
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  await using controller = await attach(room, "power_governor", "p");
  await own.next("policyWritten");
  // As if the sample had been written when the machine started.
  const file = openSync(`${room.name}-sample`, "r+");
  writeSync(file, new BigInt64Array([1n, 0n]), 0, 16, 64);
  closeSync(file);
  clock.advance(5000);
  expect(own.events.map(({ type }) => type)).toEqual(["attached", "policyWritten"]);
  clock.advance(1000);
  expect(await own.next("sampleStale")).toMatchObject({ profile: "p", ageSeconds: 6 });
  clock.advance(20_000);
  expect(own.events).toHaveLength(3);
  expect(await controller.policy()).toEqual([150]);
  await controller.sample(1, 2, 3);
  clock.advance(1000);
  expect(await own.next("sampleFresh")).toMatchObject({ profile: "p" });
  expect(clock.pending()).toBeGreaterThan(0);
  await controller.detach();
  await own.next("detached");
  clock.advance(1000);
  // Nobody is attached: nothing wakes it.
  expect(clock.pending()).toBe(0);
});

test("a store that is busy when the controller attaches is read when it is free", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  await using peer = await StorePeer.run(own.store.path);
  await peer.ask("BEGIN EXCLUSIVE");
  await room.attach("power_governor");
  expect(await own.next("policyRefused")).toMatchObject({ error: { number: -14, code: "BUSY" } });
  await peer.ask("ROLLBACK");
  expect((await own.next("policyWritten")).values).toEqual([150]);
});

test("another store in the place of the first is read", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [150]);
  own.server.add(room.name);
  await room.attach("power_governor");
  expect((await own.next("policyWritten")).values).toEqual([150]);
  using other = new PolicyStore(room.directory.file("other"));
  other.setDefault("power_governor", [160]);
  renameSync(other.path, own.store.path);
  expect((await own.next("policyWritten")).values).toEqual([160]);
});

test("many endpoints on one store, each with its own controller", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [1]);
  const names = Array.from({ length: 20 }, (_, index) => `${room.name}${index}`);
  for (const name of names) own.server.add(name);
  expect(own.server.names).toEqual(names);
  for (const name of names) await room.attach("power_governor", { name });
  for (const _ of names) await own.next("policyWritten");
  own.store.setDefault("power_governor", [2]);
  const told = new Set<string>();
  for (const _ of names) told.add((await own.next("policyWritten")).endpoint);
  expect(told.size).toBe(20);
  await own.server.remove(names[0] ?? "");
  expect(own.server.names).toHaveLength(19);
  await own.server.close();
  expect(readdirSync(room.host.shmRoot)).toEqual([]);
  expect(refusalOf(() => own.server.add(room.name)).code).toBe("NOT_ALLOWED_NOW");
});

test("an endpoint that exists is refused, or taken over with the controller that is attached", async () => {
  using room = new GeopmRoom();
  room.open(`${room.name}-before`);
  await room.attach("power_governor", { name: `${room.name}-before`, profile: "p" });
  // As an owner that is gone leaves it.
  for (const suffix of ["policy", "sample"]) copyFileSync(`${room.name}-before-${suffix}`, `${room.name}-${suffix}`);
  await using own = new TestServer(room);
  own.store.setBest("power_governor", "p", [5]);
  expect(refusalOf(() => own.server.add(room.name)).number).toBe(17);
  expect(own.server.names).toEqual([]);
  own.server.add(room.name, "takeOver");
  expect((await own.next("policyWritten")).values).toEqual([5]);
  expect(refusalOf(() => own.server.add(room.name, "takeOver")).number).toBe(17);
  // The copy has no controller: it is found dead without having said anything.
  if (seesEveryone) await own.next("controllerDied");
});

test("an agent that is not known is refused once, and served when it is declared", async () => {
  using room = new GeopmRoom();
  const agents = agentTable("3", [pluginAgent("site", ["A", "B"])]);
  {
    await using own = new TestServer(room);
    own.server.add(room.name);
    const controller = await room.attach("site", { agents });
    expect(await own.next("policyRefused")).toMatchObject({ agent: "site", error: { number: -3 } });
    controller.detach();
    await own.next("detached");
  }
  await using own = new TestServer(room, { agents });
  using store = new PolicyStore(own.store.path, { agents });
  store.setDefault("site", [7]);
  own.server.add(room.name);
  await room.attach("site", { agents });
  expect((await own.next("policyWritten")).values).toEqual([7, Number.NaN]);
});

test("regions that are cut under the server end the serving of that endpoint, and of no other", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.store.setDefault("power_governor", [1]);
  own.server.add(room.name);
  own.server.add(`${room.name}2`);
  truncateSync(`${room.name}-sample`, 0);
  expect(await own.next("failed")).toMatchObject({ endpoint: room.name, error: { number: 5 } });
  await room.attach("power_governor", { name: `${room.name}2` });
  expect((await own.next("policyWritten")).endpoint).toBe(`${room.name}2`);
});

test("regions that are cut and cannot be removed end the serving of that endpoint, and say why they stay", async () => {
  using room = new GeopmRoom();
  await using own = new TestServer(room);
  own.server.add(room.name);
  const { shmRoot } = room.host;
  truncateSync(`${room.name}-sample`, 0);
  renameSync(shmRoot, `${shmRoot}.away`);
  symlinkSync(shmRoot, shmRoot);
  expect(await own.next("failed")).toMatchObject({ endpoint: room.name, error: { number: 5 } });
  expect(await own.next("failed")).toMatchObject({ endpoint: room.name, error: { errno: "ELOOP" } });
  unlinkSync(shmRoot);
  renameSync(`${shmRoot}.away`, shmRoot);
  expect(own.server.names).toEqual([]);
});
