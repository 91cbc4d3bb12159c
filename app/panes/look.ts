/**
 * What every line of a pane of several kinds is asked, whatever stands on it, and what such panes have in common. Each asks
 * more of its own: aggregate-look.ts, container-look.ts, power-look.ts.
 */
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Cell, Column, DetailLine, DrawContext, Jump } from "./pane.ts";

export interface Look<T> {
  name(item: T, context: DrawContext): Cell;
  /** The order of siblings: as text, numbers filled up. */
  nameKey(item: T): string;
  state(item: T): Cell;
  /** What needs somebody comes first. */
  stateRank(item: T): number;
  label(item: T): string;
  alarm(item: T): "warn" | "error" | null;
  searchText(item: T): string;
  detail(item: T, context: DrawContext): readonly DetailLine[];
  jump(item: T, snapshot: Snapshot): Jump;
}

type LookOf<T> = (item: T) => Look<T>;

export const nameColumn = <T>(lookOf: LookOf<T>, width: Pick<Column<T>, "min" | "ideal">): Column<T> => ({
  id: "name",
  title: "NAME",
  ...width,
  priority: 0,
  align: "left",
  cut: "middle",
  cell: (item, context) => lookOf(item).name(item, context),
  sortValue: (item) => lookOf(item).nameKey(item),
});

export const stateColumn = <T>(lookOf: LookOf<T>, width: Pick<Column<T>, "min" | "ideal" | "cut">): Column<T> => ({
  id: "state",
  title: "STATE",
  ...width,
  priority: 0,
  align: "left",
  cell: (item) => lookOf(item).state(item),
  sortValue: (item) => lookOf(item).stateRank(item),
});

/** What a pane leaves to its looks altogether. */
export const leftToLooks = <T>(lookOf: LookOf<T>) => ({
  label: (item: T) => lookOf(item).label(item),
  alarm: (item: T) => lookOf(item).alarm(item),
  searchText: (item: T) => lookOf(item).searchText(item),
  detail: (item: T, context: DrawContext) => lookOf(item).detail(item, context),
  jump: (item: T, snapshot: Snapshot) => lookOf(item).jump(item, snapshot),
});
