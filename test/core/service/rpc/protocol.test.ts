/** The protocol as it is described: what every method takes and gives, checked against its schema. */
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { METHODS, type Method, NOTIFICATIONS } from "#core/service/rpc/protocol.ts";
import { daemon, event } from "#test/harness/items.ts";
import { type Answer, stopRequest, TestServer, UID } from "#test/harness/rpc.ts";

/** The result, if it is what the schema says and nothing else. */
function resultOf(method: Method, answer: Answer): unknown {
  expect(answer.error).toBeUndefined();
  const parsed: unknown = v.parse(METHODS[method].result as v.GenericSchema, answer.result);
  expect(parsed).toEqual(answer.result);
  return parsed;
}

describe("each method gives what its schema says", () => {
  test("hello tells who answers and who asks", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    expect(resultOf("hello", await client.ask("hello"))).toMatchObject({ protocol: 1, node: "n1", uid: UID, you: UID });
  });

  test("snapshot gives the kinds that were asked for, and no others", async () => {
    await using server = new TestServer();
    server.service.emit({ src: "daemons", op: "reset", items: [daemon("web")] });
    server.service.emit({ src: "events", op: "upsert", item: event(1) });
    const client = await server.raw();
    const { shelves } = resultOf("snapshot", await client.ask("snapshot", { kinds: ["daemons"] })) as {
      shelves: Record<string, { items: unknown[] }>;
    };
    expect(Object.keys(shelves)).toEqual(["daemons"]);
    expect(shelves.daemons?.items).toEqual([daemon("web")]);
  });

  test("subscribe gives a snapshot, then what changes; unsubscribe ends it", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    const given = resultOf("subscribe", await client.ask("subscribe", { kinds: ["daemons"] }));
    const { subscription } = given as { subscription: number };
    server.service.emit({ src: "daemons", op: "upsert", item: daemon("web") });
    server.service.emit({ src: "events", op: "upsert", item: event(1) });
    server.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/web", reason: "pid-file-gone" });
    for (const op of ["upsert", "remove"]) {
      const change = await client.line();
      expect(change?.method).toBe("change");
      expect(v.parse(NOTIFICATIONS.change.params, change?.params)).toMatchObject({ subscription, events: [{ op }] });
    }
    expect(resultOf("unsubscribe", await client.ask("unsubscribe", { subscription }))).toBeNull();
    server.service.emit({ src: "daemons", op: "upsert", item: daemon("web") });
    expect((await client.ask("ping")).result).toBeNull();
  });

  test("invoke tells of its steps, then reports; what it asks of the service carries who asks", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    const { via: _via, ...request } = stopRequest("r1");
    const id = client.request("invoke", { request });
    await client.ask("ping");
    const [invocation] = server.service.invocations;
    expect(invocation?.request).toEqual({ ...request, via: "socket" });
    invocation?.progress("waiting");
    invocation?.finish({ outcome: "done" });
    const progress = await client.line();
    expect(v.parse(NOTIFICATIONS.progress.params, progress?.params)).toMatchObject({ requestId: "r1" });
    const report = await client.line();
    expect(report?.id).toBe(id);
    expect(resultOf("invoke", report ?? {})).toMatchObject({ requestId: "r1", results: [{ outcome: "done" }] });
  });

  test("cancel aborts one's own action and nobody else's", async () => {
    await using server = new TestServer();
    const [one, other] = [await server.raw(), await server.raw()];
    one.request("invoke", { request: stopRequest("r1") });
    await one.ask("ping");
    await other.ask("cancel", { requestId: "r1" });
    expect(server.service.invocations[0]?.signal?.aborted).toBe(false);
    await one.ask("cancel", { requestId: "r1" });
    expect(server.service.invocations[0]?.signal?.aborted).toBe(true);
    server.service.invocations[0]?.finish({});
  });

  test("events, processes, attend, refresh", async () => {
    await using server = new TestServer();
    server.service.journal = [event(1), event(2)];
    const client = await server.raw();
    expect(resultOf("events", await client.ask("events", { query: { limit: 1 } }))).toEqual([event(2)]);
    expect(resultOf("processes", await client.ask("processes", { query: {} }))).toBeArray();
    expect(resultOf("attend", await client.ask("attend", { ids: ["n1/daemon/web"] }))).toBeNull();
    expect(resultOf("refresh", await client.ask("refresh"))).toBeNull();
    expect(server.service.refreshes.count).toBe(1);
  });
});

