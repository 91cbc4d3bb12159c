/** The list: heading and the rows in sight, or one sentence that says why there are none. */
import type { Cell, Tone } from "#app/panes/pane.ts";
import { wrap } from "../cells.ts";
import { GAP } from "../columns.ts";
import type { Rect } from "../layout.ts";
import type { Branch } from "../rows.ts";
import { type Fit, fit, fitCell, type Skin } from "../skin.ts";
import { Region } from "./region.tsx";

/** Room for the cursor's sign in front of each row. */
export const MARGIN = 2;

export interface ListHeading extends Fit {
  /** Of the column. */
  readonly id: string;
  readonly title: string;
  readonly sorted: "ascending" | "descending" | null;
}

export interface ListRow {
  readonly cells: readonly Cell[];
  /** Its place in a tree; null in a plain list. */
  readonly branch: Branch | null;
  readonly isSelected: boolean;
}

export interface Sentence {
  readonly text: string;
  readonly tone: Tone;
}

export interface ListProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly headings: readonly ListHeading[];
  readonly rows: readonly ListRow[];
  readonly hasFocus: boolean;
  /** Instead of rows. */
  readonly sentences: readonly Sentence[];
}

export function List({ skin, rect, headings, rows, hasFocus, sentences }: ListProps) {
  const heading = skin.theme.paint("heading", headingLine(skin, headings));
  const lines =
    sentences.length > 0
      ? sentences.flatMap((sentence) => sentenceLines(skin, sentence, rect.columns))
      : rows.map((row) => rowLine(skin, headings, row, hasFocus, rect.columns));
  return <Region rect={rect} lines={[heading, ...lines]} />;
}

function headingLine(skin: Skin, headings: readonly ListHeading[]): string {
  const titles = headings.map((heading) => {
    const mark = heading.sorted === null ? "" : skin.glyphs[heading.sorted];
    const title = heading.align === "left" ? `${heading.title}${mark}` : `${mark}${heading.title}`;
    return fit(skin, title, { ...heading, cut: "end" });
  });
  return " ".repeat(MARGIN) + titles.join(" ".repeat(GAP));
}

function rowLine(
  skin: Skin,
  headings: readonly ListHeading[],
  row: ListRow,
  hasFocus: boolean,
  columns: number,
): string {
  const texts = headings.map((heading, index) => {
    const cell = row.cells[index] ?? { text: "" };
    const stem = index === 0 && row.branch ? stemOf(skin, row.branch, heading.columns) : "";
    const room = { ...heading, columns: heading.columns - stem.length };
    return { text: stem + fitCell(skin, cell, room), tone: toneOf(row, index) };
  });
  const gap = " ".repeat(GAP);
  if (row.isSelected) {
    const mark = hasFocus ? skin.glyphs.cursor : skin.glyphs.cursorFaint;
    const text = `${mark} ${texts.map((each) => each.text).join(gap)}`;
    const whole = fit(skin, text, { columns, align: "left", cut: "end" });
    return hasFocus ? skin.theme.selected(whole) : skin.theme.selectedFaintly(whole);
  }
  return " ".repeat(MARGIN) + texts.map((each) => skin.theme.paint(each.tone, each.text)).join(gap);
}

/** What a cell means by its colour; under the cursor the line is drawn in one piece instead. */
export const toneOf = ({ branch, cells }: ListRow, index: number): Tone =>
  branch?.isContext ? "dim" : (cells[index]?.tone ?? "text");

const STEP = 2;

/** Indentation and the sign of a fold. At most half of the column is indented: what is deeper stands there with dots. */
function stemOf(skin: Skin, { depth, fold }: Branch, columns: number): string {
  const sign = fold === null ? " " : fold === "open" ? skin.glyphs.unfolded : skin.glyphs.folded;
  const most = Math.max(0, Math.floor(columns / (2 * STEP)) - 1);
  const indentation =
    depth > most
      ? `${skin.glyphs.ellipsis.padEnd(STEP)}${" ".repeat(STEP * Math.max(0, most - 1))}`
      : " ".repeat(STEP * depth);
  return `${indentation}${sign} `;
}

function sentenceLines(skin: Skin, sentence: Sentence, columns: number): readonly string[] {
  const lines = wrap(sentence.text, Math.min(72, columns - 2 * MARGIN));
  return ["", ...lines.map((text) => " ".repeat(MARGIN) + skin.theme.paint(sentence.tone, text))];
}
