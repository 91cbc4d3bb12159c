import { expect, test } from "bun:test";
import { DeathOrder } from "#ffi/death-order.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { collect, PLAIN } from "./children.ts";
import { countDescriptors, settled } from "./workbench.ts";

const sleeper = () =>
  spawnChild({ file: "/bin/sleep", argv: ["sleep", "1000"], env: {}, stdio: ["null", "null", "null"] });

test("those that have ended, in the order in which they did, once each", () => {
  using order = new DeathOrder<{ name: number }>();
  const children = Array.from({ length: 100 }, sleeper);
  for (const [name, child] of children.entries()) expect(order.add({ name }, child.pid)).toBe(true);
  expect([order.take(), order.size]).toEqual([[], 100]);
  // Not as they were started: the odd ones first, the even ones backwards.
  const wanted = [...children.keys()].filter((name) => name % 2 === 1);
  wanted.push(...[...children.keys()].filter((name) => name % 2 === 0).reverse());
  for (const name of wanted) {
    const { pidfd } = children[name] ?? {};
    pidfd?.sendSignal(9);
    pidfd?.waitSync(-1);
  }
  expect(order.take().map(({ name }) => name)).toEqual(wanted);
  expect([order.take(), order.size]).toEqual([[], 0]);
  for (const child of children) collect(child);
});

test("one that has ended is not held, nor is one that is let go", () => {
  using order = new DeathOrder<object>();
  const ended = spawnChild(PLAIN);
  ended.pidfd.waitSync(-1);
  expect(order.add({}, ended.pid)).toBe(false);
  collect(ended);
  const child = sleeper();
  const key = {};
  expect(order.add(key, child.pid)).toBe(true);
  order.remove(key);
  order.remove(key);
  child.pidfd.sendSignal(9);
  collect(child);
  expect([order.take(), order.size]).toEqual([[], 0]);
});

test("nothing stays open", async () => {
  const before = countDescriptors();
  const child = sleeper();
  const order = new DeathOrder<object>();
  order.add({}, child.pid);
  order.close();
  child.pidfd.sendSignal(9);
  collect(child);
  await settled(() => countDescriptors() <= before);
});
