/** Choosing the column that already sorts turns the order round; numbers begin with the greatest. */
import type { Column, SortOrder } from "#app/panes/pane.ts";

export function defaultSortFor<T>(column: Column<T> | undefined, current: SortOrder): SortOrder {
  if (!column) return current;
  if (column.id === current.column) return { ...current, isReverse: !current.isReverse };
  return { column: column.id, isReverse: column.align === "right" };
}
