/** The cursor: an identity in a window of rows. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { keep, moveBy, moveTo } from "#app/console/cursor.ts";
import type { Rows } from "#app/console/rows.ts";

const rowsOf = (ids: readonly string[]): Rows => ({
  ids,
  indexOf: (id) => ids.indexOf(id),
  branchAt: () => null,
  lineage: () => [],
  problem: null,
});

const start = { cursor: null, row: 0, offset: 0 };
const ids = fc.uniqueArray(fc.integer({ min: 0, max: 60 }).map(String), { minLength: 0, maxLength: 40 });
const height = fc.integer({ min: 1, max: 12 });

test("after any move and any change the cursor is in the window, and the window in the rows", () => {
  const moves = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 8 });
  fc.assert(
    fc.property(ids, ids, moves, height, fc.boolean(), (before, after, deltas, rows, isChronicle) => {
      let place = keep(start, rowsOf(before), rows, isChronicle);
      for (const delta of deltas) place = moveBy(place, rowsOf(before), delta, rows);
      const chosen = place.cursor;
      place = keep(place, rowsOf(after), rows, isChronicle);
      if (after.length === 0) return expect(place).toEqual(start);
      expect(place.cursor).toBe(after[place.row] ?? null);
      expect(place.offset).toBeLessThanOrEqual(place.row);
      expect(place.row).toBeLessThan(place.offset + rows);
      expect(place.offset).toBeGreaterThanOrEqual(0);
      expect(place.offset).toBeLessThanOrEqual(Math.max(0, after.length - rows));
      const wasMoved = !isChronicle || deltas.length > 0;
      if (wasMoved && chosen !== null && after.includes(chosen) && !isChronicle) expect(place.cursor).toBe(chosen);
    }),
  );
});

test("what is gone leaves the cursor to what stands in its place, the last row to the one before", () => {
  const at = moveTo(start, rowsOf(["a", "b", "c"]), 1, 5);
  expect(keep(at, rowsOf(["a", "c"]), 5, false).cursor).toBe("c");
  const last = moveTo(start, rowsOf(["a", "b", "c"]), 2, 5);
  expect(keep(last, rowsOf(["a", "b"]), 5, false).cursor).toBe("b");
});

test("a list scrolls as little as it must; a chronicle keeps the reader's line where it is", () => {
  const many = Array.from({ length: 30 }, (_, index) => `e${index}`);
  const place = moveTo({ cursor: null, row: 0, offset: 10 }, rowsOf(many), 14, 10);
  const grown = ["new1", "new2", ...many];
  expect(keep(place, rowsOf(grown), 10, false)).toEqual({ cursor: "e14", row: 16, offset: 10 });
  expect(keep(place, rowsOf(grown), 10, true)).toEqual({ cursor: "e14", row: 16, offset: 12 });
});
