/** Second line: the panes with their counts; on the right filter and position. */
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span, sides } from "../skin.ts";
import { Region } from "./region.tsx";

export interface Tab {
  readonly title: string;
  readonly count: string;
  readonly isActive: boolean;
}

export interface TabLineProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly tabs: readonly Tab[];
  readonly filter: string;
  readonly position: string;
}

export function TabLine({ skin, rect, tabs, filter, position }: TabLineProps) {
  const left = tabs.flatMap((tab, index): Span[] => [
    { text: tab.isActive ? `${skin.glyphs.cursor} ` : "  ", tone: "accent" },
    { text: `${index + 1} ${tab.title}`, tone: tab.isActive ? "strong" : "dim" },
    { text: ` ${tab.count} `, tone: "dim" },
  ]);
  const right: Span[] = filter === "" ? [] : [{ text: `filter: ${plain(skin, filter)}  `, tone: "accent" }];
  right.push({ text: position, tone: "dim" });
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}
