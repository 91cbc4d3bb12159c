/** Rows as an aligned table. */
import type { Row } from "./rows.ts";

const HEADINGS = ["WHAT", "MUSTER", "PEER", "RATIO", "TARGET", ""];

export function tableText(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.what,
    row.muster,
    row.peer,
    row.ratio === null ? "" : row.ratio.toPrecision(2),
    row.target,
    row.isMet === null ? "" : row.isMet ? "ok" : "OVER",
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [HEADINGS, ...lines]
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
