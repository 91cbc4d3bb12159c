/** What is remembered of rows is what Ink itself would draw. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { framed } from "#app/console/row-memory.ts";
import Output from "../../../node_modules/ink/build/output.js";

const text = fc
  .array(
    fc.constantFrom(
      "a",
      "sshd",
      "  ",
      "●",
      "漢",
      "é",
      "e\u0301",
      "👩‍🚀",
      "─",
      "\x1b[31;1m",
      "\x1b[39;22m",
      "\x1b[2m",
      "\x1b[0m",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const piece = fc.record({ x: fc.integer({ min: -3, max: 30 }), y: fc.integer({ min: -1, max: 5 }), text });

const whole = Output.prototype.get;

function frame(pieces: readonly { x: number; y: number; text: string }[], width: number, height: number) {
  const output = new Output({ width, height });
  for (const { x, y, text } of pieces) output.write(x, y, text, { transformers: [] });
  return output;
}

test("each row is as it would be without", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 30 }), (pieces, width) => {
      const wanted = whole.call(frame(pieces, width, 4)).output;
      for (let times = 0; times < 2; times++) {
        expect(framed(frame(pieces, width, 4) as never)).toBe(wanted);
      }
    }),
    { numRuns: 500 },
  );
});

test("what is clipped, changed on its way or of several lines is left to Ink", () => {
  const clipped = frame([{ x: 0, y: 0, text: "a" }], 10, 2);
  clipped.clip({ x1: 0, x2: 1, y1: undefined, y2: undefined });
  const changed = new Output({ width: 10, height: 2 });
  changed.write(0, 0, "a", { transformers: [(line: string) => line.toUpperCase()] });
  for (const left of [clipped, changed, frame([{ x: 0, y: 0, text: "a\nb" }], 10, 2)]) {
    expect(framed(left as never)).toBeNull();
  }
});
