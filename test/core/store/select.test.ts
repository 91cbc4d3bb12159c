/** Questions asked of a snapshot. */
import { expect, test } from "bun:test";
import { reduce } from "#core/store/reduce.ts";
import { historyOf, newestEvents, staleSinceWallMs } from "#core/store/select.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { event } from "#test/harness/items.ts";

const at = "2026-03-01T09:00:00.000Z";
const target = "n1/daemon/a";
const snapshot = reduce(
  emptySnapshot("n1"),
  [
    { src: "events", op: "reset", items: [8, 9, 10, 11].map((number) => event(number, { at, target })) },
    { src: "events", op: "upsert", item: event(12, { target: "n1/daemon/b" }) },
  ],
  1000,
);

test("the newest events come first", () => {
  expect(newestEvents(snapshot, 2).map(({ id }) => id)).toEqual(["n1/event/12", "n1/event/11"]);
});

test("history joins what was loaded with what came since, each once, by number within one moment", () => {
  const loaded = [event(7, { at, target }), event(9, { at, target })];
  expect(historyOf(snapshot, target, loaded).map(({ id }) => id)).toEqual(
    [11, 10, 9, 8, 7].map((number) => `n1/event/${number}`),
  );
});

test("staleness is a moment of the wall clock", () => {
  const shelf = { ...snapshot.shelves.daemons, staleSinceMs: 4000 };
  expect(staleSinceWallMs(shelf, 10_000, 1_000_000)).toBe(994_000);
  expect(staleSinceWallMs(shelf, 20_000, 1_010_000)).toBe(994_000);
  expect(staleSinceWallMs(snapshot.shelves.daemons, 1, 1)).toBeNull();
});
