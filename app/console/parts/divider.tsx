/** The line between list and detail. */
import type { Rect } from "../layout.ts";
import type { Skin } from "../skin.ts";
import { Region } from "./region.tsx";

export interface DividerProps {
  readonly skin: Skin;
  readonly rect: Rect;
}

export function Divider({ skin, rect }: DividerProps) {
  const { vertical, horizontal } = skin.glyphs;
  const text = rect.columns === 1 ? vertical : horizontal.repeat(rect.columns);
  return <Region rect={rect} lines={Array.from({ length: rect.rows }, () => skin.theme.paint("dim", text))} />;
}
