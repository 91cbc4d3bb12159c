/** Containers of real engines: what muster's server answers beside what the engine, nsenter(1) and the kernel say. */
import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Container } from "#core/model/container.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { EngineState } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Lxc, Podman, Runc } from "#test/harness/engines.ts";
import { rootPeerTest } from "#test/harness/peers.ts";
import { RootFixture } from "#test/harness/root-server.ts";
import { TestService } from "#test/harness/service.ts";

const podmanTest = rootPeerTest("podman", "podman");
const lxcTest = rootPeerTest("lxc-start", "lxc");
const runcTest = rootPeerTest("runc", "runc");

async function hasEnded(pid: number): Promise<void> {
  using process = PidFd.open(pid);
  await process?.exited();
}

/** The server looks at this engine alone, from before its first container is there. */
function serve(engine: Podman | Lxc | Runc): RootFixture {
  const state = new EngineState();
  return new RootFixture({ state: Object.assign(state, { places: engine.places }) });
}

const hostNameBy = (pid: number) =>
  Bun.spawnSync(["nsenter", "-t", String(pid), "-u", "hostname"])
    .stdout.toString()
    .trim();

async function compare(engine: Podman | Lxc | Runc): Promise<void> {
  using fixture = serve(engine);
  using client = await fixture.connect();
  expect(client.containerProcessId("web")).rejects.toMatchObject({ status: -12399 });
  engine.start("web", "inside");
  const pid = engine.pidOf("web");
  expect(await client.containerProcessId("web")).toBe(pid);
  expect(await client.containerHostName("web")).toBe(hostNameBy(pid));
  expect(await client.containerHostName("web")).toBe("inside");
  const cgroup = await client.containerCgroupName("web");
  expect(cgroup.length).toBeGreaterThan(0);
  expect(readFileSync(`/proc/${pid}/cgroup`, "utf8")).toMatch(new RegExp(`:/${RegExp.escape(cgroup)}(/|$)`, "m"));
  engine.remove("web");
  await hasEnded(pid);
  if (engine instanceof Lxc) expect(await client.containerProcessId("web")).toBeNull();
  else expect(client.containerProcessId("web")).rejects.toMatchObject({ status: -12399 });
}

/** In the service: as the engine says, with what is inside of it. */
podmanTest("podman's container in the service: its processes, its use, its end", async () => {
  using engine = new Podman();
  using directory = new TemporaryDirectory();
  await using service = await TestService.open(directory, [], { mode: "watch", enginePlaces: engine.places });
  await service.local.ready;
  engine.start("web", "inside");
  const until = async (fits: (item: Container) => boolean): Promise<Container> => {
    const { shelves } = await service.until(({ shelves }) => [...shelves.containers.items.values()].some(fits));
    const item = [...shelves.containers.items.values()].find(fits);
    if (!item) throw new Error("no container");
    return item;
  };
  const pid = engine.pidOf("web");
  const { id, ...item } = await until((each) => each.pid === pid);
  expect(item).toMatchObject({
    name: "web",
    engine: "podman",
    state: "running",
    hostName: "inside",
    boundary: "cgroup",
  });
  service.service.attend([id]);
  const inside = await until(({ processes }) => processes === 1);
  expect(inside.identities).toEqual([`${pid}:${processIdentityTicks("/proc", pid)}`]);
  expect(inside.usage?.memoryBytes).toBeGreaterThan(0);
  engine.remove("web");
  await service.until(({ shelves }) => shelves.containers.items.size === 0);
});

describe("as the engine says", () => {
  podmanTest("podman", async () => {
    using engine = new Podman();
    await compare(engine);
  });

  lxcTest("LXC, in the cgroup it has since version 4", async () => {
    using engine = new Lxc();
    await compare(engine);
  });

  runcTest("runc alone", async () => {
    using engine = new Runc();
    await compare(engine);
  });
});

describe("podman's life of a container", () => {
  podmanTest("stopped it has no process, though its pid file stays; started again it has the new one", async () => {
    using engine = new Podman();
    using fixture = serve(engine);
    engine.start("web", "inside");
    using client = await fixture.connect();
    const first = engine.pidOf("web");
    expect(await client.containerProcessId(engine.idOf("web").slice(0, 12))).toBe(first);
    engine.stop("web");
    expect(await client.containerProcessId("web")).toBeNull();
    engine.again("web");
    expect(await client.containerProcessId("web")).toBe(engine.pidOf("web"));
    expect(await client.containerHostName("web")).toBe("inside");
  });
});
