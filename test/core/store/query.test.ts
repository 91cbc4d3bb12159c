/** Which items, in which order. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { queryIds, type SortKey } from "#core/store/query.ts";

interface Thing {
  readonly id: string;
  readonly key: SortKey;
}

const ids = (things: readonly Thing[], isReverse: boolean) =>
  queryIds(new Map(things.map((thing) => [thing.id, thing])), {
    accepts: ({ id }) => !id.startsWith("-"),
    sortKey: (thing) => thing.key,
    isReverse,
  });

test("what has no value comes last in either direction; equal keys by id", () => {
  const things = [
    { id: "c", key: 1 },
    { id: "b", key: null },
    { id: "a", key: 1 },
    { id: "d", key: 2 },
    { id: "-", key: 3 },
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
