/**
 * Second line: the panes with their counts; on the right filter and position. Where that is too much for the line, the
 * panes behind give way step by step: their titles get short, then their counts go, then their titles, and the one in front
 * gets short too before anything is cut. What needs somebody is counted as long as it can be.
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

/** How much of a tab is told. */
interface Telling {
  readonly title: "title" | "shortTitle" | null;
  readonly hasCount: boolean;
  /** worst: warnings are not counted beside errors. */
  readonly alarms: "all" | "worst" | "none";
}

const WHOLE: Telling = { title: "title", hasCount: true, alarms: "all" };
const SHORT: Telling = { title: "shortTitle", hasCount: true, alarms: "all" };
const UNCOUNTED: Telling = { title: "shortTitle", hasCount: false, alarms: "all" };
const WORST: Telling = { title: "shortTitle", hasCount: false, alarms: "worst" };
const NUMBER: Telling = { title: null, hasCount: false, alarms: "all" };
const NUMBER_WORST: Telling = { title: null, hasCount: false, alarms: "worst" };
const NAMED: Telling = { title: "shortTitle", hasCount: false, alarms: "none" };
const BARE: Telling = { title: null, hasCount: false, alarms: "none" };

/** Of the tab in front and of those behind it, the most telling first. null: those behind are not told at all. */
const TELLINGS: readonly (readonly [inFront: Telling, behind: Telling | null])[] = [
  [WHOLE, WHOLE],
  [WHOLE, SHORT],
  [WHOLE, UNCOUNTED],
  [SHORT, UNCOUNTED],
  [WHOLE, WORST],
  [SHORT, WORST],
  [UNCOUNTED, WORST],
  [WORST, WORST],
  [WHOLE, NUMBER],
  [SHORT, NUMBER],
  [SHORT, NUMBER_WORST],
  [WHOLE, BARE],
  [SHORT, BARE],
  [UNCOUNTED, BARE],
  [WHOLE, null],
  [UNCOUNTED, null],
  [NAMED, null],
  [BARE, null],
];

/** Between the last count and the position, which are numbers both. */
const GAP = 2;

export function TabLine({ skin, rect, tabs, scope, filter, position }: TabLineProps) {
  const right: Span[] = [];
  if (scope !== "") right.push({ text: `in ${plain(skin, scope)}  `, tone: "accent" });
  if (filter !== "") right.push({ text: `filter: ${plain(skin, filter)}  `, tone: "accent" });
  right.push({ text: position, tone: "dim" });
  const room = rect.columns - widthOf(right.map(({ text }) => text).join("")) - GAP;
  let left: readonly Span[] = [];
  for (const [inFront, behind] of TELLINGS) {
    left = tabSpans(skin, tabs, inFront, behind);
    if (widthOf(left.map(({ text }) => text).join("")) <= room) break;
  }
  return <Region rect={rect} lines={[sides(skin, left, right, rect.columns)]} />;
}

function tabSpans(skin: Skin, tabs: readonly Tab[], inFront: Telling, behind: Telling | null): readonly Span[] {
  return tabs.flatMap((tab, index): Span[] => {
    const telling = tab.isActive ? inFront : behind;
    if (telling === null) return [];
    const { title, hasCount, alarms } = telling;
    const name = title === null ? String(index + 1) : `${index + 1} ${tab[title]}`;
    const hasWarnings = alarms === "all" || (alarms === "worst" && tab.errors === 0);
    const alarm = (name: "error" | "warn", count: number, isTold: boolean): Span => ({
      text: isTold && count > 0 ? ` ${sign(skin, name)}${count}` : "",
      tone: name,
    });
    const lead = tab.isActive ? `${skin.glyphs.cursor} ` : "  ";
    const isFirst = index === 0 || behind === null;
    return [
      { text: tab.isActive && !isFirst ? ` ${lead}` : lead, tone: tab.isActive ? "accent" : "dim" },
      { text: name, tone: tab.isActive ? "strong" : "dim" },
      { text: hasCount ? ` ${tab.count}` : "", tone: "dim" },
      alarm("error", tab.errors, alarms !== "none"),
      alarm("warn", tab.warnings, hasWarnings),
    ];
  });
}
