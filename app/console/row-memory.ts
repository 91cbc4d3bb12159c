/**
 * Ink puts the whole screen together anew for every frame, character by character. Here a row that is made of the same
 * pieces at the same places is what it was the last time; one of simple pieces side by side is put together run by run, one
 * of anything else by Ink. What is drawn by others than region.tsx goes the way it always went.
 */
import Output from "../../node_modules/ink/build/output.js";

/** As Ink keeps them. */
type Operation =
  | { readonly type: "clip" | "unclip" }
  | {
      readonly type: "write";
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly transformers: readonly ((line: string, index: number) => string)[];
    };

interface Frame {
  readonly operations: readonly Operation[];
  readonly width: number;
  readonly height: number;
}

/** A line of a region. */
interface Piece {
  readonly x: number;
  readonly text: string;
}

/** Several screens of the largest terminals. */
const MOST_ROWS = 2000;

const whole = Output.prototype.get;
let known = new Map<string, string>();

/** The text of a frame; null if there is something else in it than regions. */
export function framed({ operations, width, height }: Frame): string | null {
  const rows: Piece[][] = Array.from({ length: height }, () => []);
  for (const operation of operations) {
    if (operation.type !== "write") return null;
    const { x, y, text, transformers } = operation;
    const [change] = transformers;
    if (change === undefined || transformers.length > 1 || !BLANK.test(text)) return null;
    for (const [index, blank] of text.split("\n").entries()) {
      rows[y + index]?.push({ x, text: change(blank, index) });
    }
  }
  return rows.map((pieces) => rowText(pieces, width)).join("\n");
}

/** What a region is written as, before it is changed into its lines. */
const BLANK = /^[ \n]*$/;

function rowText(pieces: readonly Piece[], width: number): string {
  let key = `${width}`;
  for (const { x, text } of pieces) key += `\n${x} ${text}`;
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  const text = besideEachOther(pieces, width) ?? byInk(pieces, width);
  if (known.size >= MOST_ROWS) known = new Map();
  known.set(key, text);
  return text;
}

function byInk(pieces: readonly Piece[], width: number): string {
  const own = new Output({ width, height: 1 });
  for (const { x, text } of pieces) own.write(x, 0, " ", { transformers: [() => text] });
  return whole.call(own).output;
}

const SGR = /\x1b\[[\d;]*m/g;
/** Each is one column wide and joins with nothing. */
const SINGLE = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u21ff\u2500-\u25fc]*$/;

/** null: there is something in it that is not as simple. */
function besideEachOther(pieces: readonly Piece[], width: number): string | null {
  let out = "";
  let column = 0;
  let last = "";
  const add = (style: string, text: string) => {
    if (style !== last) out += turn(last, style);
    last = style;
    out += text;
    column += text.length;
  };
  for (const { x, text } of pieces.toSorted((a, b) => a.x - b.x)) {
    if (x < column) return null;
    if (x > column) add("", " ".repeat(x - column));
    let style = "";
    let from = 0;
    for (const { 0: sequence, index } of [...text.matchAll(SGR), { 0: "", index: text.length }]) {
      const run = text.slice(from, index);
      if (!SINGLE.test(run)) return null;
      if (run !== "") add(style, run);
      style = styleAfter(style, sequence);
      from = index + sequence.length;
    }
  }
  if (column > width) return null;
  return (out + turn(last, "")).trimEnd();
}

/** What Ink writes between two styles, and the style that a sequence makes of another: there are few, and it is asked once. */
const turns = new Map<string, string>();
const styles = new Map<string, string>();
const MOST_STYLES = 5000;

function turn(from: string, to: string): string {
  return remembered(turns, `${from}|${to}`, () => {
    const text = byInk(
      [
        { x: 0, text: `${from}x` },
        { x: 1, text: `${to}y` },
      ],
      2,
    );
    return text.slice(text.indexOf("x") + 1, text.indexOf("y"));
  });
}

/** A style is what begins it where there was none. */
function styleAfter(style: string, sequence: string): string {
  if (sequence === "") return style;
  return remembered(styles, style + sequence, () => {
    const text = byInk([{ x: 0, text: `${style}${sequence}x` }], 1);
    return text.slice(0, text.indexOf("x"));
  });
}

function remembered(memory: Map<string, string>, key: string, find: () => string): string {
  const kept = memory.get(key);
  if (kept !== undefined) return kept;
  const found = find();
  if (memory.size >= MOST_STYLES) memory.clear();
  memory.set(key, found);
  return found;
}

/** From here on; more than once is as good as once. */
export function rememberRows(): void {
  Output.prototype.get = function get(this: Output) {
    const frame = this as unknown as Frame;
    const output = framed(frame);
    return output === null ? whole.call(this) : { output, height: frame.height };
  };
}
