/** libjob over a socket whose other end behaves in every way a jobd can, and in some it must not. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { type MusterError, toMusterError } from "#core/model/error.ts";
import type { JobdAddress } from "#core/pagg/job/jobd/client.ts";
import {
  job_attachpid,
  job_create,
  job_getjidcnt,
  job_getjidlist,
  job_getpidlist,
  job_getuid,
  job_killjid,
  job_sethid,
  job_waitjid,
} from "#core/pagg/job/libjob.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { SysError } from "#ffi/sys-error.ts";
import { bindUnix } from "#ffi/unix-socket.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

let directory: TemporaryDirectory;
let jobd: JobdAddress;
let listener: { stop(closesAll: boolean): void } | null = null;

beforeEach(() => {
  directory = new TemporaryDirectory();
  jobd = { path: directory.file("jobd-socket"), clock: systemClock, timeoutMs: null };
});
afterEach(() => {
  listener?.stop(true);
  listener = null;
  directory[Symbol.dispose]();
});

/** Answers each request with what `reply` makes of its bytes, and closes; null: says nothing and stays. */
function serve(reply: (request: Buffer) => readonly Uint8Array[] | null): void {
  listener = Bun.listen({
    unix: jobd.path,
    socket: {
      data: (socket, chunk) => {
        const pieces = reply(Buffer.from(chunk));
        if (pieces === null) return;
        send(socket, pieces);
      },
    },
  });
}

/** One piece a turn of the loop, so that they arrive apart. */
function send(socket: Bun.Socket, [first, ...more]: readonly Uint8Array[]): void {
  if (first === undefined) {
    socket.end();
    return;
  }
  socket.write(first);
  socket.flush();
  setImmediate(() => send(socket, more));
}

async function errorOf(asked: Promise<unknown>): Promise<MusterError> {
  return asked.then(
    () => {
      throw new Error("it did not fail");
    },
    (thrown) => toMusterError(thrown),
  );
}

const int = (message: Buffer, offset: number, value: number): Buffer => {
  message.writeInt32LE(value, offset);
  return message;
};

const sockets = () => readdirSync("/proc/self/fd").length;

test("no socket, and one nobody listens at: UNREACHABLE, with the errno and the way out", async () => {
  expect(await errorOf(job_getjidcnt(jobd))).toMatchObject({
    code: "UNREACHABLE",
    errno: "ENOENT",
    target: jobd.path,
    hint: expect.stringContaining("jobd_socket"),
  });
  bindUnix(jobd.path).close();
  expect(await errorOf(job_getjidcnt(jobd))).toMatchObject({ code: "UNREACHABLE", errno: "ECONNREFUSED" });
});

test("an end without a reply, or in the middle of one, is an error and not a success", async () => {
  serve(() => []);
  expect((await errorOf(job_waitjid(jobd, 1n))).code).toBe("UNREACHABLE");
  expect((await errorOf(job_killjid(jobd, 1n, 9))).code).toBe("UNREACHABLE");
  listener?.stop(true);
  serve((request) => [request.subarray(0, 13)]);
  expect((await errorOf(job_getjidcnt(jobd))).code).toBe("UNREACHABLE");
  listener?.stop(true);
  // Three jids are announced, two and a half come.
  serve((request) => [int(request, 12, 3), new Uint8Array(20)]);
  expect((await errorOf(job_getjidlist(jobd, 8))).code).toBe("UNREACHABLE");
});

test.each([
  [1, "EPERM", "PERMISSION_DENIED"],
  [3, "ESRCH", "NOT_FOUND"],
  [12, "ENOMEM", "SYSTEM"],
  [16, "EBUSY", "BUSY"],
  [22, "EINVAL", "NOT_ALLOWED_NOW"],
  [56, "EBADRQC", "UNSUPPORTED"],
  [61, "ENODATA", "NOT_FOUND"],
] as const)("errno %d of a reply: %s, %s", async (number, errno, code) => {
  serve((request) => [int(request, 4, number)]);
  expect(await errorOf(job_killjid(jobd, 1n, 9))).toMatchObject({ code, errno });
});

