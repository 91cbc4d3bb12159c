/**
 * Second line: the panes with their counts; on the right filter and position. Where that is too much for the line, the
 * panes behind give way step by step: their titles get short, then their counts go, then their titles. What needs somebody
 * is counted as long as it can be.
 */
import { widthOf } from "../cells.ts";
import type { Rect } from "../layout.ts";
import { plain, type Skin, type Span, sides, sign } from "../skin.ts";
import { Region } from "./region.tsx";

export interface Tab {
  readonly title: string;
  readonly shortTitle: string;
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

/** How much of a tab that is not in front is told. */
interface Telling {
  readonly title: "title" | "shortTitle" | null;
  readonly hasCount: boolean;
  readonly hasAlarms: boolean;
}

const TELLINGS: readonly Telling[] = [
  { title: "title", hasCount: true, hasAlarms: true },
  { title: "shortTitle", hasCount: true, hasAlarms: true },
  { title: "shortTitle", hasCount: false, hasAlarms: true },
  { title: null, hasCount: false, hasAlarms: true },
  { title: null, hasCount: false, hasAlarms: false },
];

const WHOLE: Telling = { title: "title", hasCount: true, hasAlarms: true };

export function TabLine({ skin, rect, tabs, scope, filter, position }: TabLineProps) {
  const right: Span[] = [];
  if (scope !== "") right.push({ text: `in ${plain(skin, scope)}  `, tone: "accent" });
  if (filter !== "") right.push({ text: `filter: ${plain(skin, filter)}  `, tone: "accent" });
  right.push({ text: position, tone: "dim" });
  const room = rect.columns - widthOf(right.map(({ text }) => text).join("")) - 1;
  const tellings = TELLINGS.map((telling) => tabSpans(skin, tabs, telling));
  const left =
    tellings.find((spans) => widthOf(spans.map(({ text }) => text).join("")) <= room) ?? tellings.at(-1) ?? [];
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}

function tabSpans(skin: Skin, tabs: readonly Tab[], behind: Telling): readonly Span[] {
  return tabs.flatMap((tab, index): Span[] => {
    const { title, hasCount, hasAlarms } = tab.isActive ? WHOLE : behind;
    const name = title === null ? String(index + 1) : `${index + 1} ${tab[title]}`;
    const alarm = (name: "error" | "warn", count: number): Span => ({
      text: hasAlarms && count > 0 ? `${sign(skin, name)}${count} ` : "",
      tone: name,
    });
    return [
      { text: tab.isActive ? `${skin.glyphs.cursor} ` : "  ", tone: tab.isActive ? "accent" : "dim" },
      { text: `${name} `, tone: tab.isActive ? "strong" : "dim" },
      { text: hasCount ? `${tab.count} ` : "", tone: "dim" },
      alarm("error", tab.errors),
      alarm("warn", tab.warnings),
    ];
  });
}
