/** The server with muster's own client, on real processes: containers, processes, who may ask, and clients that misbehave. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import { PmdaRootError } from "#core/pmdaroot/error.ts";
import type { ProcessRow } from "#core/pmdaroot/process-row.ts";
import { containerRequest, startRequest, stopRequest } from "#core/pmdaroot/request.ts";
import { writeAll } from "#ffi/fd.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { EngineState, hasNamespaces, hexId, PlainContainer } from "#test/harness/containers.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { readAll } from "#test/harness/read-all.ts";
import { RootFixture } from "#test/harness/root-server.ts";

const NEXT_PID = "/proc/sys/kernel/ns_last_pid";

const rootTest = (name: string, body: () => Promise<void>) =>
  test.skipIf(!hasNamespaces)(hasNamespaces ? name : `${name} (skipped: may not make namespaces)`, body);

async function failure(call: Promise<unknown>): Promise<PmdaRootError> {
  const thrown = await call.then(
    () => null,
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(PmdaRootError);
  return thrown;
}

/** The one that listed them is closed by now. */
const isOpen = (fd: string) => lstatSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }) !== undefined;

/** O_CLOEXEC among the flags of proc_pid_fdinfo(5). */
function isClosedOnExec(fd: string): boolean {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
  return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
}

async function ended(pid: number): Promise<void> {
  using process = PidFd.open(pid);
  await process?.exited();
}

describe("containers", () => {
  rootTest("host name, first process and cgroup, by every form of the name", async () => {
    await using container = await PlainContainer.start("front");
    using fixture = new RootFixture();
    const id = hexId("a");
    fixture.state.docker(id, "web", container.pid);
    using client = await fixture.connect();
    for (const name of ["web", "/web", id, id.slice(0, 12), id.slice(0, 1), "docker/web"]) {
      expect(await client.containerHostName(name)).toBe("front");
      expect(await client.containerProcessId(name)).toBe(container.pid);
    }
    expect(await client.hostNameOf(container.pid)).toBe("front");
    const cgroup = readFileSync(`/proc/${container.pid}/cgroup`, "utf8");
    expect(cgroup).toContain(`/${await client.containerCgroupName("web")}`);
  });

  rootTest("a host name of 64 bytes is told whole", async () => {
    const name = "h".repeat(64);
    await using container = await PlainContainer.start(name);
    using fixture = new RootFixture();
    using client = await fixture.connect();
    expect(await client.hostNameOf(container.pid)).toBe(name);
  });

  rootTest("no thread of the server and none of its children ever has the foreign host name", async () => {
    await using container = await PlainContainer.start("elsewhere");
    using fixture = new RootFixture();
    using client = await fixture.connect();
    const own = readlinkSync("/proc/self/ns/uts");
    const namespaces = () => readdirSync("/proc/self/task").map((task) => threadNamespace(task) ?? own);
    for (let round = 0; round < 200; round++) {
      expect(await client.hostNameOf(container.pid)).toBe("elsewhere");
      expect(new Set(namespaces())).toEqual(new Set([own]));
    }
    const { fromChild, toChild } = await client.processStart("uts", "readlink /proc/self/ns/uts");
    toChild?.close();
    expect(await readAll(fromChild)).toBe(`${own}\n`);
  });

  rootTest("one that ends while it is asked about is told of by its own name or not at all", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    for (let round = 0; round < 30; round++) {
      const container = await PlainContainer.start(`round-${round}`);
      fixture.state.docker(hexId("a"), "web", container.pid);
      const asked = Array.from({ length: 20 }, () => client.containerHostName("web").catch((error) => error.status));
      const ending = container.end();
      const told = new Set(await Promise.all(asked));
      await ending;
      told.delete(`round-${round}`);
      expect([...told].filter((answer) => answer !== -2)).toEqual([]);
    }
  });

  rootTest("one that has ended, and one that never ran, are answers of their own", async () => {
    await using container = await PlainContainer.start("gone");
    using fixture = new RootFixture();
    fixture.state.docker(hexId("a"), "web", container.pid);
    fixture.state.podman(hexId("b"), "never", null);
    using client = await fixture.connect();
    expect(await client.containerProcessId("web")).toBe(container.pid);
    await container.end();
    // The state file still names the pid.
    expect(await client.containerProcessId("web")).toBeNull();
    expect(await failure(client.containerHostName("web"))).toMatchObject({
      status: -2,
      message: expect.stringContaining("docker container 'web' does not run"),
    });
    expect(await failure(client.containerCgroupName("never"))).toMatchObject({
      status: -2,
      errno: "ENOENT",
      message: expect.stringContaining("was never started"),
    });
  });

  test("a name that fits two is an error that lists both, and the connection goes on", async () => {
    using fixture = new RootFixture();
    fixture.state.docker(hexId("a"), "web", process.pid);
    fixture.state.podman(hexId("b"), "web", process.pid);
    using client = await fixture.connect();
    const error = await failure(client.containerProcessId("web"));
    expect(error).toMatchObject({ status: -76, code: "AMBIGUOUS", text: "Name not unique on network" });
    expect(error.message).toContain(`docker/web (${hexId("a").slice(0, 12)})`);
    expect(error.message).toContain(`podman/web (${hexId("b").slice(0, 12)})`);
    expect(await client.containerProcessId("podman/web")).toBe(process.pid);
    expect(await failure(client.containerProcessId("nosuch"))).toMatchObject({
      status: -12399,
      symbol: "PM_ERR_NOCONTAINER",
      text: "Container not found",
      code: "NOT_FOUND",
    });
  });

  test("what is no process has no host name", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    expect(await failure(client.hostNameOf(0x7fff_ffff))).toMatchObject({ status: -2, errno: "ENOENT" });
    expect(client.hostNameOf(0)).rejects.toMatchObject({ code: "USAGE" });
    expect(client.hostNameOf(-1)).rejects.toMatchObject({ code: "USAGE" });
  });
});

