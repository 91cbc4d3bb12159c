import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonText, visible } from "#core/output/text.ts";

test("control characters from outside are shown, not obeyed", () => {
  expect(visible("a\x1b[31mb\tc\nd")).toBe("a\\x1b[31mb\\x09c\\x0ad");
  expect(visible("\x9b31m\u202eevil")).toBe("\\x9b31m\\u202eevil");
  expect(visible("grün 守護 🙂")).toBe("grün 守護 🙂");
});

test("no text whatever leaves a control character in human output or in JSON", () => {
  const anything = fc.string({ unit: "binary", maxLength: 50 });
  fc.assert(
    fc.property(anything, (text) => {
      expect(visible(text)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      const json = jsonText({ text }, false);
      expect(json).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      expect(JSON.parse(json).text).toBe(text);
    }),
  );
});
