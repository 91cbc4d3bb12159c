/** Filter and sort. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseFilter, queryIds, type SortKey } from "#core/store/query.ts";

interface Thing {
  readonly id: string;
  readonly key: SortKey;
}

const ids = (things: readonly Thing[], isReverse: boolean, filter = "") =>
  queryIds(new Map(things.map((thing) => [thing.id, thing])), {
    filter: parseFilter(filter),
    searchText: (thing: Thing) => `${thing.id} ${thing.key}`,
    sortKey: (thing) => thing.key,
    isReverse,
  });

test("all words must occur, in any order and case", () => {
  const filter = parseFilter("  UP nginx ");
  expect(filter.test("nginx is up")).toBe(true);
  expect(filter.test("nginx is down")).toBe(false);
  expect(parseFilter("").test("anything")).toBe(true);
});

test("a pattern between slashes; a wrong one lets all pass and says why", () => {
  expect(parseFilter("/^D[0-9]$/").test("d7")).toBe(true);
  expect(parseFilter("/^d[0-9]$/").test("d77")).toBe(false);
  const wrong = parseFilter("/(/");
  expect(wrong.problem).toContain("regular expression");
  expect(wrong.test("x")).toBe(true);
  expect(parseFilter("/").test("a/b")).toBe(true);
});

test("what has no value comes last in either direction; equal keys by id", () => {
  const things = [
    { id: "c", key: 1 },
    { id: "b", key: null },
    { id: "a", key: 1 },
    { id: "d", key: 2 },
  ];
  expect(ids(things, false)).toEqual(["a", "c", "d", "b"]);
  expect(ids(things, true)).toEqual(["d", "a", "c", "b"]);
});

test("the order does not depend on the order of arrival", () => {
  const things = fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1 }), key: fc.option(fc.integer({ min: 0, max: 3 })) }),
    { selector: (thing) => thing.id },
  );
  fc.assert(
    fc.property(things, fc.boolean(), (all, isReverse) => {
      expect(ids(all.toReversed(), isReverse)).toEqual(ids(all, isReverse));
    }),
  );
});
