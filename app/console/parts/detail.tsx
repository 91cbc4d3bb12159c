/** The detail of the selected item: a title, and as much of its text as fits. */
import type { Rect } from "../layout.ts";
import { line, plain, type Skin, type Span, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface DetailProps {
  readonly skin: Skin;
  readonly rect: Rect;
  /** null: nothing is selected. */
  readonly title: string | null;
  readonly text: readonly (readonly Span[])[];
  readonly offset: number;
  readonly hasFocus: boolean;
}

export function Detail({ skin, rect, title, text, offset, hasFocus }: DetailProps) {
  const room = rect.rows - 1;
  const first = Math.max(0, Math.min(offset, text.length - room));
  const below = text.length - first - room;
  const mark = hasFocus ? `${skin.glyphs.cursor} ` : "  ";
  const heading: Span[] = [
    { text: mark, tone: "accent" },
    { text: title === null ? "Nothing is selected" : plain(skin, title), tone: title === null ? "dim" : "strong" },
  ];
  const more: Span[] = below > 0 ? [{ text: `${skin.glyphs.more} ${below} more`, tone: "dim" }] : [];
  const lines = text.slice(first, first + room).map((spans) => line(skin, [{ text: " " }, ...spans], rect.columns));
  return <Region rect={rect} lines={[sides(skin, heading, more, rect.columns), ...lines]} />;
}
