/** One connection, with a client that reads and writes as badly as it likes. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { Connection } from "#core/pagg/job/jobd/connection.ts";
import { Fd } from "#ffi/fd.ts";
import { kernelBytes } from "#ffi/memory.ts";
import { acceptFrom, bindUnix, connectUnix, listenOn, receiveInto, sendFrom } from "#ffi/unix-socket.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

let directory: TemporaryDirectory;
let listener: Fd;
let client: Fd;
let connection: Connection;

beforeEach(() => {
  directory = new TemporaryDirectory();
  listener = bindUnix(directory.file("s"));
  listenOn(listener, 4);
  client = connectUnix(listener.path);
  const accepted = acceptFrom(listener);
  if (!(accepted instanceof Fd)) throw new Error(`accept: ${accepted}`);
  connection = new Connection(accepted);
});
afterEach(() => {
  connection.close();
  client.close();
  listener.close();
  directory[Symbol.dispose]();
});

function request(size: number, length = size): Uint8Array<ArrayBuffer> {
  const bytes = kernelBytes(length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 9, true);
  view.setInt32(8, size, true);
  for (let index = 12; index < length; index++) bytes[index] = index;
  return bytes;
}

/** All there is to read now; null when the other end has closed. */
function received(): Buffer | null {
  const chunks: Buffer[] = [];
  for (;;) {
    const room = kernelBytes(1 << 16);
    const count = receiveInto(client, room);
    if (count === 0) return chunks.length > 0 ? Buffer.concat(chunks) : null;
    if (count < 0) return Buffer.concat(chunks);
    chunks.push(Buffer.from(room.subarray(0, count)));
  }
}

test("a request that comes byte by byte is whole with its last one", () => {
  const bytes = request(16);
  for (const byte of bytes.subarray(0, 15)) {
    sendFrom(client, kernelBytes(1).fill(byte));
    expect(connection.receive()).toBe("partial");
  }
  sendFrom(client, kernelBytes(1).fill(15));
  expect(connection.receive()).toBe("whole");
  expect([...connection.message.bytes]).toEqual([...bytes]);
});

test("what comes behind a request is no part of it", () => {
  sendFrom(client, request(16, 48));
  expect(connection.receive()).toBe("whole");
  expect(connection.message.bytes.length).toBe(16);
});

test.each([-(2 ** 31), -1, 0, 11, 49, 65_536, 2 ** 31 - 1])("a size of %d is broken, however much comes", (size) => {
  sendFrom(client, request(size, 48));
  expect(connection.receive()).toBe("broken");
});

test("an end in the middle is broken", () => {
  sendFrom(client, request(16, 12));
  expect(connection.receive()).toBe("partial");
  client.close();
  expect(connection.receive()).toBe("broken");
});

test("a reply goes out whole and closes, with what follows it", () => {
  sendFrom(client, request(16));
  connection.receive();
  connection.reply(kernelBytes(24).fill(0xaa));
  expect(connection.isClosed).toBe(true);
  expect(received()?.toString("hex")).toBe(`${Buffer.from(request(16)).toString("hex")}${"aa".repeat(24)}`);
  expect(received()).toBeNull();
});

test("a client that does not read gets the rest when it does", async () => {
  sendFrom(client, request(16));
  connection.receive();
  const list = kernelBytes(8 * 200_000);
  new BigUint64Array(list.buffer).forEach((_, index, all) => {
    all[index] = BigInt(index);
  });
  connection.reply(list);
  expect(connection.isReplying).toBe(true);
  const chunks: Buffer[] = [];
  while (connection.isReplying) {
    const written = Promise.withResolvers<void>();
    connection.watch(() => {
      connection.flush();
      written.resolve();
    });
    chunks.push(received() ?? Buffer.alloc(0));
    await written.promise;
  }
  chunks.push(received() ?? Buffer.alloc(0));
  const whole = Buffer.concat(chunks);
  expect(whole.length).toBe(16 + list.length);
  expect(whole.subarray(16).equals(list)).toBe(true);
  expect(connection.isClosed).toBe(true);
});

test("a client that is gone is closed, not told", () => {
  sendFrom(client, request(16));
  connection.receive();
  client.close();
  connection.reply("nothing");
  expect(connection.isClosed).toBe(true);
});

test("the end of a client is told; that it sends no more is not", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.watchEnd(resolve);
  client.close();
  await promise;
});
