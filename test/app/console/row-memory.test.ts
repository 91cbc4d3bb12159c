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
      "пример ▸ … ↓ ▌",
      "\x1b[31;1m",
      "\x1b[39;22m",
      "\x1b[2m",
      "\x1b[1m",
      "\x1b[22m",
      "\x1b[7m",
      "\x1b[27m",
      "\x1b[38;5;244m",
      "\x1b[38;5;33m",
      "\x1b[0m",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const piece = fc.record({
  x: fc.integer({ min: -3, max: 30 }),
  y: fc.integer({ min: -1, max: 5 }),
  lines: fc.array(text, { maxLength: 3 }),
});

const whole = Output.prototype.get;

interface Drawn {
  readonly x: number;
  readonly y: number;
  readonly lines: readonly string[];
}

/** A blank that is changed into lines on its way, as regions are. */
function frame(pieces: readonly Drawn[], width: number, height: number) {
  const output = new Output({ width, height });
  for (const { x, y, lines } of pieces) output.write(x, y, " \n\n", { transformers: [(_, row) => lines[row] ?? ""] });
  return output;
}

function expectSame(pieces: readonly Drawn[], width: number) {
  const wanted = whole.call(frame(pieces, width, 4)).output;
  for (let times = 0; times < 2; times++) expect(framed(frame(pieces, width, 4) as never)).toBe(wanted);
}

test("each row is as it would be without", () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 30 }), expectSame), {
    numRuns: 500,
  });
});

test("so are rows of pieces beside each other, in whatever styles", () => {
  const simple = fc
    .array(
      fc.constantFrom(
        ..."abc ─▸…",
        "\x1b[31;1m",
        "\x1b[2m",
        "\x1b[1m",
        "\x1b[22m",
        "\x1b[39m",
        "\x1b[7m",
        "\x1b[27m",
        "\x1b[0m",
        "\x1b[38;5;244m",
        "\x1b[m",
        "\x1b[1;38m",
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(""));
  const lines = fc.array(simple, { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 3 }), fc.boolean(), (regions, isBackward) => {
      const pieces = regions.map((each, index) => ({ x: index * 20, y: index, lines: each }));
      expectSame(isBackward ? pieces.toReversed() : pieces, 80);
    }),
    { numRuns: 500 },
  );
});

test("what is clipped or no region is left to Ink", () => {
  const clipped = frame([{ x: 0, y: 0, lines: ["a"] }], 10, 2);
  clipped.clip({ x1: 0, x2: 1, y1: undefined, y2: undefined });
  const text = new Output({ width: 10, height: 2 });
  text.write(0, 0, "a", { transformers: [] });
  const changed = new Output({ width: 10, height: 2 });
  changed.write(0, 0, "a", { transformers: [(line: string) => line.toUpperCase()] });
  for (const left of [clipped, text, changed]) expect(framed(left as never)).toBeNull();
});

test("every character that is taken for one column and for itself alone is that to Ink too", () => {
  const codes = Array.from({ length: 0x2600 }, (_, code) => code).filter((code) => code >= 0x20 && code !== 0x7f);
  for (let from = 0; from < codes.length; from += 40) {
    const all = codes.slice(from, from + 40).map((code) => String.fromCharCode(code));
    expectSame(
      all.map((each, index) => ({ x: index * 2, y: 0, lines: [each] })),
      80,
    );
  }
  // After a letter, and before one: nothing of these joins.
  for (const code of codes) expectSame([{ x: 0, y: 0, lines: [`a${String.fromCharCode(code)}b`] }], 6);
});