function threadNamespace(task: string): string | null {
  try {
    return readlinkSync(`/proc/self/task/${task}/ns/uts`);
  } catch {
    // It has ended since it was listed.
    return null;
  }
}

describe("processes", () => {
  test("started with both ends of its standard streams, terminated, waited for", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    const { pid, toChild, fromChild } = await client.processStart("cat", "cat");
    if (toChild === null || fromChild === null) throw new Error("no descriptors");
    writeAll(toChild, Buffer.from("hello"));
    toChild.close();
    expect(await readAll(fromChild)).toBe("hello");
    await ended(pid);
    expect(await client.processWait()).toEqual({ pid, status: 0 });
    expect(await client.processWait()).toBeNull();
    const second = await client.processStart("sleep", "sleep 1000", "SOCKET");
    expect(second).toMatchObject({ toChild: null, fromChild: null });
    expect(await client.processWait()).toBe("running");
    await client.processTerminate(second.pid);
    await ended(second.pid);
    expect(await client.processWaitFor(second.pid)).toEqual({ pid: second.pid, status: 9 });
  });

  test("it has descriptors 0, 1 and 2 and nothing else", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    const { fromChild, toChild } = await client.processStart("fds", "ls /proc/self/fd");
    toChild?.close();
    // The fourth is the directory ls reads.
    expect(await readAll(fromChild)).toBe("0\n1\n2\n3\n");
  });

  test("what the server itself holds is closed on exec", async () => {
    const before = new Set(readdirSync("/proc/self/fd"));
    using fixture = new RootFixture();
    using _client = await fixture.connect();
    const own = readdirSync("/proc/self/fd").filter((fd) => !before.has(fd) && isOpen(fd));
    expect(own.length).toBeGreaterThan(3);
    expect(own.filter((fd) => !isClosedOnExec(fd))).toEqual([]);
  });

  test("of many that end at once every status is told, once, in any order of waiting", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    const started: number[] = [];
    for (let code = 0; code < 40; code++) {
      const script = fixture.state.put(`exit-${code}`, `exit ${code}`);
      const { pid } = await client.processStart("exit", `sh ${script}`, "SOCKET");
      started.push(pid);
    }
    for (const pid of started) await ended(pid);
    expect(await client.processWaitFor(started[39] ?? 0)).toEqual({ pid: started[39] ?? 0, status: 39 << 8 });
    const told = new Map<number, number>();
    for (let end = await client.processWait(); end !== null && end !== "running"; end = await client.processWait()) {
      told.set(end.pid, end.status);
    }
    expect(told).toEqual(new Map(started.slice(0, 39).map((pid, code) => [pid, code << 8])));
  });

  test("one that nobody waits for does not stay a zombie", async () => {
    const { promise, resolve } = Promise.withResolvers<ProcessRow>();
    using fixture = new RootFixture({ onProcess: (row) => row.status !== null && resolve(row) });
    using client = await fixture.connect();
    const { pid } = await client.processStart("false", "false", "SOCKET");
    expect(await promise).toMatchObject({ pid, label: "false", commandLine: "false", status: 0x100 });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(fixture.root.processes.list()).toMatchObject([{ pid, status: 0x100 }]);
    expect(await client.processWait()).toEqual({ pid, status: 0x100 });
    expect(fixture.root.processes.list()).toEqual([]);
  });

  test("a program that does not exist has started and ended with 1; the log says why", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    const named = await client.processStart("gone", "/no/such/program x");
    expect(await client.processWait()).toEqual({ pid: named.pid, status: 0x100 });
    expect(await readAll(named.fromChild)).toBe("");
    named.toChild?.close();
    const { pid } = await client.processStart("gone", "no-such-program-along-path", "SOCKET");
    expect(await client.processWaitFor(pid)).toEqual({ pid, status: 0x100 });
    expect(fixture.logged.join("\n")).toContain("cannot run /no/such/program: execve /no/such/program: ENOENT");
    expect(await failure(client.processStart("none", "  "))).toMatchObject({
      status: -12345,
      symbol: "PM_ERR_GENERIC",
    });
  });

  test("a script without a first line is the shell's", async () => {
    using fixture = new RootFixture();
    const script = fixture.state.put("script", "echo $0 $1");
    chmodSync(script, 0o755);
    using client = await fixture.connect();
    const { fromChild, toChild } = await client.processStart("script", `${script}   one`);
    toChild?.close();
    expect(await readAll(fromChild)).toBe(`${script} one\n`);
  });

  test("nothing is signalled or waited for that this server did not start", async () => {
    await using stranger = Bun.spawn(["sleep", "1000"]);
    using fixture = new RootFixture();
    using client = await fixture.connect();
    expect(await failure(client.processTerminate(stranger.pid))).toMatchObject({
      status: -1,
      code: "PERMISSION_DENIED",
    });
    expect(await client.processWaitFor(stranger.pid)).toBeNull();
    using raw = fixture.raw();
    await raw.message();
    for (const [pid, isForced, status] of [
      [0, true, -22],
      [-1, true, -22],
      [-stranger.pid, true, -22],
      [1, true, -1],
      [stranger.pid, false, -1],
    ] as const) {
      raw.send(stopRequest(pid, isForced));
      expect((await raw.message()).readInt32LE(8)).toBe(status);
    }
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
  });

  test("how a process ended is told to its starter; once that one is gone, to whoever asks", async () => {
    using fixture = new RootFixture();
    using other = await fixture.connect();
    const starter = await fixture.connect();
    const { pid } = await starter.processStart("false", "false", "SOCKET");
    await ended(pid);
    expect(await other.processWait()).toBeNull();
    starter.close();
    // The server has seen the end of that connection when it has answered the next one.
    using _third = await fixture.connect();
    expect(await other.processWait()).toEqual({ pid, status: 0x100 });
  });
});

