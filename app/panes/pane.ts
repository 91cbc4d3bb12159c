/**
 * What a pane is: how items of one kind look, or of several kinds that belong to each other and stand as a tree. A pane
 * file says nothing but columns, detail and sentences; the list, its keys, its filter and its dialogs are the console's and
 * the same for every pane.
 *
 *     Pane -> columns -> cells (text + tone + glyph) -> the console paints them
 */
import type { Items, Kind } from "#core/model/kinds.ts";
import type { Forest } from "#core/store/forest.ts";
import type { Points, SampleHistory } from "#core/store/sample-history.ts";
import type { Snapshot } from "#core/store/snapshot.ts";

/** In the order of their tabs. */
export const PANE_IDS = ["daemons", "categories", "members", "aggregates", "power", "containers", "events"] as const;
export type PaneId = (typeof PANE_IDS)[number];

/** What a piece of text means. The theme alone knows what that looks like. */
export type Tone =
  | "text"
  | "strong"
  | "dim"
  | "accent"
  | "heading"
  | "ok"
  | "warn"
  | "error"
  | "unknown"
  | "busy"
  | "flag"
  | "marked";

/** A sign that stands beside a word, so that no state is told by colour alone. */
export type Sign =
  | "up"
  | "busy"
  | "frozen"
  | "down"
  | "failed"
  | "unknown"
  | "stale"
  | "unlocked"
  | "info"
  | "warn"
  | "error"
  | "none";

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
  readonly sign?: Sign;
  /** A sparkline behind the text, the newest at the right end: levels as of levelsOf(), null is a gap. */
  readonly bars?: Points;
}

/** What is not known, or does not apply. */
export const NONE: Cell = { text: "-", tone: "dim" };

export type SortValue = string | number | null;

export interface Column<T> {
  readonly id: string;
  /** Heading, with the unit of numbers. */
  readonly title: string;
  /** Below this many columns it is left out. */
  readonly min: number;
  readonly ideal: number;
  /** The column with the highest number is left out first. */
  readonly priority: number;
  readonly align: "left" | "right";
  /** Where a text that is too long loses characters; `never` for what would mislead when cut. */
  readonly cut: "end" | "middle" | "never";
  /** Takes the room that is left. */
  readonly isFilling?: boolean;
  /** It is left out where the column that takes the room would get less than this because of it. */
  readonly leavesFilling?: number;
  cell(item: T, context: DrawContext): Cell;
  /** null sorts last. */
  sortValue(item: T): SortValue;
}

export type DetailLine =
  | { readonly heading: string }
  | {
      readonly label: string;
      readonly text: string;
      readonly tone?: Tone;
      readonly sign?: Sign;
      /** How wide the column of labels is; left out: as everywhere. */
      readonly labelColumns?: number;
      /** A sparkline on a line of its own. */
      readonly bars?: Points;
    };

export interface DrawContext {
  /** Wall clock of the newest data: what "for 3 h" is counted to. It moves when data come, so that nothing ticks. */
  readonly atMs: number;
  /** Everything else there is at this moment: what belongs to the item. */
  readonly snapshot: Snapshot;
  /** What was sent of late to the endpoints that are looked at. */
  readonly samples: SampleHistory;
}

export interface Place {
  readonly kind: Kind;
  readonly id: string;
  /** What is there, for whoever chooses. */
  readonly label: string;
}

/** Where an item leads to, or to which places, or why nowhere. */
export type Jump =
  | { readonly kind: Kind; readonly id: string }
  | { readonly places: readonly Place[] }
  | { readonly reason: string };

export interface SortOrder {
  readonly column: string;
  readonly isReverse: boolean;
}

/** How items of several kinds hang together. */
export interface Tree<T> {
  /** The same object for the same items. */
  forest(snapshot: Snapshot): Forest<T>;
  /**
   * How many lines it unfolds to: one that needs more than a screen has is folded until it is unfolded. 0: it is never
   * folded by itself.
   */
  size(item: T): number;
}

/** Methods, not properties: so that `Pane<"daemons">` can stand in a table of panes of all kinds. */
export interface Pane<K extends Kind = Kind> {
  readonly id: PaneId;
  /** A kind is shown in one pane and no other. Where there are several, they stand as a tree. */
  readonly kinds: readonly K[];
  /** The items that its tab counts. */
  readonly counted: K;
  readonly title: string;
  /** Where there is no room for the title. */
  readonly shortTitle: string;
  /** The first bears the branches of a tree. */
  readonly columns: readonly Column<Items[K]>[];
  readonly sort: SortOrder;
  /** The column that a running action writes its progress to. */
  readonly progressColumn: string | null;
  /** The newest comes first; the list stays on it until the cursor is moved away. */
  readonly isChronicle: boolean;
  /** Events of one item are shown below its detail. */
  readonly hasHistory: boolean;
  /** A line says most of what there is: the list gets more of the room, the detail less. */
  readonly isListWide: boolean;
  /** What items of these kinds use, or are sent, is sampled while they are on the screen. */
  readonly sampled: readonly K[];
  readonly loading: string;
  readonly empty: string;
  label(item: Items[K]): string;
  /** Whether somebody should look at it; counted beside the pane's title. */
  alarm(item: Items[K]): "warn" | "error" | null;
  /** What the filter looks in. */
  searchText(item: Items[K]): string;
  detail(item: Items[K], context: DrawContext): readonly DetailLine[];
  readonly tree?: Tree<Items[K]>;
  /** The group an item belongs to, where a list can be narrowed to one: the category of a member. */
  scopeOf?(item: Items[K]): string;
  /** The column that says the same for every line while the list is narrowed to one group. */
  readonly scopeColumn?: string;
  /** The item of another pane that this one is about, or that is the same process. */
  jump?(item: Items[K], snapshot: Snapshot): Jump;
}
