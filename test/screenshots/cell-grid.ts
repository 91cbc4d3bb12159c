/** What stands on a terminal's screen, cell by cell, as runs of one style: the emulator's answer, not the bytes'. */
import type { IBufferCell, Terminal } from "@xterm/headless";

/** null: the terminal's own; a number: of the 256; an array: red, green and blue. */
export type CellColor = null | number | readonly [red: number, green: number, blue: number];

export interface CellStyle {
  readonly ink: CellColor;
  readonly ground: CellColor;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isInverse: boolean;
  readonly isUnderlined: boolean;
}

/** Neighbours of one style in one row. */
export interface Run {
  readonly row: number;
  readonly column: number;
  readonly columns: number;
  readonly text: string;
  readonly style: CellStyle;
}

export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly runs: readonly Run[];
}

export function cellGridOf(terminal: Terminal): CellGrid {
  const { cols: columns, rows } = terminal;
  const runs = Array.from({ length: rows }, (_, row) => runsOf(terminal, row)).flat();
  return { columns, rows, runs };
}

/** A wide character stands in a run of its own, so that what follows it does not depend on how wide it is drawn. */
function runsOf(terminal: Terminal, row: number): readonly Run[] {
  const line = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    const width = cell?.getWidth() ?? 0;
    if (!cell || width === 0) continue;
    const next: Run = { row, column, columns: width, text: cell.getChars() || " ", style: styleOf(cell) };
    const last = runs.at(-1);
    if (last && isJoinable(last, next)) {
      runs[runs.length - 1] = { ...last, columns: last.columns + 1, text: last.text + next.text };
    } else runs.push(next);
  }
  return runs;
}

function isJoinable(last: Run, next: Run): boolean {
  const isPlain = next.columns === 1 && last.columns === [...last.text].length;
  return isPlain && Bun.deepEquals(last.style, next.style);
}

function styleOf(cell: IBufferCell): CellStyle {
  return {
    ink: cell.isFgDefault() ? null : colorOf(cell.getFgColor(), cell.isFgRGB()),
    ground: cell.isBgDefault() ? null : colorOf(cell.getBgColor(), cell.isBgRGB()),
    isBold: cell.isBold() !== 0,
    isDim: cell.isDim() !== 0,
    isInverse: cell.isInverse() !== 0,
    isUnderlined: cell.isUnderline() !== 0,
  };
}

function colorOf(value: number, isDirect: boolean): CellColor {
  return isDirect ? [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff] : value;
}
