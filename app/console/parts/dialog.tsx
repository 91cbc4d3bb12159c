/** A framed box in the middle of the body; it covers what is under it. */
import { cutEnd, widthOf } from "../cells.ts";
import type { Rect } from "../layout.ts";
import { line, type Skin, type Span } from "../skin.ts";
import { Region } from "./region.tsx";

export interface DialogProps {
  readonly skin: Skin;
  /** What it may cover. */
  readonly body: Rect;
  readonly title: string;
  readonly lines: readonly (readonly Span[])[];
  /** Widest it gets, frame included. */
  readonly columns: number;
}

/** Columns inside the frame of a dialog of at most `columns`. */
export const innerColumns = (body: Rect, columns: number): number => Math.min(columns, body.columns - 2) - 4;

export function Dialog({ skin, body, title, lines, columns }: DialogProps) {
  const inner = innerColumns(body, columns);
  const rows = Math.min(body.rows, lines.length + 2);
  const rect: Rect = {
    left: body.left + Math.max(0, Math.floor((body.columns - inner - 4) / 2)),
    top: body.top + Math.max(0, Math.floor((body.rows - rows) / 3)),
    columns: inner + 4,
    rows,
  };
  const { vertical, horizontal, corners } = skin.glyphs;
  const paint = (text: string) => skin.theme.paint("accent", text);
  const shown = cutEnd(title, inner - 1, skin.glyphs.ellipsis);
  const rule = horizontal.repeat(inner - 1 - widthOf(shown));
  const top = paint(`${corners[0]}${horizontal} `) + skin.theme.paint("strong", shown) + paint(` ${rule}${corners[1]}`);
  const bottom = paint(corners[2] + horizontal.repeat(inner + 2) + corners[3]);
  const middle = lines
    .slice(0, rows - 2)
    .map((spans) => `${paint(vertical)} ${line(skin, spans, inner)} ${paint(vertical)}`);
  return <Region rect={rect} lines={[top, ...middle, bottom]} />;
}
