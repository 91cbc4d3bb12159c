/** The lines of a fixture with their places, read in pieces: a line is looked at where it lies and not kept. */
import { MusterError } from "#core/model/error.ts";
import type { ByteSource } from "./bytes.ts";

export interface Line {
  /** From 1, blank lines and comments counted. */
  readonly number: number;
  readonly offset: number;
  /** Valid until the next line is asked for; without the newline. */
  readonly bytes: Uint8Array;
  /** The last line of a file that does not end in a newline: it may be less than was to be written. */
  readonly isOpen: boolean;
}

/** No record is longer: the items of one reset can be a reset and upserts. */
export const LONGEST_LINE = 16 * 1024 * 1024;
/** Blank ones and comments, too: a packed file holds any number of them. */
const MOST_LINES = 30_000_000;
const PIECE = 1024 * 1024;
const NOTHING = new Uint8Array(0);
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const HASH = 35;

/** Blank lines and comments are left out, unless all are wanted as they are. */
export function* linesOf(source: ByteSource, file: string, isAll = false): Generator<Line> {
  const take = isAll ? (line: Uint8Array) => line : trimmed;
  let buffer = new Uint8Array(PIECE);
  let filled = 0;
  let base = 0;
  let number = 0;
  for (;;) {
    const got = filled < buffer.length ? source.read(buffer.subarray(filled), base + filled) : 0;
    const isLast = got === 0 && filled < buffer.length;
    filled += got;
    let start = 0;
    for (let end = indexOf(buffer, start, filled); end >= 0; end = indexOf(buffer, start, filled)) {
      number++;
      const bytes = end === start ? NOTHING : take(buffer.subarray(start, end));
      if (bytes.length > 0 || isAll) yield { number, offset: base + start, bytes, isOpen: false };
      start = end + 1;
    }
    const rest = filled - start;
    if (isLast) {
      const bytes = take(buffer.subarray(start, filled));
      if (bytes.length > 0) yield { number: number + 1, offset: base + start, bytes, isOpen: true };
      return;
    }
    if (number > MOST_LINES) {
      throw new MusterError("BAD_DATA", `${file}: has more than ${MOST_LINES} lines`, { target: file });
    }
    if (rest > LONGEST_LINE) {
      const problem = `line ${number + 1} is longer than ${LONGEST_LINE / (1024 * 1024)} MiB`;
      throw new MusterError("BAD_DATA", `${file}: ${problem}`, { target: file });
    }
    const next = rest === buffer.length ? new Uint8Array(buffer.length * 2) : buffer;
    next.set(buffer.subarray(start, filled));
    buffer = next;
    base += start;
    filled = rest;
  }
}

function indexOf(buffer: Uint8Array, from: number, to: number): number {
  const found = buffer.indexOf(NEWLINE, from);
  return found >= to ? -1 : found;
}

/** Empty for a comment. */
function trimmed(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && isBlank(line[end - 1])) end--;
  let first = 0;
  while (first < end && isBlank(line[first])) first++;
  return line[first] === HASH ? line.subarray(0, 0) : line.subarray(0, end);
}

const isBlank = (byte: number | undefined) => byte === SPACE || byte === TAB || byte === RETURN;
