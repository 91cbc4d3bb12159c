/** Clients that are slow, silent, greedy or broken: each bounded, none in another's way. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { delay } from "#core/model/clock.ts";
import type { MusterError } from "#core/model/error.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { Connection } from "#core/service/rpc/connection.ts";
import { Host, type ServiceFacts } from "#core/service/rpc/host.ts";
import { Invocations } from "#core/service/rpc/invocations.ts";
import { Quota } from "#core/service/rpc/quota.ts";
import type { Service } from "#core/service/service.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon, event } from "#test/harness/items.ts";
import { type Answer, type RawClient, stopRequest, TestServer } from "#test/harness/rpc.ts";

const change = (number: number): SourceEvent => ({
  src: "daemons",
  op: "upsert",
  item: daemon(`d${number % 100}`, { description: `${number} ${"x".repeat(2000)}` }),
});

/** Items of all changes and resets, folded as a client does. */
function fold(lines: readonly (Answer | null)[]): { texts: Map<string, string>; dropped: number; events: number } {
  const texts = new Map<string, string>();
  let dropped = 0;
  let events = 0;
  for (const line of lines) {
    if (line?.method === "gap") dropped += Number(line.params?.dropped);
    for (const given of (line?.params?.events as SourceEvent[] | undefined) ?? []) {
      const items = given.op === "reset" ? given.items : given.op === "upsert" ? [given.item] : [];
      for (const item of items) {
        if (item.kind === "Daemon") texts.set(item.id, item.description ?? "");
        else events++;
      }
    }
  }
  return { texts, dropped, events };
}

describe("a subscriber that does not read", () => {
  test("gets the latest of each item when it reads again, and has kept nobody from anything", async () => {
    await using server = new TestServer();
    const [slow, other] = [await server.raw(), await server.raw()];
    await slow.ask("subscribe", { kinds: ["daemons"] });
    await other.ask("subscribe", { kinds: ["daemons"] });
    slow.pause();
    for (let number = 0; number < 10_000; number++) {
      server.service.emit(change(number));
      // The other reads as it goes: its own changes come in order, whatever the first one does.
      if (number % 1000 === 999) expect((await other.ask("ping")).result).toBeNull();
    }
    slow.resume();
    const id = slow.request("ping");
    const lines: (Answer | null)[] = [];
    for (let line = await slow.line(); ; line = await slow.line()) {
      lines.push(line);
      const { texts } = fold(lines);
      if (texts.size === 100 && [...texts.values()].every((text) => Number(text.split(" ")[0]) >= 9900)) break;
    }
    // 10,000 changes of 2 kB are 20 MB; what it got is what fitted into the socket before, and each item once.
    const changes = lines.flatMap((line) => (line?.params?.events as unknown[] | undefined) ?? []);
    expect(changes.length).toBeLessThan(1500);
    expect(lines.filter((line) => line?.id === id).length).toBeLessThanOrEqual(1);
  });

  test("of events it is told how many it missed", async () => {
    await using server = new TestServer();
    const slow = await server.raw();
    await slow.ask("subscribe", { kinds: ["events"] });
    slow.pause();
    const total = 15_000;
    for (let number = 1; number <= total; number++) {
      server.service.emit({ src: "events", op: "upsert", item: event(number, { message: "x".repeat(300) }) });
    }
    slow.resume();
    const lines: (Answer | null)[] = [];
    let count = { dropped: 0, events: 0 };
    while (count.dropped + count.events < total) {
      lines.push(await slow.line());
      count = fold(lines);
    }
    expect(count.dropped).toBeGreaterThan(0);
    expect(count.dropped + count.events).toBe(total);
  });

  test("takes no more answers than fit, and then all of them", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: Array.from({ length: 500 }, (_, n) => daemon(`d${n}`)) });
    const [greedy, other] = [await server.raw(), await server.raw()];
    greedy.pause();
    const ids = Array.from({ length: 200 }, () => greedy.request("snapshot", { kinds: ["daemons"] }));
    for (let n = 0; n < 50; n++) expect((await other.ask("ping")).result).toBeNull();
    greedy.resume();
    for (const id of ids) expect((await greedy.line())?.id).toBe(id);
  });
});

test("half a request and silence delays nobody and can be finished later", async () => {
  await using server = new TestServer();
  const [half, other] = [await server.raw(), await server.raw()];
  half.write('{"jsonrpc":"2.0","id":1,"met');
  expect((await other.ask("ping")).result).toBeNull();
  half.write('hod":"ping"}\n');
  expect((await half.line())?.id).toBe(1);
});

