/** The line above the keys: what is being typed, else the newest answer, else what runs, else a remark. */
import type { Tone } from "#app/panes/pane.ts";
import type { Rect } from "../layout.ts";
import { type Skin, type Span, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface StatusLineProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly spans: readonly Span[];
  readonly aside: string;
  readonly asideTone?: Tone;
}

export function StatusLine({ skin, rect, spans, aside, asideTone = "dim" }: StatusLineProps) {
  const right: Span[] = aside === "" ? [] : [{ text: aside, tone: asideTone }];
  return <Region rect={rect} lines={[sides(skin, [{ text: " " }, ...spans], right, rect.columns)]} />;
}
