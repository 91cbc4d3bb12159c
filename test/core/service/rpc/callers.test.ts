/** Who asks, as the kernel tells it: other users, namespaces of their own, and programs that are not muster's. */
import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { peerCaller, selfCaller } from "#core/service/caller.ts";
import { authorize, CAPABILITIES, PRIVILEGES } from "#core/service/privilege.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { peerTest } from "#test/harness/peers.ts";
import { type Answer, stopRequest, TestServer, UID } from "#test/harness/rpc.ts";
import { declaration, TestService } from "#test/harness/service.ts";

const NOBODY = 65534;
const CLIENT = join(import.meta.dir, "../../../harness/rpc-client.pl");
const isRoot = UID === 0;

/** Whom `unshare -Ur` is denied cannot be tested with it. */
const canUnshare = Bun.spawnSync(["unshare", "-Ur", "true"], { stderr: "ignore" }).exitCode === 0;

/** The client's text goes in by standard input: a checkout may be closed to other users. */
async function askAs(
  path: string,
  wrapper: readonly string[],
  uid: number,
  requests: readonly object[],
): Promise<Answer[]> {
  const client = await Bun.file(CLIENT).text();
  const child = Bun.spawn([...wrapper, "perl", "-e", client, path], {
    cwd: "/",
    stdin: new TextEncoder().encode(requests.map((request) => `${JSON.stringify(request)}\n`).join("")),
    stdout: "pipe",
    stderr: "inherit",
    ...(isRoot ? { uid, gid: uid } : {}),
  });
  const text = await new Response(child.stdout).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const hello = { jsonrpc: "2.0", id: 1, method: "hello" };
const read = { jsonrpc: "2.0", id: 2, method: "snapshot", params: { kinds: ["daemons"] } };
const stop = (id: string) => ({
  jsonrpc: "2.0",
  id: 3,
  method: "invoke",
  params: { request: stopRequest("r1", { targets: [{ id }] }) },
});

/** A service of root's for all, with one declared daemon. */
async function withSharedService(use: (path: string) => Promise<void>): Promise<void> {
  using directory = new TemporaryDirectory();
  chmodSync(directory.path, 0o755);
  await using local = await TestService.open(directory, [declaration("web", directory)], { mode: "watch" });
  await local.untilState("web", "down");
  await using server = new TestServer({ service: local.service, runtimeDirectory: directory.path, isForAll: true });
  await use(server.path);
}

describe("clients of other users", () => {
  test.skipIf(!isRoot)("nobody may read; he may not stop a daemon, and is told what it takes", async () => {
    await withSharedService(async (path) => {
      const [who, snapshot, stopped] = await askAs(path, [], NOBODY, [hello, read, stop("n1/daemon/web")]);
      expect(who?.result).toMatchObject({ you: NOBODY });
      expect(snapshot?.result).toMatchObject({ shelves: { daemons: { items: [{ name: "web" }] } } });
      const { results } = (stopped?.result ?? {}) as { results?: readonly object[] };
      expect(results).toMatchObject([
        {
          outcome: "refused",
          error: { code: "PERMISSION_DENIED", errno: "EPERM", hint: expect.stringContaining("uid 0") },
        },
      ]);
    });
  });

  test.skipIf(!isRoot || !canUnshare)("root of a namespace of his own is still nobody", async () => {
    await withSharedService(async (path) => {
      const [who, stopped] = await askAs(path, ["unshare", "-Ur"], NOBODY, [hello, stop("n1/daemon/web")]);
      expect(who?.result).toMatchObject({ you: NOBODY });
      expect(stopped?.result).toMatchObject({
        results: [{ outcome: "refused", error: { code: "PERMISSION_DENIED" } }],
      });
    });
  });

  test("the owner may, from a program that is not muster's", async () => {
    await withSharedService(async (path) => {
      const [, stopped] = await askAs(path, [], UID, [hello, stop("n1/daemon/web")]);
      expect(stopped?.result).toMatchObject({ results: [{ outcome: "unchanged" }] });
    });
  });

  test.skipIf(!isRoot)("a user's own socket does not let another in", async () => {
    await using server = new TestServer();
    chmodSync(server.directory.path, 0o755);
    const child = Bun.spawn(["perl", "-e", await Bun.file(CLIENT).text(), server.path], {
      cwd: "/",
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      uid: NOBODY,
      gid: NOBODY,
    });
    expect(await new Response(child.stderr).text()).toContain("Permission denied");
  });

  test.skipIf(!isRoot)("strangers get only so many connections, and the owner still gets his", async () => {
    await using server = new TestServer({ isForAll: true });
    chmodSync(server.directory.path, 0o755);
    const script = `use IO::Socket::UNIX; $| = 1; my @all; for (1..140) { push @all, IO::Socket::UNIX->new(Peer => $ARGV[0]) or die }
      my $last = $all[-1]; print scalar(<$last>); my $first = $all[0];
      print $first '{"jsonrpc":"2.0","id":1,"method":"ping"}' . "\\n"; $first->flush; print scalar(<$first>); <STDIN>;`;
    const child = Bun.spawn(["perl", "-e", script, server.path], {
      cwd: "/",
      stdin: "pipe",
      stdout: "pipe",
      uid: NOBODY,
      gid: NOBODY,
    });
    const lines: string[] = [];
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      lines.push(...decoder.decode(chunk, { stream: true }).split(/(?<=\n)/));
      if (lines.join("").split("\n").length > 2) break;
    }
    const [last, first] = lines
      .join("")
      .split("\n")
      .slice(0, 2)
      .map((line) => JSON.parse(line));
    expect(last.error.data.code).toBe("BUSY");
    expect(first.result).toBeNull();
    expect((await (await server.raw()).ask("ping")).result).toBeNull();
    child.stdin.end();
    await child.exited;
  });
});

