/**
 * PCP's own programs: our client with its pmdaroot, its client library and its pmcd with their agents with our server.
 * Both servers look at the same containers, real processes in namespaces of their own.
 */
import { describe, expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { PMDAROOT_DEFAULTS } from "#core/model/pmdaroot-settings.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { writeAll } from "#ffi/fd.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { EngineState, hexId, PlainContainer } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { MusterRoot } from "#test/harness/muster-root.ts";
import { openLibrary, PMCD, RealPmcd, RealPmdaroot } from "#test/harness/pcp.ts";
import { rootPeerTest } from "#test/harness/peers.ts";
import { readAll } from "#test/harness/read-all.ts";
import { TestService } from "#test/harness/service.ts";

const pcpTest = rootPeerTest(PMCD, "pcp");

const DOCKER = hexId("docker-0");
const PODMAN = hexId("podman-0");

/** A container of each of the engines pmdaroot knows, with the cgroups it looks for. */
async function stage() {
  const stack = new AsyncDisposableStack();
  const state = stack.use(new EngineState());
  const start = async (name: string) => stack.use(await PlainContainer.start(name)).pid;
  const pids = { dk0: await start("web-host-1"), pm0: await start("web-host-2"), lx0: await start("web-host-3") };
  state.docker(DOCKER, "dk0", pids.dk0);
  state.podman(PODMAN, "pm0", pids.pm0);
  state.lxc("lx0", pids.lx0);
  return { state, pids, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function hasEnded(pid: number): Promise<void> {
  using process = PidFd.open(pid);
  await process?.exited();
}

describe("our client, PCP's pmdaroot", () => {
  pcpTest("containers by every name, and by pid", async () => {
    await using set = await stage();
    await using server = await RealPmdaroot.start(set.state);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    for (const [index, name] of (["dk0", "pm0", "lx0"] as const).entries()) {
      expect(await client.containerProcessId(name)).toBe(set.pids[name]);
      expect(await client.containerHostName(name)).toBe(`web-host-${index + 1}`);
    }
    expect(await client.containerProcessId(DOCKER)).toBe(set.pids.dk0);
    expect(await client.hostNameOf(set.pids.pm0)).toBe("web-host-2");
    expect(client.containerHostName("nosuch")).rejects.toMatchObject({ status: -12399 });
    expect(await client.containerCgroupName("lx0")).toBe("lxc/lx0");
    expect(client.hostNameOf(0x7fff_ffff)).rejects.toMatchObject({ status: -2 });
  });

  pcpTest("many questions at once are asked one by one, for it takes no other", async () => {
    await using set = await stage();
    await using server = await RealPmdaroot.start(set.state);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    const names = Array.from({ length: 100 }, (_, index) => (index % 2 ? "dk0" : "pm0"));
    const pids = await Promise.all(names.map((name) => client.containerProcessId(name)));
    expect(pids).toEqual(names.map((name) => set.pids[name as "dk0"]));
  });

  pcpTest("a process with both descriptors, and a wait for it that sends it no signal", async () => {
    await using set = await stage();
    await using server = await RealPmdaroot.start(set.state);
    using client = await connectRoot({ path: server.path, clock: systemClock });
    const { pid, toChild, fromChild } = await client.processStart("cat", "/bin/cat");
    if (toChild === null) throw new Error("no descriptor");
    expect(await client.processWaitFor(pid)).toBe("running");
    writeAll(toChild, Buffer.from("through"));
    toChild.close();
    expect(await readAll(fromChild)).toBe("through");
    await hasEnded(pid);
    // It throws some statuses away, but never makes one up.
    expect([null, 0]).toContain(statusOf(await client.processWaitFor(pid)));
  });
});

const statusOf = (end: Awaited<ReturnType<Awaited<ReturnType<typeof connectRoot>>["processWait"]>>) =>
  end === null || end === "running" ? null : end.status;

describe("PCP's client library, our server", () => {
  pcpTest("answers what pmdaroot answers, call by call", async () => {
    await using set = await stage();
    await using real = await RealPmdaroot.start(set.state);
    await using ours = await MusterRoot.start(set.state);
    const library = openLibrary();
    const answers = [real, ours].map(({ path }) => {
      const fd = library.connect(path);
      expect(fd).toBeGreaterThanOrEqual(0);
      const names = ["dk0", "pm0", "lx0", "/dk0", DOCKER, DOCKER.slice(0, 3), "nosuch"];
      const found = names.map((name) => [name, library.processId(fd, name), library.hostName(fd, name)]);
      const short = [library.hostName(fd, "dk0", 10), library.hostName(fd, "dk0", 11)];
      const started = library.start(fd, 2, "none", "  ");
      const refused = [library.terminate(fd, -1), library.terminate(fd, 0x7ff_ffff), library.wait(fd, -1).result];
      library.disconnect(fd);
      return { found, short, started: started.status, refused };
    });
    expect(answers[1]).toEqual(answers[0] as (typeof answers)[0]);
    const [asked] = answers;
    expect(asked?.found[0]).toEqual(["dk0", set.pids.dk0, "web-host-1"]);
  });

  pcpTest("the cgroup is the kernel's", async () => {
    await using set = await stage();
    await using ours = await MusterRoot.start(set.state);
    const library = openLibrary();
    const fd = library.connect(ours.path);
    const told = library.cgroupName(fd, "dk0");
    expect(readFileSync(`/proc/${set.pids.dk0}/cgroup`, "utf8")).toContain(`:/${told}\n`);
    library.disconnect(fd);
  });

  pcpTest("an answer with an explanation does not confuse it", async () => {
    await using set = await stage();
    set.state.podman(hexId("second"), "dk0", set.pids.pm0);
    set.state.docker(hexId("stopped"), "stopped", 0);
    await using ours = await MusterRoot.start(set.state);
    const library = openLibrary();
    const fd = library.connect(ours.path);
    for (let round = 0; round < 3; round++) {
      expect(library.processId(fd, "dk0")).toBe(-76);
      expect(library.hostName(fd, "dk0")).toBe(-76);
      expect(library.cgroupName(fd, "stopped")).toBe(-2);
      expect(library.processId(fd, "stopped")).toBe(0);
      expect(library.processId(fd, "pm0")).toBe(set.pids.pm0);
    }
    library.disconnect(fd);
  });

  pcpTest("a thousand processes started, terminated and waited for: every status is told", async () => {
    await using set = await stage();
    await using ours = await MusterRoot.start(set.state);
    const library = openLibrary();
    const fd = library.connect(ours.path);
    for (let round = 0; round < 1000; round++) {
      const { status, pid, infd, outfd } = library.start(fd, 2, "sleep", "/bin/sleep 1000");
      expect([status, pid > 0, infd >= 0, outfd >= 0]).toEqual([0, true, true, true]);
      library.close(infd);
      library.close(outfd);
      expect(library.terminate(fd, pid)).toBe(0);
      let end = library.wait(fd, -1);
      while (end.result === 0) end = library.wait(fd, -1);
      expect(end).toEqual({ result: pid, code: 9 });
      // The library blocks; meanwhile nobody reads the server's log.
      await new Promise((resolve) => setImmediate(resolve));
    }
    library.disconnect(fd);
    expect(await ours.end()).toBe(0);
  });
});

describe("PCP's pmcd and its agents, our service", () => {
  pcpTest("it answers as the server alone does, shows what it started, and tells how that ended", async () => {
    await using set = await stage();
    const { home, variables } = RealPmcd.home(set.state);
    using directory = new TemporaryDirectory();
    const socket = join(home, "var/pmcd/root.socket");
    await using service = await TestService.open(directory, [], {
      mode: "watch",
      config: { pmdaroot: { ...PMDAROOT_DEFAULTS, serve: true, socket } },
      environment: { variables: { PATH: process.env.PATH ?? "", ...variables } },
      enginePlaces: set.state.places,
    });
    await service.local.ready;
    const running = (label: string) => (snapshot: Snapshot) =>
      [...snapshot.shelves.processes.items.values()].some((each) => each.label === label && each.state === "running");
    {
      await using pmcd = await RealPmcd.start(home);
      await service.until(running("proc"));
      await service.until(running("linux"));
      expect(await pmcd.info("-f", "--container=dk0", "pmcd.hostname")).toContain('value "web-host-1"');
      expect(await pmcd.info("-f", "--container=lx0", "pmcd.hostname")).toContain('value "web-host-3"');
      expect(await pmcd.info("-f", "--container=dk0", "proc.nprocs")).toContain("value");
    }
    await service.until(({ shelves }) =>
      [...shelves.processes.items.values()].every(({ state }) => state === "exited"),
    );
    const { items } = service.service.snapshot().shelves.processes;
    expect([...items.values()].map(({ label, via, exitCode }) => [label, via, exitCode !== null])).toEqual([
      ["proc", "socket", true],
      ["linux", "socket", true],
    ]);
  });
});

describe("PCP's pmcd and its agents, our server", () => {
  pcpTest("agents are started through us, and --container asks us", async () => {
    await using set = await stage();
    const { home, variables } = RealPmcd.home(set.state);
    await using ours = await MusterRoot.start(set.state, variables);
    await using pmcd = await RealPmcd.start(home);
    expect(ours.log).toMatch(/started process \d+ \(proc\)/);
    expect(ours.log).toMatch(/started process \d+ \(linux\)/);
    expect(existsSync(join(home, "pmcd/linux.log"))).toBe(true);
    expect(await pmcd.info("-f", "--container=dk0", "pmcd.hostname")).toContain('value "web-host-1"');
    expect(await pmcd.info("-f", "--container=pm0", "pmcd.hostname")).toContain('value "web-host-2"');
    expect(await pmcd.info("-f", "--container=dk0", "network.interface.mtu")).toContain("inst [");
    expect(await pmcd.info("-f", "--container=nosuch", "network.interface.mtu")).toContain("Container not found");
    expect(await pmcd.info("-f", "--container=dk0", "proc.nprocs")).toContain("value");
  });
});
