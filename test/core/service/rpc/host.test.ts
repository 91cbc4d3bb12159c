/** What is done once for all who ask: a look is shared, but never one that began before the question. */
import { describe, expect, test } from "bun:test";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import { Host } from "#core/service/rpc/host.ts";
import { createScriptedService } from "#test/harness/scripted-service.ts";

const FACTS = {
  version: "0.0.0",
  uid: 0,
  pid: 1,
  startedAt: "2026-03-01T08:00:00.000Z",
  configFile: "/etc/muster/muster.toml",
  stateDirectory: "/var/lib/muster",
  configuration: () => "",
};

function makeHost() {
  const clock = createVirtualClock();
  const looks: PromiseWithResolvers<void>[] = [];
  const listings: PromiseWithResolvers<readonly ProcessRow[]>[] = [];
  const begin = <T>(begun: PromiseWithResolvers<T>[]) => {
    const look = Promise.withResolvers<T>();
    begun.push(look);
    return look.promise;
  };
  const service = {
    ...createScriptedService(clock),
    refresh: () => begin(looks),
    processes: () => begin(listings),
  };
  const host = new Host({ service, clock, facts: FACTS, log: () => {} });
  const answered: string[] = [];
  const ask = (name: string, isOwn = true) => host.refresh(isOwn).then(() => answered.push(name));
  return { clock, host, looks, listings, answered, ask };
}

/** Whatever follows from what has just been resolved. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a refresh", () => {
  test("asked for during a look is answered by the next one, which is one for all who asked meanwhile", async () => {
    const { looks, answered, ask } = makeHost();
    const first = ask("first");
    const [second, third] = [ask("second"), ask("third")];
    expect(looks).toHaveLength(1);
    looks[0]?.resolve();
    await first;
    await settle();
    expect(answered).toEqual(["first"]);
    expect(looks).toHaveLength(2);
    looks[1]?.resolve();
    await Promise.all([second, third]);
    expect(answered).toEqual(["first", "second", "third"]);
    expect(looks).toHaveLength(2);
  });

  test("that fails fails for those who asked for it, and the next one begins", async () => {
    const { host, looks } = makeHost();
    const [first, second] = [host.refresh(true), host.refresh(true)];
    looks[0]?.reject(new Error("no look"));
    expect(await first.catch((thrown) => thrown.message)).toBe("no look");
    await settle();
    looks[1]?.resolve();
    await second;
  });

  test("of a stranger is a look too, but not at once after the last; the owner waits for nobody", async () => {
    const { clock, looks, answered, ask } = makeHost();
    const first = ask("first", false);
    looks[0]?.resolve();
    await first;
    const second = ask("second", false);
    await settle();
    expect(looks).toHaveLength(1);
    clock.advance(250);
    expect(looks).toHaveLength(2);
    looks[1]?.resolve();
    await second;
    const third = ask("third", false);
    expect(looks).toHaveLength(2);
    const fourth = ask("fourth", true);
    expect(looks).toHaveLength(3);
    looks[2]?.resolve();
    await Promise.all([third, fourth]);
    expect(answered).toEqual(["first", "second", "third", "fourth"]);
  });

  test("that has not begun when the service ends is answered, and never begins", async () => {
    const { clock, host, looks, ask } = makeHost();
    const first = ask("first", false);
    looks[0]?.resolve();
    await first;
    const second = host.refresh(false);
    await host.windUp();
    expect(await second.catch((thrown) => thrown.code)).toBe("BUSY");
    clock.advance(10_000);
    expect(looks).toHaveLength(1);
  });
});

test("a list of processes is not older than the question either", async () => {
  const { host, listings } = makeHost();
  const first = host.processes({});
  const [second, third] = [host.processes({}), host.processes({})];
  const row = { pid: 7, identity: "7:1", uid: 0, user: "root", command: "late" };
  listings[0]?.resolve([]);
  expect(await first).toEqual([]);
  await settle();
  listings[1]?.resolve([row]);
  expect(await second).toEqual([row]);
  expect(await third).toEqual([row]);
  expect(listings).toHaveLength(2);
});