const PID_NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const canChoosePids = hasNamespaces && Bun.spawnSync([...PID_NAMESPACE, "test", "-w", NEXT_PID]).exitCode === 0;

test.skipIf(!canChoosePids)("an adopted process gives way to one that is started under its number", () => {
  const script = join(import.meta.dir, "../../harness/pid-again.ts");
  const { stdout } = Bun.spawnSync([...PID_NAMESPACE, process.execPath, script], { stderr: "inherit" });
  expect(JSON.parse(stdout.toString())).toEqual({
    isSame: true,
    end: 9,
    told: [
      ["earlier", "has ended"],
      ["later", "runs"],
      ["later", "has ended"],
      ["later", "has ended"],
    ],
  });
});

const ORDINARY_USER = ["setpriv", "--reuid=65533", "--clear-groups"];

/** setpriv(1) as a program by which everybody becomes root. */
function becomesRoot(directory: TemporaryDirectory): string {
  chmodSync(directory.path, 0o755);
  const program = directory.file("setpriv");
  copyFileSync(Bun.which("setpriv") ?? "", program);
  chmodSync(program, 0o4755);
  return program;
}

/** Not where file systems are mounted with nosuid. */
const canBecomeRoot = (() => {
  using directory = new TemporaryDirectory();
  return hasNamespaces && Bun.spawnSync([...ORDINARY_USER, becomesRoot(directory), "--reuid=0", "true"]).exitCode === 0;
})();

