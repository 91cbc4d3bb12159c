/** Containers and privileged processes in the service: what is shown of them, and what may be done to the latter. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import type { ActionId } from "#core/act/actions.ts";
import type { ActionRequest, ActionResult } from "#core/act/request.ts";
import type { Container } from "#core/model/container.ts";
import { PMDAROOT_DEFAULTS, type PmdaRootSettings } from "#core/model/pmdaroot-settings.ts";
import type { Process } from "#core/model/process.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import type { InvokeOptions } from "#core/service/service.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { EngineState, hasNamespaces, hexId, PlainContainer } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { UID } from "#test/harness/rpc.ts";
import { TestService } from "#test/harness/service.ts";

let directory: TemporaryDirectory;
let state: EngineState;
/** Ended by the test that started them, or here. */
let started: PidFd[];

beforeEach(() => {
  directory = new TemporaryDirectory();
  state = new EngineState();
  started = [];
});

afterEach(() => {
  for (const pidfd of started) {
    pidfd.sendSignal(9);
    pidfd.close();
  }
  state[Symbol.dispose]();
  directory[Symbol.dispose]();
});

async function opened(
  settings: Partial<PmdaRootSettings> = {},
  more: Parameters<typeof TestService.open>[2] = {},
): Promise<TestService> {
  const config = { pmdaroot: { ...PMDAROOT_DEFAULTS, ...settings } };
  const service = await TestService.open(directory, [], {
    mode: "watch",
    config,
    enginePlaces: state.places,
    ...more,
  });
  if (more.mode !== "once") await service.local.ready;
  return service;
}

const containersOf = (service: TestService): readonly Container[] => [
  ...service.service.snapshot().shelves.containers.items.values(),
];

async function untilContainer(service: TestService, fits: (item: Container) => boolean): Promise<Container> {
  const found = await service.until(({ shelves }) => [...shelves.containers.items.values()].some(fits));
  const item = [...found.shelves.containers.items.values()].find(fits);
  if (!item) throw new Error("no such container");
  return item;
}

const processesOf = (service: TestService): readonly Process[] => [
  ...service.service.snapshot().shelves.processes.items.values(),
];

async function untilProcess(service: TestService, fits: (item: Process) => boolean): Promise<Process> {
  const found = await service.until(({ shelves }) => [...shelves.processes.items.values()].some(fits));
  const item = [...found.shelves.processes.items.values()].find(fits);
  if (!item) throw new Error("no such process");
  return item;
}

function act(
  service: TestService,
  action: ActionId,
  target: string,
  values: ActionRequest["arguments"] = {},
  options: InvokeOptions & { identity?: string } = {},
): Promise<ActionResult> {
  const { identity, ...rest } = options;
  const targets = [{ id: target, ...(identity === undefined ? {} : { identity }) }];
  return service.invoke(action, "", { targets, arguments: values, options: rest });
}

async function start(service: TestService, label: string, command: string): Promise<ActionResult> {
  const result = await act(service, "process.start", `n1/process/${label}`, { command });
  const pid = result.answer?.pid;
  const pidfd = typeof pid === "number" ? PidFd.open(pid) : null;
  if (pidfd) started.push(pidfd);
  return result;
}

const stranger = { uid: 4711, gid: 4711, pid: null, capabilities: 0n, serviceUid: UID };

