/** From source events to snapshots: every listener is told of every change, in the order in which they were made. */
import { expect, test } from "bun:test";
import type { SourceEvent } from "#core/model/source.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { Publisher } from "#core/service/publisher.ts";
import { daemon } from "#test/harness/items.ts";

const web = daemon("web");

test("a listener that makes the next change while it is told of one: the others are told of both in their order", () => {
  const publisher = new Publisher("n1", createVirtualClock());
  const told: [listener: string, op: string][] = [];
  const note = (listener: string, batch: readonly SourceEvent[]) =>
    told.push(...batch.map(({ op }): [string, string] => [listener, op]));
  publisher.subscribe(["daemons"], ({ batch }) => {
    note("first", batch);
    if (batch[0]?.op !== "upsert") return;
    publisher.publish({ src: "daemons", op: "remove", id: web.id, reason: "it ended" });
    expect(publisher.snapshot().shelves.daemons.items.size).toBe(0);
  });
  publisher.subscribe(["daemons"], ({ batch }) => note("second", batch));
  publisher.publish({ src: "daemons", op: "upsert", item: web });
  publisher.flush();
  expect(told.filter(([listener]) => listener === "second")).toEqual([
    ["second", "upsert"],
    ["second", "remove"],
  ]);
  expect(told.filter(([listener]) => listener === "first")).toEqual([
    ["first", "upsert"],
    ["first", "remove"],
  ]);
});

test("a listener that throws keeps nobody from what comes after", () => {
  const publisher = new Publisher("n1", createVirtualClock());
  const ops: string[] = [];
  let isBroken = true;
  publisher.subscribe(["daemons"], ({ batch }) => {
    if (isBroken) throw new Error("broken");
    ops.push(...batch.map(({ op }) => op));
  });
  publisher.publish({ src: "daemons", op: "upsert", item: web });
  expect(() => publisher.flush()).toThrow("broken");
  isBroken = false;
  publisher.publish({ src: "daemons", op: "remove", id: web.id, reason: "it ended" });
  publisher.flush();
  expect(ops).toEqual(["remove"]);
});
