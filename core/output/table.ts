/** Plain tables: aligned with a header for people, tab-separated without one for pipes. Promised not stable. */
import { visible } from "./text.ts";

export type Tone = "ok" | "warn" | "error" | "dim";

export interface Column<T> {
  readonly title: string;
  readonly isRight?: boolean;
  readonly text: (item: T) => string;
  /** What the cell's colour says; the word says it too, so nothing is lost without colour. */
  readonly tone?: (item: T) => Tone | null;
}

export interface TableStyle {
  readonly isTerminal: boolean;
  readonly hasColor: boolean;
}

/** The terminal's own palette; blue for good and red for bad, so that they differ to colour-blind eyes. */
const SGR: Readonly<Record<Tone, string>> = { ok: "34", warn: "33", error: "1;31", dim: "2" };

export function paint(text: string, tone: Tone | null, hasColor: boolean): string {
  return tone === null || !hasColor ? text : `\x1b[${SGR[tone]}m${text}\x1b[0m`;
}

export function tableText<T>(items: readonly T[], columns: readonly Column<T>[], style: TableStyle): string {
  const rows = items.map((item) => columns.map((column) => visible(column.text(item))));
  if (!style.isTerminal) return rows.map((row) => `${row.join("\t")}\n`).join("");
  if (items.length === 0) return "";
  const widths = columns.map((column, index) =>
    rows.reduce((widest, row) => Math.max(widest, Bun.stringWidth(row[index] ?? "")), column.title.length),
  );
  const header = columns.map((column, index) => cell(column.title, widths[index] ?? 0, column.isRight)).join("  ");
  const lines = rows.map((row, rowIndex) =>
    columns
      .map((column, index) => {
        const padded = cell(row[index] ?? "", widths[index] ?? 0, column.isRight);
        const item = items[rowIndex];
        const tone = item === undefined ? null : (column.tone?.(item) ?? null);
        return paint(padded, tone, style.hasColor);
      })
      .join("  ")
      .trimEnd(),
  );
  return `${[paint(header.trimEnd(), "dim", style.hasColor), ...lines].join("\n")}\n`;
}

function cell(text: string, width: number, isRight = false): string {
  const padding = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
  return isRight ? padding + text : text + padding;
}
