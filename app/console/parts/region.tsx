/** A rectangle of finished lines. Nothing here measures: lines come cut and padded, one Text each so that Ink compares them. */
import { Box, Text } from "ink";
import { memo } from "react";
import type { Rect } from "../layout.ts";

export interface RegionProps {
  readonly rect: Rect;
  readonly lines: readonly string[];
}

export function Region({ rect, lines }: RegionProps) {
  const shown = lines.slice(0, rect.rows);
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
}

interface LineProps {
  readonly text: string;
}

const Line = memo(({ text }: LineProps) => <Text wrap="truncate">{text === "" ? " " : text}</Text>);
