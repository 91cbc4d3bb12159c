import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { receiveMessage, sendMessage, shutdownSocket } from "#ffi/descriptor-socket.ts";
import { isCloseOnExec, pipe, readSome, writeAll } from "#ffi/fd.ts";
import { EPOLL } from "#ffi/pump.ts";
import { connectUnix } from "#ffi/unix-socket.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import { sysErrorOf, TemporaryDirectory } from "./workbench.ts";

/** Bun's server sends with descriptors through ours. */
async function greet(bytes: Uint8Array, descriptors: Parameters<typeof sendMessage>[2]) {
  using directory = new TemporaryDirectory();
  const path = directory.file("s");
  const server = Bun.listen({
    unix: path,
    socket: {
      open: (socket) => {
        sendMessage((socket as unknown as { fd: number }).fd, bytes, descriptors);
      },
      data: (socket, chunk) => {
        socket.write(chunk);
      },
    },
  });
  const client = connectUnix(path);
  await waitEvent(client, EPOLL.IN);
  return { client, received: receiveMessage(client, 100), server };
}

test("bytes and descriptors arrive together, close-on-exec, and work", async () => {
  const { read, write } = pipe();
  const { client, received, server } = await greet(Buffer.from("hello"), [read, write]);
  expect(Buffer.from(received?.bytes ?? []).toString()).toBe("hello");
  const [first, second] = received?.descriptors ?? [];
  if (!first || !second) throw new Error("no descriptors");
  expect([first, second].map(isCloseOnExec)).toEqual([true, true]);
  read.close();
  writeAll(second, Buffer.from("through"));
  expect(Buffer.from(readSome(first, 100)).toString()).toBe("through");
  for (const fd of [first, second, write, client]) fd.close();
  server.stop(true);
});

test("without descriptors there are none; nothing yet is null, the end is empty", async () => {
  const { client, received, server } = await greet(Buffer.from("x"), []);
  expect(received?.descriptors).toEqual([]);
  expect(receiveMessage(client, 10)).toBeNull();
  expect(sendMessage(client, Buffer.from("echo"))).toBe(4);
  await waitEvent(client, EPOLL.IN);
  expect(receiveMessage(client, 10)?.bytes).toHaveLength(4);
  shutdownSocket(client);
  expect(receiveMessage(client, 10)?.bytes).toHaveLength(0);
  client.close();
  server.stop(true);
});

test("many in one message", async () => {
  const before = readdirSync("/proc/self/fd").length;
  const pipes = Array.from({ length: 100 }, () => pipe());
  const all = pipes.flatMap(({ read, write }) => [read, write]);
  const { client, received, server } = await greet(Buffer.from("x"), all);
  expect(received?.descriptors).toHaveLength(200);
  for (const fd of [...all, ...(received?.descriptors ?? []), client]) fd.close();
  server.stop(true);
  expect(readdirSync("/proc/self/fd").length).toBeLessThan(before + 10);
});

test("a full socket takes nothing, a closed one says so without a signal", async () => {
  const { client, server } = await greet(Buffer.from("x"), []);
  server.stop(true);
  await waitEvent(client, EPOLL.HUP);
  expect(sendMessage(client, Buffer.from("x"))).toBe(-32);
  client.close();
  expect(sysErrorOf(() => sendMessage(client, Buffer.from("x")))).toMatchObject({ errnoName: "EBADF" });
});

test("paths that are none", () => {
  expect(sysErrorOf(() => connectUnix("/no/such/socket"))).toMatchObject({ errnoName: "ENOENT", call: "connect" });
  expect(sysErrorOf(() => connectUnix("x".repeat(108)))).toMatchObject({ errnoName: "ENAMETOOLONG" });
  expect(sysErrorOf(() => connectUnix(""))).toMatchObject({ errnoName: "EINVAL" });
  expect(sysErrorOf(() => connectUnix("a\0b"))).toMatchObject({ errnoName: "EINVAL" });
});
