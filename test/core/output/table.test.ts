import { expect, test } from "bun:test";
import { byteText, factLines, shortTime } from "#core/output/columns.ts";
import { type Column, tableText } from "#core/output/table.ts";

interface Item {
  readonly name: string;
  readonly n: number;
}

const columns: readonly Column<Item>[] = [
  { title: "NAME", text: (item) => item.name, tone: () => "ok" },
  { title: "N", isRight: true, text: (item) => String(item.n) },
];
const items = [
  { name: "守護", n: 5 },
  { name: "a\tb\x1b[2J", n: 1234 },
];

test("on a terminal: header, columns aligned by cells, control characters shown", () => {
  const text = tableText(items, columns, { isTerminal: true, hasColor: false });
  expect(text.split("\n")).toEqual(["NAME              N", "守護              5", "a\\x09b\\x1b[2J  1234", ""]);
});

test("into a pipe: tabs, no header, one line a record whatever the text holds", () => {
  expect(tableText(items, columns, { isTerminal: false, hasColor: false })).toBe("守護\t5\na\\x09b\\x1b[2J\t1234\n");
});

test("colour adds to the words and takes nothing away", () => {
  const text = tableText(items, columns, { isTerminal: true, hasColor: true });
  expect(text).toContain("\x1b[34m");
  expect(Bun.stripANSI(text)).toBe(tableText(items, columns, { isTerminal: true, hasColor: false }));
});

test("no items: nothing", () => {
  expect(tableText([], columns, { isTerminal: true, hasColor: false })).toBe("");
});

test.each([
  [0, "0"],
  [999, "999"],
  [1536, "1.5K"],
  [1023 * 1024, "1.0M"],
  [52_428_800, "50M"],
])("%d bytes are %s", (bytes, text) => {
  expect(byteText(bytes)).toBe(text);
});

test("facts, a line each", () => {
  expect(factLines({ a: 1, b: { c: null }, d: [], e: [{ f: "x" }] })).toEqual([
    ["a", "1"],
    ["b.c", "-"],
    ["d", "-"],
    ["e.0.f", "x"],
  ]);
  expect(shortTime("2026-11-21T01:30:00.000Z")).toBe("2026-11-21 01:30:00");
});