test("who has subscribed is told when the service becomes read-only; who only asks is not", async () => {
  await using server = new TestServer();
  const [subscribed, asking] = [await server.raw(), await server.raw()];
  await subscribed.ask("subscribe", { kinds: ["daemons"] });
  await asking.ask("ping");
  server.service.isReadOnly = true;
  server.server.tellMode();
  const told = await subscribed.line();
  expect(told?.method).toBe("mode");
  expect(v.parse(NOTIFICATIONS.mode.params, told?.params)).toEqual({ isReadOnly: true });
  const id = asking.request("ping");
  expect(await asking.line()).toMatchObject({ id, result: null });
  expect(resultOf("hello", await asking.ask("hello"))).toMatchObject({ isReadOnly: true });
});

test("what is on anybody's screen is attended, and what nobody looks at any more is not", async () => {
  await using server = new TestServer();
  const [one, other] = [await server.raw(), await server.raw()];
  await one.ask("attend", { ids: ["a", "b"] });
  await other.ask("attend", { ids: ["b", "c"] });
  expect(server.service.attended.at(-1)).toEqual(["a", "b", "c"]);
  one.close();
  // Each answer is one turn of the service's loop, in which it hears of the other's end.
  while (server.service.attended.at(-1)?.length !== 2) await other.ask("ping");
  expect(server.service.attended.at(-1)).toEqual(["b", "c"]);
});

describe("what cannot be understood is answered, and the connection goes on", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const cases: readonly (readonly [string, string | Uint8Array, number])[] = [
    ["garbage", "hello?", -32700],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0xfe, 0x22]), -32700],
    ["nested too deeply", deep(65), -32700],
    ["nested very deeply", deep(500_000), -32700],
    ["longer than 1 MiB", `"${"x".repeat(1024 * 1024)}"`, -32600],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    ["no object", "17", -32600],
    ["another version", '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ["an id that is none", '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"constructor"}', -32601],
    ["wrong params", '{"jsonrpc":"2.0","id":1,"method":"snapshot","params":{"kinds":["nothing"]}}', -32602],
    ["params that are no object", '{"jsonrpc":"2.0","id":1,"method":"snapshot","params":[]}', -32602],
    ["a limit below zero", '{"jsonrpc":"2.0","id":1,"method":"events","params":{"query":{"limit":-1}}}', -32602],
  ];
  test.each(cases)("%s", async (_name, line, code) => {
    await using server = new TestServer();
    const client = await server.raw();
    client.write(line);
    client.write("\n");
    const answer = await client.line();
    expect(answer?.error).toMatchObject({ code, data: { code: "USAGE" } });
    expect((await client.ask("ping")).result).toBeNull();
  });

  test("64 levels are not too deep, and brackets in a text are none", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    client.write(`{"jsonrpc":"2.0","id":"${"[".repeat(100)}\\"","method":"ping","params":{"a":${deep(62)}}}\n`);
    expect((await client.line())?.result).toBeNull();
  });

  test("empty lines are nothing; a notification is not answered", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    client.write('\n\n{"jsonrpc":"2.0","method":"ping"}\n{"jsonrpc":"2.0","method":"nothing"}\n');
    const id = client.request("ping");
    expect(await client.line()).toEqual({ jsonrpc: "2.0", id, result: null } as Answer);
  });

  test("a name out of Object.prototype is no argument", async () => {
    await using server = new TestServer();
    const client = await server.raw();
    const request = JSON.stringify({ ...stopRequest("r1") }).replace('"arguments":{}', '"arguments":{"__proto__":1}');
    client.write(`{"jsonrpc":"2.0","id":1,"method":"invoke","params":{"request":${request}}}\n`);
    await client.ask("ping");
    expect(Object.keys(server.service.invocations[0]?.request.arguments ?? { wrong: 1 })).toEqual([]);
    server.service.invocations[0]?.finish({});
  });
});

test("errors of the service come with their record", async () => {
  await using server = new TestServer();
  const client = await server.raw();
  client.request("invoke", { request: stopRequest("r1") });
  const second = await client.ask("invoke", { request: stopRequest("r1") });
  expect(second.error).toMatchObject({ code: -32000, data: { code: "USAGE", target: "r1", retryable: false } });
  server.service.invocations[0]?.finish({});
});
