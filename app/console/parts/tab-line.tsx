/** Second line: the panes with their counts; on the right filter and position. */
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span, sides, sign } from "../skin.ts";
import { Region } from "./region.tsx";

export interface Tab {
  readonly title: string;
  readonly count: string;
  readonly errors: number;
  readonly warnings: number;
  readonly isActive: boolean;
}

export interface TabLineProps {
  readonly skin: Skin;
  readonly rect: Rect;
  readonly tabs: readonly Tab[];
  /** The one group that is shown; empty for all. */
  readonly scope: string;
  readonly filter: string;
  readonly position: string;
}

export function TabLine({ skin, rect, tabs, scope, filter, position }: TabLineProps) {
  const left = tabs.flatMap((tab, index): Span[] => [
    { text: tab.isActive ? `${skin.glyphs.cursor} ` : "  ", tone: tab.isActive ? "accent" : "dim" },
    { text: `${index + 1} ${tab.title}`, tone: tab.isActive ? "strong" : "dim" },
    { text: ` ${tab.count} `, tone: "dim" },
    { text: tab.errors > 0 ? `${sign(skin, "error")}${tab.errors} ` : "", tone: "error" },
    { text: tab.warnings > 0 ? `${sign(skin, "warn")}${tab.warnings} ` : "", tone: "warn" },
  ]);
  const right: Span[] = [];
  if (scope !== "") right.push({ text: `in ${plain(skin, scope)}  `, tone: "accent" });
  if (filter !== "") right.push({ text: `filter: ${plain(skin, filter)}  `, tone: "accent" });
  right.push({ text: position, tone: "dim" });
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}