test.skipIf(!canBecomeRoot)("one that may not be signalled any more is a status, and the connection goes on", () => {
  using directory = new TemporaryDirectory();
  const becomeRoot = becomesRoot(directory);
  const script = join(import.meta.dir, "../../harness/root-of-user.ts");
  const words = [...ORDINARY_USER, process.execPath, script, `${becomeRoot} --reuid=0`];
  const { stdout } = Bun.spawnSync(words, { cwd: "/", stderr: "inherit" });
  expect(JSON.parse(stdout.toString())).toEqual({
    terminate: -1,
    wait: "running",
    logged: expect.arrayContaining([expect.stringContaining("process PID was not terminated: pidfd_send_signal")]),
  });
});

describe("where processes begin", () => {
  const whereabouts = async (fixture: RootFixture) => {
    using client = await fixture.connect();
    const { toChild, fromChild } = await client.processStart("pwd", "readlink /proc/self/cwd");
    const text = await readAll(fromChild);
    toChild?.close();
    return text.trim();
  };

  test("where pmcd's agents write their logs, as they are used to, and without that where the server is", async () => {
    using directory = new TemporaryDirectory();
    using fixture = new RootFixture({ variables: { PCP_LOG_DIR: directory.path } });
    expect(await whereabouts(fixture)).toBe(process.cwd());
    mkdirSync(directory.file("pmcd"));
    expect(await whereabouts(fixture)).toBe(directory.file("pmcd"));
    rmSync(directory.file("pmcd"), { recursive: true });
    expect(await whereabouts(fixture)).toBe(process.cwd());
  });
});

describe("who may ask", () => {
  rootTest("others are closed before they are told anything", async () => {
    using fixture = new RootFixture({ access: { uids: new Set([0, 12_345]), starterUids: new Set([0]) } });
    chmodSync(fixture.state.directory.path, 0o755);
    expect(await asUser(65_533, fixture.path)).toBe("");
    expect(fixture.logged).toContain("uid 65533 was not let in");
    expect(await asUser(12_345, fixture.path)).toBe("009000001800000000000000020000000700000000000000");
  });

  rootTest("who may only ask has nothing started, waited for or terminated", async () => {
    using fixture = new RootFixture({ access: { uids: new Set([0]), starterUids: new Set() } });
    using client = await fixture.connect();
    const marker = fixture.state.directory.file("marker");
    expect(await failure(client.processStart("touch", `touch ${marker}`))).toMatchObject({ status: -1 });
    expect(await failure(client.processTerminate(process.pid))).toMatchObject({ status: -1 });
    expect(existsSync(marker)).toBe(false);
  });

  test("for the server's own user alone nobody else gets at the socket", () => {
    using fixture = new RootFixture();
    expect(statSync(fixture.path).mode & 0o777).toBe(0o600);
    expect(statSync(fixture.state.directory.file("s")).mode & 0o777).toBe(0o700);
  });

  test("too many at once are closed, and room is made when one leaves", async () => {
    using fixture = new RootFixture({ descriptors: 8 });
    const first = await fixture.connect();
    using _second = await fixture.connect();
    expect(await failure(fixture.connect())).toMatchObject({ status: -22, errno: "ECONNRESET" });
    using watcher = fixture.raw();
    first.close();
    expect(await watcher.receive(1)).toHaveLength(0);
    using _third = await fixture.connect();
  });
});

