/** Last line: the most useful keys here. What cannot be used now stays, greyed; help always stays. */
import { widthOf } from "../cells.ts";
import type { Rect } from "../layout.ts";
import { line, type Skin, type Span } from "../skin.ts";
import { Region } from "./region.tsx";

export interface FooterKey {
  readonly key: string;
  readonly label: string;
  readonly isDisabled: boolean;
}

export interface FooterProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly keys: readonly FooterKey[];
  /** Kept at the right end whatever the width. */
  readonly last: FooterKey | null;
}

export function Footer({ skin, rect, keys, last }: FooterProps) {
  const lastSpans = last === null ? [] : keySpans(skin, last);
  const lastWidth = lastSpans.reduce((sum, span) => sum + widthOf(span.text), 0);
  const spans: Span[] = [{ text: " " }];
  let room = rect.columns - 2 - lastWidth;
  for (const key of keys) {
    const next = keySpans(skin, key);
    const width = next.reduce((sum, span) => sum + widthOf(span.text), 0) + 2;
    if (width > room) break;
    spans.push(...next, { text: "  " });
    room -= width;
  }
  return <Region rect={rect} lines={[line(skin, [...spans, ...lastSpans], rect.columns)]} />;
}

/** Without colour a key that is off stands in brackets. */
function keySpans(skin: Skin, { key, label, isDisabled }: FooterKey): Span[] {
  if (!isDisabled) return [{ text: key, tone: "accent" }, { text: ` ${label}` }];
  return [{ text: skin.colorLevel === 0 ? `(${key} ${label})` : `${key} ${label}`, tone: "dim" }];
}
