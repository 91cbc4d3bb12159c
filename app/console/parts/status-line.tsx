/** The line above the keys: what is being typed, else the newest answer, else what runs, else a remark. */
import type { Rect } from "../layout.ts";
import { type Skin, type Span, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface StatusLineProps {
  readonly skin: Skin;
  /** One row; more lines than that grow upward over the body. */
  readonly rect: Rect;
  readonly lines: readonly (readonly Span[])[];
  readonly aside: string;
}

export function StatusLine({ skin, rect, lines, aside }: StatusLineProps) {
  const rows = Math.max(1, lines.length);
  const grown: Rect = { ...rect, top: rect.top - (rows - 1), rows };
  const right: Span[] = aside === "" ? [] : [{ text: aside, tone: "dim" }];
  const drawn = lines.map((spans, index) =>
    sides(skin, [{ text: " " }, ...spans], index === 0 ? right : [], rect.columns),
  );
  return <Region rect={grown} lines={drawn} isCovering={rows > 1} />;
}
