/** A rectangle of finished lines. Nothing here measures: lines come cut and padded, one Text each so that Ink compares them. */
import { Box } from "ink";
import { createElement, memo } from "react";
import type { Rect } from "../layout.ts";

export interface RegionProps {
  readonly rect: Rect;
  readonly lines: readonly string[];
  /** It lies over others: its blanks are drawn. */
  readonly isCovering?: boolean;
}

/** Ink takes every line apart anew for each frame: blanks that nothing is under cost as much as words. */
export const Region = memo(({ rect, lines, isCovering = false }: RegionProps) => {
  const shown = lines.slice(0, rect.rows).map((text) => (isCovering ? text : text.trimEnd()));
  return (
    <Box
      position="absolute"
      left={rect.left}
      top={rect.top}
      width={rect.columns}
      height={rect.rows}
      flexDirection="column"
    >
      {shown.map((text, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is a place on the screen, whatever stands in it
        <Line key={row} text={text} />
      ))}
    </Box>
  );
}, isSame);

function isSame(before: RegionProps, after: RegionProps): boolean {
  return (
    before.isCovering === after.isCovering &&
    Bun.deepEquals(before.rect, after.rect) &&
    before.lines.length === after.lines.length &&
    before.lines.every((text, row) => text === after.lines[row])
  );
}

interface LineProps {
  readonly text: string;
}

/** Of Ink's Text only what lies under it: without a style of its own nothing has to be changed on its way to the screen. */
const Line = memo(({ text }: LineProps) => createElement("ink-text", { style: LINE }, text === "" ? " " : text));

const LINE = { flexGrow: 0, flexShrink: 1, flexDirection: "row", textWrap: "truncate" };
