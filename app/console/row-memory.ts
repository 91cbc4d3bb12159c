/**
 * Ink puts the whole screen together anew for every frame, character by character. Here a row that is made of the same
 * pieces at the same places is what it was the last time; one that is not is still put together by Ink. Whatever else is
 * drawn (clipped, of several lines, changed on its way) goes the way it always went.
 */
import Output from "../../node_modules/ink/build/output.js";

/** As Ink keeps them. */
interface Piece {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly transformers: readonly unknown[];
}

interface Frame {
  operations: readonly Piece[];
  readonly width: number;
  readonly height: number;
}

/** Several screens of the largest terminals. */
const MOST_ROWS = 2000;

const whole = Output.prototype.get;
let known = new Map<string, string>();

/** The text of a frame; null if it has something in it that is not of one row. */
export function framed({ operations, width, height }: Frame): string | null {
  const rows: Piece[][] = Array.from({ length: height }, () => []);
  for (const piece of operations) {
    if (piece.type !== "write" || piece.transformers.length > 0 || piece.text.includes("\n")) return null;
    rows[piece.y]?.push(piece);
  }
  return rows.map((pieces) => rowText(pieces, width)).join("\n");
}

function rowText(pieces: readonly Piece[], width: number): string {
  let key = `${width}`;
  for (const { x, text } of pieces) key += `\n${x} ${text}`;
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  const own = new Output({ width, height: 1 });
  Object.assign(own, { operations: pieces.map((piece) => ({ ...piece, y: 0 })) });
  const text = whole.call(own).output;
  if (known.size >= MOST_ROWS) known = new Map();
  known.set(key, text);
  return text;
}

/** From here on; more than once is as good as once. */
export function rememberRows(): void {
  Output.prototype.get = function get(this: Output) {
    const frame = this as unknown as Frame;
    const output = framed(frame);
    return output === null ? whole.call(this) : { output, height: frame.height };
  };
}