describe("containers", () => {
  test("come, change, end and go; what happens is in the journal", async () => {
    await using service = await opened();
    expect(containersOf(service)).toEqual([]);
    const child = Bun.spawn(["sleep", "1000"]);
    state.docker(hexId("a"), "web", child.pid);
    const running = await untilContainer(service, ({ state }) => state === "running");
    expect(running).toMatchObject({
      id: `n1/container/docker/${hexId("a")}`,
      engine: "docker",
      name: "web",
      user: null,
      pid: child.pid,
      identity: `${child.pid}:${processIdentityTicks("/proc", child.pid)}`,
      processes: null,
      usage: null,
      problems: [],
    });
    child.kill("SIGKILL");
    const ended = await untilContainer(service, (item) => item.state === "stopped");
    // The engine has not written anything yet.
    expect(ended).toMatchObject({ pid: null, identity: null, hostName: null, cgroup: null });
    expect(ended.problems.map(({ code }) => code)).toEqual(["PROCESS_GONE"]);
    await service.untilEvent("CONTAINER_UP");
    await service.untilEvent("CONTAINER_DOWN");
    state.docker(hexId("a"), "web", 0);
    await untilContainer(service, ({ problems }) => problems.length === 0);
    state.remove(`docker/containers/${hexId("a")}`);
    await service.until(({ shelves }) => shelves.containers.items.size === 0);
    expect(await service.untilEvent("CONTAINER_REMOVED")).toMatchObject({ target: running.id });
  });

  test("what several engines tell of is one, by the engine that people use", async () => {
    const id = hexId("a");
    state.podman(id, "web", process.pid);
    state.put(
      `runc/${id}/state.json`,
      JSON.stringify({
        init_process_pid: process.pid,
        init_process_start: Number(processIdentityTicks("/proc", process.pid)),
      }),
    );
    await using service = await opened();
    expect(containersOf(service).map(({ engine, name }) => [engine, name])).toEqual([["podman", "web"]]);
    state.put("podman/data/containers.json", "[]");
    const left = await untilContainer(service, ({ engine }) => engine === "runc");
    expect(left.containerId).toBe(id);
    expect(containersOf(service)).toHaveLength(1);
  });

  test("one without a cgroup or a pid namespace of its own: nobody's processes are counted as its", async () => {
    state.docker(hexId("a"), "web", process.pid);
    await using service = await opened();
    const [item] = containersOf(service);
    service.service.attend([item?.id ?? ""]);
    await service.service.refresh();
    expect(containersOf(service)[0]).toMatchObject({ boundary: null, processes: null, identities: [], usage: null });
  });

  test.skipIf(!hasNamespaces)("on a screen: who is inside, and what they use", async () => {
    const script = "sleep 1000 & echo ready; exec sleep 1001";
    const outer = Bun.spawn(["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "sh", "-c", script], {
      stdout: "pipe",
      stderr: "ignore",
    });
    await outer.stdout.getReader().read();
    const pid = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, "utf8").trim());
    // The first of its namespace: all others end with it.
    const first = PidFd.open(pid);
    if (first) started.push(first);
    state.docker(hexId("a"), "web", pid);
    await using service = await opened();
    const id = `n1/container/docker/${hexId("a")}`;
    expect(containersOf(service)[0]).toMatchObject({ boundary: "namespace", processes: null });
    service.service.attend([id]);
    const item = await untilContainer(service, ({ processes }) => processes === 2);
    expect(item.usage).toMatchObject({ cpuPercent: null });
    expect(item.identities[0]).toBe(`${pid}:${processIdentityTicks("/proc", pid)}`);
    expect(item.usage?.memoryBytes).toBeGreaterThan(0);
    first?.sendSignal(9);
    await outer.exited;
    await untilContainer(service, ({ state }) => state === "stopped");
  });

  test.skipIf(!hasNamespaces)("once, for a command: all of it", async () => {
    await using container = await PlainContainer.start("inside");
    state.docker(hexId("a"), "web", container.pid);
    await using service = await opened({}, { mode: "once" });
    expect(containersOf(service)).toMatchObject([{ name: "web", hostName: "inside", pid: container.pid }]);
  });

  test("a user's container is his; a name says whose", async () => {
    state.put("users/4242/containers/overlay-containers/x", "");
    state.put(
      "home/.local/share/containers/storage/overlay-containers/containers.json",
      JSON.stringify([{ id: hexId("u"), names: ["web"] }]),
    );
    await using service = await opened();
    const item = await untilContainer(service, ({ uid }) => uid === 4242);
    expect(item).toMatchObject({ id: `n1/container/4242/podman/${hexId("u")}`, user: null, state: "created" });
  });

  test("of another tree none is shown", async () => {
    state.docker(hexId("a"), "web", process.pid);
    await using service = await opened({}, { environment: { root: directory.path } });
    expect(containersOf(service)).toEqual([]);
    expect(service.service.snapshot().shelves.containers.status).toBe("ready");
  });
});