test("lists are read whole, in however many pieces they come", async () => {
  const jids = new BigUint64Array(50_000).map((_, index) => (5n << 32n) | BigInt(index));
  const bytes = new Uint8Array(jids.buffer);
  const pieces = Array.from({ length: 50 }, (_, index) => bytes.subarray(index * 8000, (index + 1) * 8000));
  serve((request) => [int(request, 12, jids.length).subarray(0, 5), request.subarray(5), ...pieces]);
  expect(await job_getjidlist(jobd, 60_000)).toEqual([...jids]);
});

test("of a list of pids the first half counts, whether the second comes or not", async () => {
  const pids = new Uint8Array(new Int32Array([30, 20, 10]).buffer);
  serve((request) => [int(request, 12, 3), pids]);
  expect(await job_getpidlist(jobd, 1n, 8)).toEqual([30, 20, 10]);
  listener?.stop(true);
  serve((request) => [Buffer.concat([int(request, 12, 3), pids, new Uint8Array(12).fill(0xee)])]);
  expect(await job_getpidlist(jobd, 1n, 8)).toEqual([30, 20, 10]);
});

test("more elements than were asked for, a negative count, or the reply to something else: BAD_DATA", async () => {
  serve((request) => [int(request, 12, 9), new Uint8Array(72)]);
  expect((await errorOf(job_getjidlist(jobd, 8))).code).toBe("BAD_DATA");
  listener?.stop(true);
  serve((request) => [int(request, 12, -1)]);
  expect((await errorOf(job_getpidlist(jobd, 1n, 8))).code).toBe("BAD_DATA");
  listener?.stop(true);
  serve((request) => [int(request, 0, 10)]);
  expect((await errorOf(job_getjidcnt(jobd))).code).toBe("BAD_DATA");
});

test("one that says nothing: TIMED_OUT when the time has passed, CANCELLED when it was given up", async () => {
  const asked = Promise.withResolvers<void>();
  serve(() => {
    asked.resolve();
    return null;
  });
  const clock = createVirtualClock();
  const late = errorOf(job_getjidcnt({ ...jobd, clock, timeoutMs: 500 }));
  await asked.promise;
  clock.advance(500);
  expect(await late).toMatchObject({ code: "TIMED_OUT", target: jobd.path });

  const patience = new AbortController();
  const given = errorOf(job_waitjid(jobd, 1n, patience.signal));
  patience.abort();
  expect((await given).code).toBe("CANCELLED");
  expect((await errorOf(job_waitjid(jobd, 1n, AbortSignal.abort()))).code).toBe("CANCELLED");
});

test("no descriptor stays, however it ends", async () => {
  const before = sockets();
  for (let round = 0; round < 20; round++) await errorOf(job_getjidcnt(jobd));
  serve((request) => (request.readInt32LE(0) === 9 ? [int(request, 4, 61)] : null));
  const listening = sockets();
  for (let round = 0; round < 20; round++) {
    await errorOf(job_getjidcnt(jobd));
    const patience = new AbortController();
    const waiting = errorOf(job_waitjid(jobd, 1n, patience.signal));
    await new Promise((resolve) => setImmediate(resolve));
    patience.abort();
    await waiting;
    await errorOf(job_killjid(jobd, -1n, 9));
  }
  listener?.stop(true);
  listener = null;
  while (sockets() > before) await new Promise((resolve) => setImmediate(resolve));
  expect(sockets()).toBeLessThanOrEqual(listening);
});

describe("what does not fit into its field is refused before anything is sent", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["a jid of 65 bits", () => job_getuid(jobd, 1n << 64n)],
    ["a negative jid", () => job_killjid(jobd, -1n, 9)],
    ["a pid of 33 bits", () => job_attachpid(jobd, 2 ** 32 + 5, 1n)],
    ["half a signal", () => job_killjid(jobd, 1n, 1.5)],
    ["a uid of -1", () => job_create(jobd, { uid: -1 })],
    ["a host id of 33 bits", () => job_sethid(jobd, 2 ** 32)],
    ["no capacity", () => job_getjidlist(jobd, Number.NaN)],
  ])("%s", async (_, ask) => {
    const thrown: unknown = await ask().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(SysError);
    expect(thrown).toMatchObject({ errnoName: "EINVAL" });
  });
});
