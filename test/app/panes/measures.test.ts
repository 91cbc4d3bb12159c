import { expect, test } from "bun:test";
import { duration, fullTime, mebibytes } from "#app/panes/measures.ts";

test("durations in two units", () => {
  expect([0, 59_999, 60_000, 3_600_000, 90_000_000, -5].map(duration)).toEqual([
    "0 s",
    "59 s",
    "1 min 0 s",
    "1 h 0 min",
    "1 d 1 h",
    "0 s",
  ]);
});

test("times and sizes", () => {
  const at = new Date(2026, 2, 1, 8, 5, 9).getTime();
  expect(fullTime(at)).toBe("2026-03-01 08:05:09");
  expect(mebibytes(99.9 * 1048576)).toBe("99.9");
  expect(mebibytes(1e9)).toBe("954");
});
