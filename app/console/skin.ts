/** How everything is drawn: theme and glyphs, and lines made of spans. The one place where text becomes SGR. */
import type { Cell, Sign, Tone } from "#app/panes/pane.ts";
import type { Points } from "#core/store/sample-history.ts";
import { cutEnd, cutMiddle, pad, widthOf } from "./cells.ts";
import { type Glyphs, glyphsFor } from "./glyphs.ts";
import { visible } from "./outside-text.ts";
import { type ColorLevel, createTheme, type Theme } from "./theme.ts";

export interface ThemeOptions {
  readonly colorLevel: ColorLevel;
  readonly isAscii: boolean;
  /** No animation: a spinner stands still. */
  readonly isMotionless: boolean;
}

export interface Skin extends ThemeOptions {
  readonly theme: Theme;
  readonly glyphs: Glyphs;
}

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

export function createSkin(options: ThemeOptions): Skin {
  return { ...options, theme: createTheme(options.colorLevel), glyphs: glyphsFor(options.isAscii) };
}

/** More than any screen has room for: what is behind it would only take time, with each frame. */
const LONGEST_TEXT = 16 * 1024;

/** Our own glyphs pass; anything else is shown as it can be shown safely. */
export function plain(skin: Skin, text: string): string {
  if (text.length <= LONGEST_TEXT) return visible(text, skin.isAscii);
  return visible(text.slice(0, LONGEST_TEXT), skin.isAscii) + skin.glyphs.ellipsis;
}

export const sign = (skin: Skin, name: Sign): string => skin.glyphs.signs[name];

/** Sign and word of a cell, as plain text. */
export function cellText(skin: Skin, cell: Cell): string {
  const text = plain(skin, cell.text);
  return cell.sign === undefined ? text : `${sign(skin, cell.sign)} ${text}`;
}

/** As many of the newest points as there is room for. A gap is a blank: nothing is not zero. */
export function sparkline(skin: Skin, bars: Points, columns: number): string {
  if (columns <= 0) return "";
  return bars
    .slice(-columns)
    .map((level) => (level === null ? " " : (skin.glyphs.bars[level] ?? " ")))
    .join("");
}

/** Fewer bars than this say nothing. */
const FEWEST_BARS = 5;
const MOST_BARS = 60;

/** A cell in its column; a sparkline takes the room that the text leaves, with the newest point at its right end. */
export function fitCell(skin: Skin, cell: Cell, room: Fit): string {
  const text = cellText(skin, cell);
  const columns = Math.min(room.columns - widthOf(text) - 1, MOST_BARS);
  if (cell.bars === undefined || columns < FEWEST_BARS) return fit(skin, text, room);
  return fit(skin, `${text} ${sparkline(skin, cell.bars, columns).padStart(columns)}`, room);
}

export interface Fit {
  readonly columns: number;
  readonly align: "left" | "right";
  readonly cut: "end" | "middle" | "never";
}

/** Exactly `columns` wide. `never` shows dots instead of a part that would mislead. */
export function fit(skin: Skin, text: string, { columns, align, cut }: Fit): string {
  const width = widthOf(text);
  if (width <= columns) return pad(text, columns, align);
  const { ellipsis } = skin.glyphs;
  if (cut === "never") return ellipsis.repeat(Math.max(0, columns));
  return pad(cut === "middle" ? cutMiddle(text, columns, ellipsis) : cutEnd(text, columns, ellipsis), columns, align);
}

const widthOfSpans = (spans: readonly Span[]) => spans.reduce((sum, span) => sum + widthOf(span.text), 0);

/** Spans one after another, cut at `columns`, padded to it. */
export function line(skin: Skin, spans: readonly Span[], columns: number): string {
  let out = "";
  let room = columns;
  for (const span of joined(spans)) {
    if (room <= 0) break;
    const text = cutEnd(span.text, room, skin.glyphs.ellipsis);
    out += skin.theme.paint(span.tone ?? "text", text);
    room -= widthOf(text);
    if (text !== span.text) break;
  }
  return out + " ".repeat(Math.max(0, room));
}

/** Neighbours of one tone as one: each change of tone is bytes on the line to a distant terminal. */
function joined(spans: readonly Span[]): readonly Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (span.text === "") continue;
    if (last && (last.tone ?? "text") === (span.tone ?? "text"))
      out[out.length - 1] = { ...last, text: last.text + span.text };
    else out.push(span);
  }
  return out;
}

/** `left` is cut so that `right` stays. */
export function sides(skin: Skin, left: readonly Span[], right: readonly Span[], columns: number): string {
  const rightWidth = Math.min(widthOfSpans(right), columns);
  const leftRoom = rightWidth === 0 ? columns : Math.max(0, columns - rightWidth - 1);
  const gap = columns - leftRoom - rightWidth;
  return line(skin, left, leftRoom) + " ".repeat(Math.max(0, gap)) + line(skin, right, rightWidth);
}