test("a request that comes a byte at a time is a request", async () => {
  await using server = new TestServer();
  const client = await server.raw();
  for (const byte of '{"jsonrpc":"2.0","id":1,"method":"ping"}\n') client.write(byte);
  expect((await client.line())?.id).toBe(1);
});

test("a line without an end is refused once, read over, and given up", async () => {
  await using server = new TestServer();
  const client = await server.raw();
  const piece = Buffer.alloc(1024 * 1024, 0x61);
  for (let count = 0; count < 20; count++) client.write(piece);
  expect((await client.line())?.error?.code).toBe(-32600);
  expect(await client.line()).toBeNull();
  expect(server.log.join()).toContain("a request without an end");
});

test("many requests at once are answered in order, and others between them", async () => {
  await using server = new TestServer();
  const [busy, other] = [await server.raw(), await server.raw()];
  const ids = Array.from({ length: 5000 }, () => busy.request("ping"));
  const order: string[] = [];
  const all = (async () => {
    for (const id of ids) expect((await busy.line())?.id).toBe(id);
    order.push("busy");
  })();
  await other.ask("ping");
  order.push("other");
  await all;
  expect(order).toEqual(["other", "busy"]);
});

test("a thousand connections are served; those beyond the limit are told", async () => {
  await using server = new TestServer();
  const clients: RawClient[] = [];
  // One after the other: the kernel queues only so many that are not accepted yet, and this process is both ends.
  for (let count = 0; count < 1000; count++) clients.push(await server.raw());
  const answers = await Promise.all(clients.map((client) => client.ask("ping")));
  expect(answers.every(({ result }) => result === null)).toBe(true);
  const more = await Promise.all(Array.from({ length: 30 }, () => server.raw()));
  const turnedAway = await more.at(-1)?.line();
  expect(turnedAway?.error?.data).toMatchObject({ code: "BUSY", retryable: true });
  expect(await more.at(-1)?.line()).toBeNull();
  for (const client of clients) client.close();
  // The service hears of their end in its own time; then there is room again.
  for (;;) {
    const next = await server.raw();
    const answer = await next.ask("ping").catch(() => null);
    if (answer?.result === null) return;
  }
});

test("a connection has a bounded number of subscriptions and actions", async () => {
  await using server = new TestServer();
  const client = await server.raw();
  const answers: Answer[] = [];
  for (let count = 0; count < 17; count++) answers.push(await client.ask("subscribe", { kinds: ["daemons"] }));
  expect(answers.at(-2)?.error).toBeUndefined();
  expect(answers.at(-1)?.error?.data.code).toBe("BUSY");
});

test("what only asks ends with its client, what changes something does not", async () => {
  await using server = new TestServer();
  const { invocations } = server.service;
  const client = await server.raw();
  client.request("invoke", { request: { action: "job.wait", targets: [], requestId: "w" } });
  client.request("invoke", { request: stopRequest("s") });
  await client.ask("ping");
  const [waiting, stopping] = invocations;
  const ended = new Promise((resolve) => waiting?.signal?.addEventListener("abort", resolve));
  client.close();
  await ended;
  expect(stopping?.signal?.aborted).toBe(false);
  stopping?.finish({});
});

test("a user's actions under way are bounded together, also those of connections that are gone", async () => {
  await using server = new TestServer();
  const quota = new Quota();
  const host = new Host({ service: server.service, clock: systemClock, log: () => {}, facts: {} as ServiceFacts });
  const stranger = { uid: 65534, gid: 65534, pid: null, capabilities: 0n, serviceUid: 0 };
  const targets = Array.from({ length: 10_000 }, (_, number) => ({ id: `n1/member/web/${number + 1}` }));
  const begun: Promise<unknown>[] = [];
  const isRefused = async (requestId: string) => {
    const account = quota.enter(stranger);
    if (!account) throw new Error("no account");
    const invocations = new Invocations(host, stranger, account);
    const action = invocations.run({ ...stopRequest(requestId), targets }, 300_000, () => {});
    begun.push(action);
    invocations.close();
    quota.leave(account);
    const refused = action.catch((error: MusterError) => error.code === "BUSY");
    return (await Promise.race([refused, delay(systemClock, 0)])) === true;
  };
  let count = 0;
  while (count < 100 && !(await isRefused(`r${count}`))) count++;
  expect(count).toBe(12);
  // What has ended makes room.
  for (const invocation of server.service.invocations) invocation.finish({});
  await Promise.allSettled(begun);
  expect(await isRefused("again")).toBe(false);
});

