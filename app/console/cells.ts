/** Text measured in terminal columns: width, cutting, padding, wrapping. Works on graphemes, never inside one. */
import stringWidth from "string-width";

const segmenter = new Intl.Segmenter();
const ASCII_ONLY = /^[\u0020-\u007e]*$/;

/** Signs, frames and names in other scripts: the same few come again with every frame. */
let widths = new Map<string, number>();
const MOST_WIDTHS = 5000;
/** Nothing longer is kept. */
const LONGEST_KEPT = 300;

export function widthOf(text: string): number {
  if (ASCII_ONLY.test(text)) return text.length;
  const kept = widths.get(text);
  if (kept !== undefined) return kept;
  const width = stringWidth(text);
  if (widths.size >= MOST_WIDTHS) widths = new Map();
  if (text.length <= LONGEST_KEPT) widths.set(text, width);
  return width;
}

export function graphemes(text: string): string[] {
  if (ASCII_ONLY.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** As many graphemes from the start as fit in `columns`. */
function head(parts: readonly string[], columns: number): string {
  let text = "";
  let used = 0;
  for (const part of parts) {
    const width = widthOf(part);
    if (used + width > columns) break;
    text += part;
    used += width;
  }
  return text;
}

function tail(parts: readonly string[], columns: number): string {
  let text = "";
  let used = 0;
  for (const part of parts.toReversed()) {
    const width = widthOf(part);
    if (used + width > columns) break;
    text = part + text;
    used += width;
  }
  return text;
}

export function cutEnd(text: string, columns: number, ellipsis: string): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return "";
  return head(graphemes(text), columns - widthOf(ellipsis)) + ellipsis;
}

/** Keeps both ends: names often differ in their tails. */
export function cutMiddle(text: string, columns: number, ellipsis: string): string {
  if (widthOf(text) <= columns) return text;
  const room = columns - widthOf(ellipsis);
  if (room < 2) return cutEnd(text, columns, ellipsis);
  const parts = graphemes(text);
  const front = head(parts, Math.ceil(room / 2));
  return front + ellipsis + tail(parts, room - widthOf(front));
}

export function pad(text: string, columns: number, align: "left" | "right"): string {
  const missing = columns - widthOf(text);
  if (missing <= 0) return text;
  return align === "left" ? text + " ".repeat(missing) : " ".repeat(missing) + text;
}

/** Breaks at spaces where it can, inside a word where it must. */
export function wrap(text: string, columns: number): string[] {
  if (columns <= 0) return [];
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const word of text.split(" ")) {
    const width = widthOf(word);
    if (line !== "" && used + 1 + width <= columns) {
      line += ` ${word}`;
      used += 1 + width;
      continue;
    }
    if (line !== "") lines.push(line);
    line = "";
    used = 0;
    for (const part of width <= columns ? [word] : graphemes(word)) {
      const partWidth = widthOf(part);
      if (line !== "" && used + partWidth > columns) {
        lines.push(line);
        line = "";
        used = 0;
      }
      line += part;
      used += partWidth;
    }
  }
  lines.push(line);
  return lines;
}
