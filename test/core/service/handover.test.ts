/** The move from a service in this process to one that lasts, as a console's users live through it. */
import { expect, test } from "bun:test";
import type { ActionRequest } from "#core/act/request.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { createHandover } from "#core/service/handover.ts";
import type { Change } from "#core/service/service.ts";
import { createScriptedService, type ScriptedService } from "#test/harness/scripted-service.ts";

const clock = createVirtualClock();
const WARNING = { code: "SERVICE_STARTED", target: null, message: "started" };

const nobody = () => Promise.resolve(null);

function ready(node: string): ScriptedService {
  const service = createScriptedService(clock, node);
  for (const src of KIND_NAMES) service.emit({ src, op: "reset", items: [] });
  return service;
}

function request(action: ActionRequest["action"], more: Partial<ActionRequest> = {}): ActionRequest {
  const targets = [{ id: "n1/category/web" }];
  return { action, targets, arguments: {}, dryRun: false, requestId: "r1", via: "console", ...more };
}

test("the first lasting write moves: the picture follows as one change, attention goes along, the warning comes once", async () => {
  const [first, second] = [ready("n1"), ready("n1")];
  let opened = 0;
  const open = async () => {
    opened++;
    return { service: second, warning: WARNING };
  };
  const service = createHandover({ first, clock, find: nobody, open });
  const changes: Change[] = [];
  service.subscribe(["categories"], (change) => changes.push(change));
  service.attend(["n1/member/web/1:1"]);
  const reports = Promise.all([service.invoke(request("category.add")), service.invoke(request("category.add"))]);
  await Promise.resolve();
  while (second.invocations.length < 2) await Promise.resolve();
  for (const invocation of second.invocations) invocation.finish({ outcome: "done" });
  expect((await reports).map((report) => report.warnings.length)).toEqual([1, 1]);
  expect(opened).toBe(1);
  expect(first.invocations).toHaveLength(0);
  expect(second.attended.at(-1)).toEqual(["n1/member/web/1:1"]);
  expect(changes.map(({ batch }) => batch.map(({ src, op }) => `${src} ${op}`))).toEqual([["categories reset"]]);
  second.emit({ src: "categories", op: "remove", id: "x", reason: "gone" });
  first.emit({ src: "categories", op: "remove", id: "y", reason: "gone" });
  expect(changes).toHaveLength(2);
  const later = service.invoke(request("category.add"));
  while (second.invocations.length < 3) await Promise.resolve();
  second.invocations[2]?.finish({});
  expect((await later).warnings).toEqual([]);
});

test.each([
  ["an action on a daemon", request("daemon.stop")],
  ["a dry run", request("category.add", { dryRun: true })],
])("%s stays where it is", async (_what, asked) => {
  const first = ready("n1");
  const service = createHandover({
    first,
    clock,
    find: nobody,
    open: () => Promise.reject(new Error("must not be opened")),
  });
  const report = service.invoke(asked);
  while (first.invocations.length < 1) await Promise.resolve();
  first.invocations[0]?.finish({});
  expect((await report).warnings).toEqual([]);
});

test("where no service may be started the write fails with the reason, and all goes on as before", async () => {
  const first = ready("n1");
  const service = createHandover({ first, clock, find: nobody, open: () => Promise.reject(new Error("forbidden")) });
  await expect(service.invoke(request("category.add"))).rejects.toThrow("forbidden");
  expect(service.snapshot()).toBe(first.snapshot());
});

test("a service that somebody else starts is moved to by itself; what was asked before ends where it was asked", async () => {
  const own = createVirtualClock();
  const [first, second] = [ready("n1"), ready("n1")];
  let running: ScriptedService | null = null;
  let closed = 0;
  const service = createHandover({
    first: { ...first, close: async () => void closed++ },
    clock: own,
    find: () => Promise.resolve(running),
    open: () => Promise.reject(new Error("must not be opened")),
  });
  const changes: Change[] = [];
  service.subscribe(["categories"], (change) => changes.push(change));
  const before = service.invoke(request("daemon.stop"));
  own.advance(1000);
  await new Promise(setImmediate);
  expect(service.snapshot()).toBe(first.snapshot());
  running = second;
  own.advance(1000);
  await new Promise(setImmediate);
  expect(service.snapshot()).toBe(second.snapshot());
  expect(changes.map(({ batch }) => batch.map(({ src, op }) => `${src} ${op}`))).toEqual([["categories reset"]]);
  expect([own.pending(), closed]).toEqual([0, 0]);
  const later = service.invoke(request("category.add"));
  await new Promise(setImmediate);
  second.invocations[0]?.finish({});
  expect((await later).warnings).toEqual([]);
  first.invocations[0]?.finish({ message: "it ended" });
  expect((await before).results[0]?.message).toBe("it ended");
  await new Promise(setImmediate);
  expect(closed).toBe(1);
});

test("closed while it looks, it moves nowhere and looks no more", async () => {
  const own = createVirtualClock();
  const [first, second] = [ready("n1"), ready("n1")];
  const found = Promise.withResolvers<ScriptedService>();
  const service = createHandover({ first, clock: own, find: () => found.promise, open: () => Promise.reject() });
  own.advance(1000);
  await service.close();
  found.resolve(second);
  await new Promise(setImmediate);
  expect(service.snapshot()).toBe(first.snapshot());
  expect(own.pending()).toBe(0);
});
