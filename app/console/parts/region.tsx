/** A rectangle of finished lines. Nothing here measures: lines come cut and padded. */
import { createElement, memo, useMemo } from "react";
import type { Rect } from "../layout.ts";

export interface RegionProps {
  readonly rect: Rect;
  readonly lines: readonly string[];
  /** It lies over others: its blanks are drawn. */
  readonly isCovering?: boolean;
}

/**
 * One node with a blank in it, which is changed into the lines on its way to the screen: what Ink takes apart, measures and
 * lays out for every frame is the blank, and other lines in the same place are no new layout. It is what Ink's Transform
 * makes, with a place on the screen.
 */
export const Region = memo(({ rect, lines, isCovering = false }: RegionProps) => {
  const { left, top, columns, rows } = rect;
  const shown = lines.slice(0, rows).map((text) => harmless(isCovering ? text : text.trimEnd()));
  const style = useMemo(
    () => ({ position: "absolute", left, top, width: columns, height: rows, textWrap: "truncate" }),
    [left, top, columns, rows],
  );
  const blank = " ".concat("\n".repeat(Math.max(0, rows - 1)));
  return createElement("ink-text", { style, internal_transform: (_: string, row: number) => shown[row] ?? "" }, blank);
}, isSame);

function isSame(before: RegionProps, after: RegionProps): boolean {
  return (
    before.isCovering === after.isCovering &&
    Bun.deepEquals(before.rect, after.rect) &&
    before.lines.length === after.lines.length &&
    before.lines.every((text, row) => text === after.lines[row])
  );
}

/** Whatever else than SGR would act on the terminal. Ink takes it out of what it measures, and that is the blank. */
const ACTING = /\x1b(?!\[[\d;]*m)|[\x00-\x1a\x1c-\x1f\x7f-\x9f]/g;

const harmless = (line: string): string => line.replace(ACTING, "");
