/** Text: widths, cutting, wrapping, fields, and what comes from outside. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import stringWidth from "string-width";
import { cutEnd, cutMiddle, pad, widthOf, wrap } from "#app/console/cells.ts";
import { fitColumns, GAP } from "#app/console/columns.ts";
import { visible } from "#app/console/outside-text.ts";
import { createSkin, plain } from "#app/console/skin.ts";
import { edit, insert, type TextField, textField } from "#app/console/text-field.ts";
import { PANE_LIST } from "#app/panes/table.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 60 });

test("nothing from outside acts on the terminal, and the text is left as it was otherwise", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.boolean(), (text, isAscii) => {
      const shown = visible(text, isAscii);
      expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/);
      if (isAscii) expect(shown).toMatch(/^[ -~]*$/);
    }),
  );
  expect(visible("a\x1b]0;owned\x07b", false)).toBe("a\\x1b]0;owned\\x07b");
  expect(visible("naïve 日本", false)).toBe("naïve 日本");
  expect(visible("क्‍ष", false)).toBe("क्‍ष");
});

test("what terminals disagree about the width of is shown as an escape", () => {
  expect(visible("👩‍🚀", false)).toBe("👩\\u200d🚀");
  expect(visible("👍🏽 🇩🇪 ❤️", false)).toBe("👍\\u{1f3fd} \\u{1f1e9}\\u{1f1ea} ❤\\ufe0f");
});

test("cutting never exceeds its columns and padding fills them", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 40 }), (raw, columns) => {
      const text = visible(raw, false);
      for (const cut of [cutEnd(text, columns, "…"), cutMiddle(text, columns, "…")]) {
        expect(stringWidth(cut)).toBeLessThanOrEqual(columns);
        expect(stringWidth(pad(cut, columns, "right"))).toBe(columns);
      }
    }),
  );
  expect(cutMiddle("worker-node-00017", 10, "…")).toBe("worke…0017");
});

test("wrapping keeps every word and no line is too wide", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 4, max: 40 }), (raw, columns) => {
      const text = visible(raw, false);
      const lines = wrap(text, columns);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }),
  );
});

test("columns: never wider than the list, the least important left out first, state and pid kept", () => {
  for (const pane of PANE_LIST) {
    for (let columns = 38; columns <= 220; columns++) {
      const fitted = fitColumns(pane.columns, columns);
      const width = fitted.reduce((sum, each) => sum + each.columns, 0) + GAP * (fitted.length - 1);
      expect(width).toBeLessThanOrEqual(columns);
      for (const { column, columns: own } of fitted) expect(own).toBeGreaterThanOrEqual(column.min);
    }
  }
  const members = PANE_LIST.find(({ id }) => id === "members");
  expect(fitColumns(members?.columns ?? [], 69).map(({ column }) => column.id)).toContain("cpu");
  const daemons = PANE_LIST[0];
  const events = PANE_LIST.find(({ id }) => id === "events")?.columns ?? [];
  const roomOf = (id: string, columns: number) =>
    fitColumns(events, columns).find(({ column }) => column.id === id)?.columns ?? 0;
  // What happened says more than its code: that comes where both have room.
  expect([80, 90, 98].map((columns) => roomOf("message", columns))).toEqual([33, 43, 51]);
  expect([98, 122, 123].map((columns) => roomOf("code", columns))).toEqual([0, 0, 24]);
  expect(roomOf("message", 123)).toBe(60);
  expect(fitColumns(daemons?.columns ?? [], 38).map(({ column }) => column.id)).toEqual(["name", "state", "pid"]);
});

test("a text field edits by graphemes", () => {
  const type = (field: TextField, ...keys: readonly string[]) =>
    keys.reduce((current, key) => edit(current, key) ?? current, field);
  expect(type(textField("one two"), "ctrl-w", "ctrl-w").text).toBe("");
  expect(type(textField("née"), "left", "backspace").text).toBe("ne");
  expect(type(insert(textField("ac"), "👩‍🚀"), "backspace", "left", "b").text).toBe("abc");
  expect(type(textField("abc"), "home", "delete", "end", "x", "space").text).toBe("bcx ");
  expect(edit(textField("a"), "pageup")).toBeNull();
});

test("a text that is too long for any screen is cut, and one of that length fits no field", () => {
  const skin = createSkin({ colorLevel: 0, isAscii: false, isMotionless: true });
  const long = "x".repeat(10_000_000);
  expect(plain(skin, long).length).toBeLessThan(20_000);
  expect(wrap(plain(skin, long), 80).every((each) => each.length <= 80)).toBeTrue();
  expect(insert(textField("a"), long)).toEqual(textField("a"));
});
