/** The columns to sort by; the present one bears its direction. */
import type { Rect } from "../layout.ts";
import type { Skin, Span } from "../skin.ts";
import { Dialog } from "./dialog.tsx";

export interface SortMenuProps {
  readonly skin: Skin;
  readonly body: Rect;
  readonly titles: readonly string[];
  readonly row: number;
  readonly sorted: number;
  readonly isReverse: boolean;
}

const COLUMNS = 34;

export function SortMenu({ skin, body, titles, row, sorted, isReverse }: SortMenuProps) {
  const direction = isReverse ? skin.glyphs.descending : skin.glyphs.ascending;
  const lines = titles.map((title, index): readonly Span[] => [
    { text: index === row ? `${skin.glyphs.cursor} ` : "  ", tone: "accent" },
    { text: title, tone: index === row ? "strong" : "text" },
    { text: index === sorted ? ` ${direction}` : "", tone: "accent" },
  ]);
  return <Dialog skin={skin} body={body} title="Sort by" lines={lines} columns={COLUMNS} />;
}