describe("a user with many connections", () => {
  const stranger = { uid: 65534, gid: 65534, pid: null, capabilities: 0n, serviceUid: 0 };
  const ask = (method: string, params: object) =>
    Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);

  function crowd(server: TestServer, size: number, write: (bytes: Uint8Array) => number) {
    const log: string[] = [];
    const closed = new Set<number>();
    const facts = {} as ServiceFacts;
    const subscribed = { count: 0 };
    const subscribe: Service["subscribe"] = (kinds, listener) => {
      subscribed.count++;
      return server.service.subscribe(kinds, listener);
    };
    const service = { ...server.service, subscribe };
    const host = new Host({ service, clock: systemClock, log: (text) => log.push(text), facts });
    const account = new Quota().enter(stranger);
    if (!account) throw new Error("no account");
    const clients = Array.from({ length: size }, (_, number) => {
      const close = () => closed.add(number);
      return new Connection(host, stranger, account, { write, pause() {}, resume() {}, close });
    });
    return { host, account, clients, closed, log, subscribed };
  }

  test("has no more turns than with one", async () => {
    await using server = new TestServer();
    let answers = 0;
    const all = Promise.withResolvers<void>();
    const { clients } = crowd(server, 100, (bytes) => {
      if (++answers === 100) all.resolve();
      return bytes.length;
    });
    for (const client of clients) client.take(ask("snapshot", { kinds: ["daemons"] }));
    await delay(systemClock, 0);
    expect(answers).toBeLessThan(20);
    await all.promise;
  });

  test("cannot have everything on a screen sampled again and again", async () => {
    await using server = new TestServer();
    const all = Promise.withResolvers<void>();
    let answers = 0;
    const { clients, host } = crowd(server, 50, (bytes) => {
      if (++answers === 50) all.resolve();
      return bytes.length;
    });
    for (const [number, client] of clients.entries()) client.take(ask("attend", { ids: [`n1/member/web/${number}`] }));
    await all.promise;
    host.attention.set({}, ["n1/member/web/own"], true);
    // What is his alone waits; who owns the service sees it at once, and the others' with it.
    expect(server.service.attended.filter((ids) => ids.includes("n1/member/web/own"))).toHaveLength(1);
    expect(server.service.attended.length).toBeLessThan(50);
    expect(server.service.attended.at(-1)).toHaveLength(51);
    host.attention.close();
  });

  test("has what waits for his subscribers counted as his, and whoever lets too much wait is closed", async () => {
    await using server = new TestServer();
    // Nothing that is sent is taken.
    const { clients, closed, log, account, subscribed } = crowd(server, 8, () => 0);
    for (const client of clients) for (let n = 0; n < 16; n++) client.take(ask("subscribe", { kinds: ["events"] }));
    while (subscribed.count < 8 * 16) await delay(systemClock, 0);
    const batch = Array.from({ length: 5_000 }, (_, number) => event(number + 1));
    server.service.emit(...batch.map((item): SourceEvent => ({ src: "events", op: "upsert", item })));
    // 16 times 5,000 changes are 10 MB for each of them.
    expect(closed.size).toBe(2);
    expect(log[0]).toContain("uid 65534 hold more");
    expect(account.bytes).toBeLessThan(account.allowance.bytes);
    for (const client of clients) client.closed();
    expect(account.bytes).toBe(0);
  });
});

test("the socket is its owner's alone unless it is for all, and goes with the service", async () => {
  await using own = new TestServer();
  await using shared = new TestServer({ isForAll: true });
  expect(statSync(own.path).mode & 0o777).toBe(0o600);
  expect(statSync(shared.path).mode & 0o777).toBe(0o666);
  await own.server.close();
  expect(statSync(own.path, { throwIfNoEntry: false })).toBeUndefined();
});

test("a socket deep down, beyond what a C program can name, is served and goes with the service too", async () => {
  using directory = new TemporaryDirectory();
  const runtimeDirectory = directory.file("y".repeat(120));
  mkdirSync(runtimeDirectory);
  await using server = new TestServer({ runtimeDirectory });
  expect((await (await server.raw()).ask("ping")).result).toBeNull();
  await server.server.close();
  expect(statSync(server.path, { throwIfNoEntry: false })).toBeUndefined();
});
