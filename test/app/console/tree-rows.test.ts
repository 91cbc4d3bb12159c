/** The rows of a tree, whatever its items, folds and filter are; and to whom the cursor goes in it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { neighbour } from "#app/console/cursor.ts";
import type { RowQuery, Rows } from "#app/console/rows.ts";
import { createRowSource } from "#app/console/rows.ts";
import { PANES } from "#app/panes/table.ts";
import type { Attachment } from "#core/model/attachment.ts";
import { aggregatesOf } from "#core/store/aggregates.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot, type Snapshot } from "#core/store/snapshot.ts";
import { attachment, job, module } from "#test/harness/aggregates.ts";

const QUERY: RowQuery = {
  filter: "",
  sort: { column: "name", isReverse: false },
  scope: null,
  folds: new Map(),
  screenful: 1000,
};
const rowsOf = (snapshot: Snapshot, query: Partial<RowQuery> = {}): Rows =>
  createRowSource(PANES.aggregates).rows(snapshot, { ...QUERY, ...query });

function snapshotOf(attachments: readonly Attachment[]): Snapshot {
  const { length } = attachments;
  return reduce(
    emptySnapshot("n1"),
    [
      { src: "modules", op: "reset", items: [module("job"), module("sessions", { attached: length })] },
      { src: "jobs", op: "reset", items: [job(1, { processes: length }), job(2)] },
      { src: "attachments", op: "reset", items: attachments },
    ],
    0,
  );
}

/** Processes with parents among themselves or not, in a job that is told or not, or in a module. */
const processes = fc
  .uniqueArray(
    fc.record({
      pid: fc.integer({ min: 1, max: 40 }),
      parentPid: fc.integer({ min: 0, max: 40 }),
      holder: fc.constantFrom<(number | string)[]>(1, 2, 3, "sessions", "gone"),
    }),
    { maxLength: 40, selector: ({ pid, holder }) => `${pid} ${typeof holder}` },
  )
  .map((list) => list.map(({ pid, parentPid, holder }) => attachment(holder, pid, { parentPid })));

const idsIn = (snapshot: Snapshot) =>
  (["modules", "jobs", "attachments"] as const).flatMap((kind) => [...snapshot.shelves[kind].items.keys()]);

test("a field that only some kinds have finds only items of these; one that none has finds all and says so", () => {
  const snapshot = snapshotOf([attachment(1, 7), attachment("sessions", 8)]);
  const found = (filter: string) => {
    const rows = rowsOf(snapshot, { filter });
    return rows.ids.filter((_id, row) => rows.branchAt(row)?.isContext === false);
  };
  expect(found("attached=2")).toEqual(["n1/module/sessions"]);
  expect(found("kind=Job processes=2").map((id) => id.split("/")[1])).toEqual(["job"]);
  expect(found("attached=2 processes=2")).toEqual([]);
  const rows = rowsOf(snapshot, { filter: "nope=2" });
  expect(rows.problem).toMatchObject({ code: "UNKNOWN_FIELD", hint: expect.stringContaining("attached, ") });
  expect(rows.ids.toSorted()).toEqual(idsIn(snapshot).toSorted());
});

test("every item has one row, below what it belongs to and one step deeper", () => {
  fc.assert(
    fc.property(processes, fc.boolean(), (list, isReverse) => {
      const snapshot = snapshotOf(list);
      const rows = rowsOf(snapshot, { sort: { column: "cpu", isReverse } });
      expect(rows.ids.toSorted()).toEqual(idsIn(snapshot).toSorted());
      for (const [row, id] of rows.ids.entries()) {
        const parent = aggregatesOf(snapshot).parentOf(id);
        const depth = rows.branchAt(row)?.depth;
        if (!parent) expect(depth).toBe(0);
        else expect([rows.indexOf(parent.id) < row, depth]).toEqual([true, rows.lineage(id).length]);
      }
    }),
  );
});

test("what is folded hides what belongs to it and nothing else", () => {
  fc.assert(
    fc.property(processes, fc.array(fc.nat({ max: 60 }), { maxLength: 6 }), (list, chosen) => {
      const snapshot = snapshotOf(list);
      const all = idsIn(snapshot);
      const folded = new Set(chosen.map((index) => all[index % all.length] ?? ""));
      const rows = rowsOf(snapshot, { folds: new Map([...folded].map((id) => [id, false])) });
      const isHidden = (id: string) => rows.lineage(id).some((above) => folded.has(above));
      expect(rows.ids.toSorted()).toEqual(all.filter((id) => !isHidden(id)).toSorted());
      for (const [row, id] of rows.ids.entries()) {
        const hasChildren = aggregatesOf(snapshot).childrenOf(id).length > 0;
        expect(rows.branchAt(row)?.fold).toBe(hasChildren ? (folded.has(id) ? "folded" : "open") : null);
      }
    }),
  );
});

test("a filter shows what fits and what that belongs to, whatever is folded", () => {
  fc.assert(
    fc.property(processes, fc.integer({ min: 1, max: 40 }), (list, pid) => {
      const snapshot = snapshotOf(list);
      const filter = `number-${pid}`;
      const fitting = list.filter(({ argv }) => argv.includes(filter)).map(({ id }) => id);
      const rows = rowsOf(snapshot, { filter, folds: new Map(idsIn(snapshot).map((id) => [id, false])) });
      const expected = new Set(fitting.flatMap((id) => [id, ...rows.lineage(id)]));
      expect(rows.ids.toSorted()).toEqual([...expected].toSorted());
      for (const [row, id] of rows.ids.entries()) expect(rows.branchAt(row)?.isContext).toBe(!fitting.includes(id));
    }),
  );
});

test("the neighbour of what is gone is left, and the nearest there is: beside it, or what it belonged to", () => {
  fc.assert(
    fc.property(processes, fc.nat(), fc.array(fc.nat({ max: 39 }), { maxLength: 20 }), (list, at, others) => {
      const before = rowsOf(snapshotOf(list));
      const row = at % before.ids.length;
      const id = before.ids[row] ?? "";
      const gone = new Set([id, ...others.map((index) => list[index]?.id ?? "")]);
      const left = before.ids.filter((each) => !gone.has(each));
      const after: Rows = { ...before, ids: left, indexOf: (each) => left.indexOf(each) };
      const chosen = neighbour(before, after, row);
      if (chosen === null) return expect(left.some((each) => before.lineage(each).length === 0)).toBe(false);
      expect(left).toContain(chosen);
      const siblings = (each: string) => JSON.stringify(before.lineage(each));
      const parent = before.lineage(id)[0];
      if (left.some((each) => siblings(each) === siblings(id))) expect(siblings(chosen)).toBe(siblings(id));
      else if (parent !== undefined && left.includes(parent)) expect(chosen).toBe(parent);
    }),
  );
});

test("a list of any length is walked, however deep: each forked by the one before", () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => attachment(1, index + 2, { parentPid: index + 1 }));
  const rows = rowsOf(snapshotOf(chain), { screenful: 50_000 });
  expect(rows.ids).toHaveLength(20_004);
  expect(rows.lineage(chain.at(-1)?.id ?? "")).toHaveLength(20_001);
});
