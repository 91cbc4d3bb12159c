/** Trees out of items that name their parents: complete whatever they name. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { forestOf } from "#core/store/forest.ts";

interface Item {
  readonly id: string;
  readonly parent: string | null;
}

const make = (...pairs: readonly (readonly [string, string | null])[]) =>
  forestOf<Item>(new Map(pairs.map(([id, parent]) => [id, { id, parent }])), ({ parent }) => parent);

const ids = (items: readonly Item[]) => items.map(({ id }) => id);

test("roots, children and parents; what names nobody that is there is a root", () => {
  const forest = make(["a", null], ["b", "a"], ["c", "b"], ["d", "a"], ["e", "gone"]);
  expect(ids(forest.roots)).toEqual(["a", "e"]);
  expect(ids(forest.childrenOf("a"))).toEqual(["b", "d"]);
  expect(forest.parentOf("c")?.id).toBe("b");
  expect(forest.parentOf("a")).toBeUndefined();
  expect(forest.childrenOf("c")).toEqual([]);
});

test("a ring is opened, and what belongs to itself is a root", () => {
  expect(ids(make(["a", "a"]).roots)).toEqual(["a"]);
  const ring = make(["a", "b"], ["b", "c"], ["c", "a"], ["d", "c"]);
  expect(ring.roots).toHaveLength(1);
});

test("every item is reached once from the roots, whatever they name", () => {
  const parents = fc.array(fc.option(fc.integer({ min: 0, max: 30 })), { maxLength: 30 });
  fc.assert(
    fc.property(parents, (named) => {
      const pairs = named.map((parent, index) => [`${index}`, parent === null ? null : `${parent}`] as const);
      const forest = make(...pairs);
      const reached: string[] = [];
      const open = [...forest.roots];
      for (let item = open.pop(); item; item = open.pop()) {
        reached.push(item.id);
        for (const child of forest.childrenOf(item.id)) {
          expect(forest.parentOf(child.id)).toBe(item);
          open.push(child);
        }
      }
      expect(reached.toSorted()).toEqual(pairs.map(([id]) => id).toSorted());
    }),
  );
});
