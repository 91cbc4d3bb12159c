import { afterAll, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { OPEN, openFd, pipe } from "#ffi/fd.ts";
import { isKernelAtLeast } from "#ffi/kernel-release.ts";
import { peerCredentials, peerGroups, peerPidFd } from "#ffi/peer.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { isRoot, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
chmodSync(directory.path, 0o755);
afterAll(() => directory[Symbol.dispose]());

/** Number of the descriptor under a socket of node:net. */
function numberOf(socket: Socket | Server): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  const number: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : null;
  if (typeof number !== "number") throw new Error("no descriptor");
  return number;
}

async function listening(name: string): Promise<{ server: Server; path: string; accepted: Promise<Socket> }> {
  const path = directory.file(name);
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const server = createServer(resolve);
  await new Promise<void>((ready) => server.listen(path, ready));
  chmodSync(path, 0o777);
  return { server, path, accepted };
}

test("tells who connected", async () => {
  const { server, path, accepted } = await listening("own.sock");
  const client = connect(path);
  const socket = await accepted;
  const number = numberOf(socket);
  expect(peerCredentials(number)).toEqual({
    pid: process.pid,
    uid: process.getuid?.() ?? -1,
    gid: process.getgid?.() ?? -1,
  });
  expect(peerGroups(number).sort()).toEqual((process.getgroups?.() ?? []).sort());
  using pidfd = peerPidFd(number);
  if (isKernelAtLeast(6, 5)) expect(pidfd).toMatchObject({ pid: process.pid });
  client.destroy();
  socket.destroy();
  server.close();
});

test.skipIf(!isRoot)("needs root to become another user: tells uid, gid and many groups of the peer", async () => {
  const { server, path, accepted } = await listening("other.sock");
  const groups = Array.from({ length: 200 }, (_, index) => 5000 + index);
  using child = spawnChild({
    file: process.execPath,
    argv: ["bun", "-e", `require("node:net").connect(${JSON.stringify(path)})`],
    env: { HOME: "/nonexistent", TMPDIR: "/tmp", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
    cwd: "/",
    stdio: ["null", "null", "inherit"],
    credentials: { uid: 1234, gid: 2345, groups },
  });
  const socket = await accepted;
  const number = numberOf(socket);
  expect(peerCredentials(number)).toEqual({ pid: child.pid, uid: 1234, gid: 2345 });
  expect(peerGroups(number)).toEqual(groups);
  using pidfd = peerPidFd(number);
  expect(pidfd?.sendSignal(9) ?? child.pidfd.sendSignal(9)).toBe(true);
  await child.pidfd.exited();
  child.pidfd.reap();
  socket.destroy();
  server.close();
});

test("what has no peer or is no socket is a SysError", async () => {
  const { read, write } = pipe();
  for (const ask of [peerCredentials, peerGroups, peerPidFd]) {
    expect(sysErrorOf(() => ask(read)).errnoName).toBe("ENOTSOCK");
    expect(sysErrorOf(() => ask(-1)).errnoName).toBe("EBADF");
    expect(sysErrorOf(() => ask(999_999)).errnoName).toBe("EBADF");
    expect(sysErrorOf(() => ask(1.5)).errnoName).toBe("EBADF");
  }
  read.close();
  write.close();
  expect(sysErrorOf(() => peerCredentials(read)).errnoName).toBe("EBADF");
  const tcp = createServer();
  await new Promise<void>((ready) => tcp.listen(0, "127.0.0.1", ready));
  expect(sysErrorOf(() => peerCredentials(numberOf(tcp))).errnoName).toBe("ENOTCONN");
  tcp.close();
  using file = openFd("/dev/null", OPEN.READ_ONLY);
  expect(sysErrorOf(() => peerGroups(file)).subject).toBe("/dev/null");
});