peerTest("python3", "python3")("a client in Python: hello, snapshot, subscribe, invoke, change", async () => {
  using directory = new TemporaryDirectory();
  const runs = declaration("web", directory, { command: ["sleep", "1000"] });
  await using local = await TestService.open(directory, [runs], { mode: "watch" });
  await local.untilState("web", "down");
  await using server = new TestServer({ service: local.service, runtimeDirectory: directory.path });
  const client = join(import.meta.dir, "../../../harness/rpc_client.py");
  const child = Bun.spawn(["python3", client, server.path, "n1/daemon/web"], { stdout: "pipe", stderr: "inherit" });
  const told = JSON.parse(await new Response(child.stdout).text());
  expect(told).toMatchObject({ protocol: 1, before: ["down"], subscription: 1 });
  expect(told.report).toMatchObject({ requestId: "from-python", results: [{ outcome: "done" }] });
  expect(told.unasked.map(({ method }: { method: string }) => method)).toContain("progress");
  expect(local.events().find(({ code }) => code === "ACTION_BEGUN")?.actor).toBe(`${UID} socket`);
  await local.invoke("daemon.kill", "web");
});

describe("the table of privileges", () => {
  const stranger = { uid: 1000, gid: 1000, pid: 5, capabilities: 0n, serviceUid: 0 };
  const actions = Object.keys(PRIVILEGES) as (keyof typeof PRIVILEGES)[];

  test.each(actions)("%s: root and the service's own user may", (action) => {
    expect(authorize(action, { ...stranger, uid: 0, serviceUid: 33 }, 1000)).toBeNull();
    expect(authorize(action, selfCaller(33, 33, 1), 1000)).toBeNull();
  });

  test.each(actions)("%s: a stranger may only read", (action) => {
    const isRead = [
      "read",
      "module.check",
      "module.ctl",
      "job.wait",
      "process.wait",
      "job.pids",
      "endpoint.sample",
      "endpoint.wait",
    ].includes(action);
    expect(authorize(action, stranger, 2000)?.code ?? null).toBe(isRead ? null : "PERMISSION_DENIED");
  });

  test("the owner of a target may what the rule for owners says, and nothing else", () => {
    for (const action of actions) {
      const may = authorize(action, stranger, 1000) === null;
      expect(may).toBe(PRIVILEGES[action].rule !== "service");
    }
  });

  test("a capability stands in where the table says so", () => {
    for (const action of actions) {
      const { rule, capability } = PRIVILEGES[action];
      for (const [name, bit] of Object.entries(CAPABILITIES)) {
        const caller = { ...stranger, capabilities: 1n << BigInt(bit) };
        expect(authorize(action, caller, null) === null).toBe(rule === "anyone" || capability === name);
      }
    }
  });

  test("the refusal names everybody who may", () => {
    const hint = authorize("member.signal", { ...stranger, serviceUid: 33 }, 2000)?.hint;
    expect(hint).toBe("needs uid 0 or uid 33 or uid 2000 or CAP_KILL in the service's user namespace");
  });
});

describe("capabilities of a peer", () => {
  /** Who connects by way of `wrapper`, seen from here. */
  async function seen(wrapper: readonly string[], uid: number) {
    using directory = new TemporaryDirectory();
    chmodSync(directory.path, 0o755);
    const path = directory.file("s");
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof peerCaller>>();
    const listener = Bun.listen({
      unix: path,
      socket: {
        open: (socket) => resolve(peerCaller((socket as unknown as { fd: number }).fd, 0, "/proc")),
        data: () => {},
      },
    });
    chmodSync(path, 0o666);
    const script = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die; <STDIN>";
    const child = Bun.spawn([...wrapper, "perl", "-e", script, path], {
      cwd: "/",
      stdin: "pipe",
      ...(isRoot ? { uid, gid: uid } : {}),
    });
    const caller = await promise;
    child.stdin.end();
    await child.exited;
    listener.stop(true);
    return caller;
  }

  test.skipIf(!isRoot)("of root: those the kernel says; of nobody: none", async () => {
    expect((await seen([], 0)).capabilities).not.toBe(0n);
    expect(await seen([], NOBODY)).toMatchObject({ uid: NOBODY, capabilities: 0n });
  });

  test.skipIf(!isRoot || !canUnshare)("of a namespace of its own: none", async () => {
    expect(await seen(["unshare", "-Ur"], NOBODY)).toMatchObject({ uid: NOBODY, capabilities: 0n });
    expect(await seen(["unshare", "-Ur"], 0)).toMatchObject({ capabilities: 0n });
  });
});