describe("processes", () => {
  test("start, see, wait, and how it ended", async () => {
    await using service = await opened();
    writeFileSync(directory.file("three"), "#!/bin/sh\nread x; exit 3\n", { mode: 0o755 });
    const result = await start(service, "demo", "sleep 1000");
    expect(result).toMatchObject({ outcome: "done", answer: { label: "demo" } });
    const pid = Number(result.answer?.pid);
    expect(result.id).toBe(`n1/process/${pid}:${processIdentityTicks("/proc", pid)}`);
    expect(processesOf(service)).toMatchObject([
      { label: "demo", state: "running", via: "service", starterUid: UID, waited: false, program: "sleep" },
    ]);
    const waited = act(service, "process.wait", result.id);
    expect(await act(service, "process.signal", result.id, { signal: "USR1" })).toMatchObject({ outcome: "done" });
    expect(await waited).toMatchObject({ outcome: "done", answer: { pid, status: 10, text: "killed by SIGUSR1" } });
    expect(processesOf(service)).toMatchObject([{ state: "exited", exitCode: 10, waited: true }]);
    // Told again to whoever asks again.
    expect(await act(service, "process.wait", result.id)).toMatchObject({ answer: { status: 10 } });
    expect(await service.untilEvent("PROCESS_EXITED")).toMatchObject({ target: result.id, severity: "warn" });
  });

  test("its standard input is empty", async () => {
    await using service = await opened();
    writeFileSync(directory.file("three"), "#!/bin/sh\nread x; exit 3\n", { mode: 0o755 });
    const { id } = await start(service, "three", directory.file("three"));
    expect(await act(service, "process.wait", id)).toMatchObject({ answer: { status: 3 << 8, text: "exit 3" } });
  });

  test("a program that cannot be run is a failed start, and a process that has ended", async () => {
    await using service = await opened();
    const result = await act(service, "process.start", "n1/process/none", { command: "/no/such/program" });
    expect(result).toMatchObject({ outcome: "failed", error: { code: "START_FAILED" } });
    expect(result.message).toContain("/no/such/program: ENOENT");
    expect(result.error?.hint).toContain("exit 1");
    const nameless = await act(service, "process.start", "n1/process/", { command: "true" });
    expect(nameless).toMatchObject({ outcome: "refused", error: { code: "USAGE", message: "the label is empty" } });
    expect(processesOf(service)).toMatchObject([{ label: "none", state: "exited", exitCode: 1 << 8 }]);
  });

  test("what is no process of ours, has ended, or is another by now is left alone", async () => {
    await using service = await opened();
    const own = `n1/process/${process.pid}:${processIdentityTicks("/proc", process.pid)}`;
    expect(await act(service, "process.terminate", own)).toMatchObject({
      outcome: "refused",
      error: { code: "NOT_FOUND", errno: "ESRCH" },
    });
    const { id } = await start(service, "demo", "sleep 1000");
    const other = await act(service, "process.terminate", id, {}, { identity: `${process.pid}:1` });
    expect(other).toMatchObject({ outcome: "refused", error: { code: "IDENTITY_CHANGED" } });
    expect(await act(service, "process.terminate", id)).toMatchObject({ outcome: "done" });
    await act(service, "process.wait", id);
    expect(await act(service, "process.terminate", id)).toMatchObject({
      outcome: "refused",
      error: { code: "NOT_ALLOWED_NOW" },
    });
  });

  test("only the service's user may, but anybody may wait", async () => {
    await using service = await opened();
    const { id } = await start(service, "demo", "sleep 1000");
    for (const action of ["process.terminate", "process.start", "process.signal"] as const) {
      const result = await act(service, action, id, { command: "true", signal: "TERM" }, { caller: stranger });
      expect(result).toMatchObject({ outcome: "refused", error: { code: "PERMISSION_DENIED" } });
    }
    const waited = act(service, "process.wait", id, {}, { caller: stranger });
    await act(service, "process.terminate", id);
    expect(await waited).toMatchObject({ outcome: "done", answer: { status: 9 } });
    // He was not owed it.
    expect(processesOf(service)).toMatchObject([{ waited: false }]);
  });

  test("labels and command lines that cannot be, and a wait that is given up", async () => {
    await using service = await opened();
    for (const [label, command] of [
      ["x".repeat(64), "true"],
      ["x", ""],
      ["x", "   "],
      ["x", `true ${"y".repeat(4096)}`],
      ["x", "true\ntrue"],
      ["x\0", "true"],
    ] as const) {
      const result = await act(service, "process.start", `n1/process/${label}`, { command });
      expect(result).toMatchObject({ outcome: "refused", error: { code: "USAGE" } });
    }
    const { id } = await start(service, "demo", "sleep 1000");
    const stop = new AbortController();
    const waited = act(service, "process.wait", id, {}, { signal: stop.signal });
    stop.abort();
    expect(await waited).toMatchObject({ outcome: "refused", error: { code: "CANCELLED" } });
    expect(processesOf(service)).toMatchObject([{ state: "running" }]);
  });

  test("they outlive the service, and the next one goes on with them", async () => {
    let id = "";
    {
      await using service = await opened();
      id = (await start(service, "demo", "sleep 1000")).id;
      const { id: ended } = await start(service, "short", "true");
      await untilProcess(service, (item) => item.id === ended && item.state === "exited");
    }
    {
      // Who only looks sees what was left.
      await using looking = await opened({}, { mode: "once" });
      expect(processesOf(looking).map(({ label, state }) => [label, state])).toEqual([
        ["demo", "running"],
        ["short", "exited"],
      ]);
      expect(await act(looking, "process.terminate", id, {}, {})).toMatchObject({ outcome: "done" });
    }
    {
      await using service = await opened();
      const item = await untilProcess(service, ({ label, state }) => label === "demo" && state === "exited");
      expect(item.adopted).toBe(true);
      // Its end was not told to anybody yet.
      expect(processesOf(service)).toMatchObject([{ label: "demo" }, { label: "short", exitCode: 0, waited: false }]);
    }
  });

  test("one whose start was answered is in the list, however soon the service is killed", async () => {
    await using service = await opened();
    for (const label of ["one", "two", "three"]) {
      await start(service, label, "sleep 1000");
      const { processes } = JSON.parse(readFileSync(directory.file("state/processes.json"), "utf8"));
      expect(processes.map((each: { label: string }) => each.label)).toContain(label);
    }
  });

  test("a list that is damaged or of another start of the machine leads to no process", async () => {
    {
      await using service = await opened();
      await start(service, "demo", "sleep 1000");
    }
    const list = directory.file("state/processes.json");
    const text = readFileSync(list, "utf8");
    writeFileSync(list, text.replace(/"bootId":"[^"]*"/, '"bootId":"another"'));
    {
      await using service = await opened();
      expect(processesOf(service)).toMatchObject([{ label: "demo", state: "exited", exitCode: null }]);
    }
    for (const length of [0, 1, 20, text.length >> 1, text.length - 2]) {
      writeFileSync(list, text.slice(0, length));
      await using service = await opened();
      expect(processesOf(service)).toEqual([]);
      expect(await service.untilEvent("SOURCE_FAILED")).toMatchObject({
        message: expect.stringContaining("processes.json"),
      });
    }
  });

  test("of those whose end nobody saw, and of which PCP's clients can never be told, the latest are kept", async () => {
    const processes = Array.from({ length: 1200 }, (_, number) => ({
      pid: 1000 + number,
      startTicks: "1",
      label: `agent${number}`,
      commandLine: "sleep 1000",
      starter: { uid: UID, pid: 1 },
      via: "socket",
      startedAtMs: number,
      // Half of them were found ended by a start before this one.
      endedAtMs: number < 600 ? 5000 : null,
      status: null,
      isTold: false,
    }));
    mkdirSync(directory.file("state"), { recursive: true });
    writeFileSync(directory.file("state/processes.json"), JSON.stringify({ bootId: "another", processes }));
    await using service = await opened();
    const kept = processesOf(service).map(({ label }) => label);
    expect(kept).toHaveLength(1000);
    expect(kept).toContain("agent200");
    expect(kept).not.toContain("agent199");
  });

  test("read-only nothing is started", async () => {
    await using service = await opened({}, { isReadOnly: true });
    expect(await start(service, "demo", "sleep 1000")).toMatchObject({
      outcome: "refused",
      error: { code: "READ_ONLY" },
    });
  });
});

describe("PCP is answered by the service itself", () => {
  const socket = () => directory.file("s/root.socket");

  test("a reload that makes it read-only: containers are told, and nothing more is started for who is connected", async () => {
    await using service = await opened({ serve: true, socket: socket() });
    state.docker(hexId("a"), "web", process.pid);
    const client = await connectRoot({ path: socket(), clock: systemClock });
    expect(await client.containerProcessId("web")).toBe(process.pid);
    const marker = directory.file("marker");
    const before = await client.processStart("before", "exit 7", "SOCKET");
    await untilProcess(service, ({ label, state }) => label === "before" && state === "exited");
    await service.local.reload({ ...service.config, readOnly: true });
    await expect(client.processStart("agent", `touch ${marker}`, "SOCKET")).rejects.toThrow("not permitted");
    expect(await client.containerProcessId("web")).toBe(process.pid);
    expect(existsSync(marker)).toBe(false);
    await expect(client.processTerminate(before.pid)).rejects.toThrow("not permitted");
    expect(await client.processWaitFor(before.pid)).toMatchObject({ pid: before.pid });
    await service.local.reload(service.config);
    const { pid } = await client.processStart("agent", "sleep 1000", "SOCKET");
    const pidfd = PidFd.open(pid);
    if (pidfd) started.push(pidfd);
    expect(pidfd).not.toBeNull();
    client.close();
  });

  test("one index, one table; statuses go to whoever had it started", async () => {
    await using service = await opened({ serve: true, socket: socket() });
    state.docker(hexId("a"), "web", process.pid);
    const client = await connectRoot({ path: socket(), clock: systemClock });
    expect(await client.containerProcessId("web")).toBe(process.pid);
    expect(client.server).toEqual({ pid: process.pid, uid: UID });
    await untilContainer(service, ({ name }) => name === "web");
    const { pid } = await client.processStart("agent", "sleep 1000", "SOCKET");
    const pidfd = PidFd.open(pid);
    if (pidfd) started.push(pidfd);
    const item = await untilProcess(service, ({ label }) => label === "agent");
    expect(item).toMatchObject({ pid, via: "socket", starterUid: UID, starterPid: process.pid, state: "running" });
    expect(await act(service, "process.terminate", item.id)).toMatchObject({ outcome: "done" });
    // muster has been told, and the client is told all the same.
    expect(await act(service, "process.wait", item.id)).toMatchObject({ answer: { status: 9 } });
    expect(processesOf(service)).toMatchObject([{ waited: false }]);
    expect(await client.processWaitFor(pid)).toEqual({ pid, status: 9 });
    await untilProcess(service, ({ waited }) => waited);
    // Those of the service itself are not for clients.
    const { id } = await start(service, "own", "true");
    await untilProcess(service, (each) => each.id === id && each.state === "exited");
    expect(await client.processWait()).toBeNull();
    client.close();
  });

  test("an end that nobody was told is told by the next service, too", async () => {
    let pid = 0;
    {
      await using service = await opened({ serve: true, socket: socket() });
      using client = await connectRoot({ path: socket(), clock: systemClock });
      pid = (await client.processStart("agent", "true", "SOCKET")).pid;
      await untilProcess(service, ({ state }) => state === "exited");
    }
    await using _service = await opened({ serve: true, socket: socket() });
    using client = await connectRoot({ path: socket(), clock: systemClock });
    expect(await client.processWait()).toEqual({ pid, status: 0 });
    expect(await client.processWait()).toBeNull();
  });

  test("settings take effect while it runs: match, socket, and whether at all", async () => {
    const logged: string[] = [];
    const id = hexId("a");
    state.docker(id, "web", process.pid);
    await using service = await opened({ serve: true, socket: socket() }, { log: (text) => logged.push(text) });
    const config = (settings: Partial<PmdaRootSettings>) =>
      service.local.reload({
        ...service.config,
        pmdaroot: { ...PMDAROOT_DEFAULTS, serve: true, socket: socket(), ...settings },
      });
    {
      using client = await connectRoot({ path: socket(), clock: systemClock });
      expect(client.containerProcessId(`${id[0]}_no`)).rejects.toMatchObject({ status: -12399 });
      await config({ match: "pcp" });
      expect(await client.containerProcessId(`${id[0]}_no`)).toBe(process.pid);
    }
    await config({ allow: ["no-such-user"] });
    expect(logged.some((text) => text.includes("no user 'no-such-user'"))).toBe(true);
    await config({ serve: false });
    expect(connectRoot({ path: socket(), clock: systemClock })).rejects.toMatchObject({ errno: "ENOENT" });
  });

  test("a socket that is taken is said, and all else goes on", async () => {
    await using _first = await opened({ serve: true, socket: socket() });
    using other = new TemporaryDirectory();
    await using second = await TestService.open(other, [], {
      mode: "watch",
      config: { pmdaroot: { ...PMDAROOT_DEFAULTS, serve: true, socket: socket() } },
      enginePlaces: state.places,
    });
    await second.local.ready;
    expect(await second.untilEvent("SOURCE_FAILED")).toMatchObject({
      message: expect.stringContaining("another server listens"),
    });
    expect(second.service.snapshot().shelves.containers.status).toBe("ready");
  });
});