/** What a process of that user is told first, in hexadecimal. */
async function asUser(uid: number, path: string): Promise<string> {
  const script =
    "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un($ARGV[0])) or die $!; " +
    'recv(S, $b, 64, 0); print unpack("H*", $b)';
  const child = Bun.spawn(["setpriv", `--reuid=${uid}`, "--clear-groups", "perl", "-e", script, path], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return (await new Response(child.stdout).text()).trim();
}

describe("the place of the socket", () => {
  test("is taken by one server at a time, and freed with it", () => {
    using state = new EngineState();
    const first = new RootFixture({ state });
    expect(() => new RootFixture({ state })).toThrow(expect.objectContaining({ code: "LOCK_HELD" }));
    first[Symbol.dispose]();
    expect(existsSync(first.path)).toBe(false);
    new RootFixture({ state })[Symbol.dispose]();
  });

  test("a server that is not muster's keeps it; what a dead one left is taken away", async () => {
    using state = new EngineState();
    const path = state.put("s/root.socket", "");
    expect(() => new RootFixture({ state })).toThrow(expect.objectContaining({ code: "USAGE" }));
    rmSync(path);
    const foreign = Bun.listen({ unix: path, socket: { data: () => {} } });
    expect(() => new RootFixture({ state })).toThrow(expect.objectContaining({ code: "LOCK_HELD" }));
    foreign.stop(true);
    const script = "use Socket; socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0])) or die $!";
    expect(Bun.spawnSync(["perl", "-e", script, path]).exitCode).toBe(0);
    using fixture = new RootFixture({ state });
    using _client = await fixture.connect();
  });

  test("a server that took its place keeps its socket when this one ends", async () => {
    using state = new EngineState();
    const first = new RootFixture({ state });
    rmSync(first.path);
    const other = Bun.listen({ unix: first.path, socket: { data: () => {} } });
    first[Symbol.dispose]();
    expect(lstatSync(first.path).isSocket()).toBe(true);
    other.stop(true);
  });

  test("a path that the kernel would cut is refused", () => {
    using state = new EngineState();
    const fixture = () => new RootFixture({ state, path: state.directory.file("x".repeat(108)) });
    expect(fixture).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("clients that misbehave", () => {
  test("parts are put together, and many at once are answered one by one", async () => {
    using fixture = new RootFixture();
    fixture.state.docker(hexId("a"), "web", process.pid);
    using raw = fixture.raw();
    await raw.message();
    const request = containerRequest(0x9003, { name: "web" });
    for (const byte of request) raw.send(Uint8Array.of(byte));
    expect((await raw.message()).readInt32LE(16)).toBe(process.pid);
    raw.send(Buffer.concat(Array.from({ length: 1000 }, () => request)));
    for (let count = 0; count < 1000; count++) expect((await raw.message()).readInt32LE(16)).toBe(process.pid);
  });

  test("one that never reads delays nobody, and gets all its answers in the end", async () => {
    using fixture = new RootFixture();
    const name = "n".repeat(4000);
    const request = containerRequest(0x9003, { name });
    const lazy = connect(fixture.path);
    lazy.pause();
    const count = 20_000;
    for (let sent = 0; sent < count; sent++) lazy.write(request);
    using other = await fixture.connect();
    expect(await failure(other.containerProcessId("nosuch"))).toMatchObject({ status: -12399 });
    let received = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    lazy.on("data", (chunk) => {
      received += chunk.length;
      if (received === 24 + count * 24) resolve();
    });
    lazy.resume();
    await promise;
    lazy.destroy();
  });

  test("one that asks for processes and never reads gets its descriptors too", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    using raw = fixture.raw();
    // Its own receive buffer is full of answers before the start is asked for.
    const request = containerRequest(0x9003, { name: "x" });
    raw.send(Buffer.concat([...Array.from({ length: 64 }, () => request), startRequest(2, "cat", "cat")]));
    await raw.receive(24 + 64 * 24);
    const started = await raw.message();
    expect(started.readInt32LE(8)).toBe(0);
    await client.processTerminate(started.readInt32LE(16));
  });

  test("those who leave in the middle leave nothing open", async () => {
    using fixture = new RootFixture();
    const before = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 100; round++) {
      using raw = fixture.raw();
      if (round % 2 === 0) await raw.message();
      raw.send(containerRequest(0x9003, { name: "web" }).subarray(0, round % 20));
    }
    using last = await fixture.connect();
    expect(await failure(last.containerProcessId("web"))).toMatchObject({ status: -12399 });
    // The loop comes to the ends of all of them in its next turns; what leaks never goes.
    while (readdirSync("/proc/self/fd").length > before + 2) await new Promise((resolve) => setImmediate(resolve));
  });

  test("hundreds at once are all answered", async () => {
    using fixture = new RootFixture({ descriptors: 4000 });
    fixture.state.docker(hexId("a"), "web", process.pid);
    const clients = await Promise.all(Array.from({ length: 300 }, () => fixture.connect()));
    const pids = await Promise.all(clients.map((client) => client.containerProcessId("web")));
    expect(new Set(pids)).toEqual(new Set([process.pid]));
    for (const client of clients) client.close();
  });

  test("a hundred thousand messages of rubbish close only their own connections", async () => {
    using fixture = new RootFixture();
    fixture.state.docker(hexId("a"), "web", process.pid);
    using good = await fixture.connect();
    let seed = 1;
    const random = (limit: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % limit;
    };
    const rubbish = () => {
      const bytes = Buffer.alloc(16 + random(120));
      for (let at = 0; at < bytes.length; at++) bytes[at] = random(4) === 0 ? random(256) : 0;
      bytes.writeInt32LE(0x9000 + random(14), 0);
      if (random(4) > 0) bytes.writeInt32LE(bytes.length, 4);
      if (random(4) > 0) bytes.writeInt32LE(0, 8);
      if (random(4) > 0) bytes.writeInt32LE(2, 12);
      // Not even by chance is a program started: an address of no word.
      if (bytes.readInt32LE(0) === 0x9007 && bytes.length > 104) bytes.fill(0x20, 104);
      return bytes;
    };
    for (let round = 0; round < 1000; round++) {
      using raw = fixture.raw();
      raw.send(Buffer.concat(Array.from({ length: 100 }, rubbish)));
      await raw.receive(24);
      if (round % 100 === 0) expect(await good.containerProcessId("web")).toBe(process.pid);
    }
    expect(await good.containerProcessId("web")).toBe(process.pid);
  }, 60_000);
});

describe("the client", () => {
  test("a connect that fails says why, with the code of the C function", async () => {
    using directory = new TemporaryDirectory();
    const path = directory.file("none");
    const options = { path, clock: systemClock };
    expect(await failure(connectRoot(options))).toMatchObject({
      status: -1,
      errno: "ENOENT",
      target: path,
      text: "Operation not permitted",
      hint: expect.stringContaining("no server runs there"),
    });
    writeFileSync(path, "");
    expect(await failure(connectRoot(options))).toMatchObject({ status: -1, errno: "ECONNREFUSED" });
    expect(await failure(connectRoot({ ...options, path: "x".repeat(200) }))).toMatchObject({ errno: "ENAMETOOLONG" });
  });

  test("after its end every call says that it is not connected", async () => {
    using fixture = new RootFixture();
    const client = await fixture.connect();
    client.close();
    expect(await failure(client.containerHostName("x"))).toMatchObject({ status: -107, errno: "ENOTCONN" });
  });

  test("a server that goes away, answers something else, or nothing", async () => {
    using directory = new TemporaryDirectory();
    const greeting = Buffer.from("009000001800000000000000020000000700000000000000", "hex");
    const answers: readonly (readonly [string, Buffer | null, number])[] = [
      ["closed", null, -22],
      ["too short", Buffer.from("0490000010000000000000000200000000000000", "hex").subarray(0, 16), -22],
      ["of another kind", Buffer.from("0290000018000000000000000200000000000000000000000", "hex"), -3],
      ["of a newer version", Buffer.from("049000001800000000000000030000000000000000000000", "hex"), -95],
      ["a status", Buffer.from("0490000018000000f3ffffff020000000000000000000000", "hex"), -13],
      ["a name beyond its length", Buffer.from("049000001800000000000000020000000000000064000000", "hex"), -7],
    ];
    for (const [index, [name, answer, status]] of answers.entries()) {
      const path = directory.file(`s${index}`);
      const server = Bun.listen({
        unix: path,
        socket: {
          open: (socket) => {
            socket.write(greeting);
          },
          data: (socket) => {
            if (answer) socket.write(answer.length % 2 === 0 ? answer : Buffer.concat([answer, Buffer.alloc(1)]));
            else socket.end();
          },
        },
      });
      using client = await connectRoot({ path, clock: systemClock });
      expect([name, (await failure(client.containerProcessId("x"))).status]).toEqual([name, status]);
      server.stop(true);
    }
    const path = directory.file("silent");
    const silent = Bun.listen({ unix: path, socket: { data: () => {} } });
    expect(await failure(connectRoot({ path, clock: systemClock, timeoutMs: 20 }))).toMatchObject({
      status: -110,
      code: "TIMED_OUT",
    });
    silent.stop(true);
  });

  test("what the C function refuses is refused before it is sent", async () => {
    using fixture = new RootFixture();
    using client = await fixture.connect();
    expect(await failure(client.containerHostName("n".repeat(4096)))).toMatchObject({ status: -7 });
    expect(await failure(client.containerHostName(""))).toMatchObject({ status: -22 });
    expect(await failure(client.containerHostName("a\0b"))).toMatchObject({ status: -22 });
    expect(await failure(client.processStart("l".repeat(64), "true"))).toMatchObject({ status: -7 });
    expect(await failure(client.processStart("l", "x".repeat(4096)))).toMatchObject({ status: -7 });
    expect(await failure(client.containerHostName("n".repeat(4095)))).toMatchObject({ status: -12399 });
    expect(await failure(client.containerHostName("with blanks in it"))).toMatchObject({ status: -12399 });
  });
});
