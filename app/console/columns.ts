/** Which columns a list shows and how wide: those of the highest priority number go first, what is left is given out. */
import type { Column } from "#app/panes/pane.ts";

export interface FittedColumn<T> {
  readonly column: Column<T>;
  readonly columns: number;
}

export const GAP = 2;

export function fitColumns<T>(all: readonly Column<T>[], columns: number): readonly FittedColumn<T>[] {
  let shown = [...all];
  const left: Column<T>[] = [];
  const least = () => shown.reduce((sum, column) => sum + column.min, 0) + GAP * (shown.length - 1);
  while (shown.length > 1 && least() > columns) {
    const worst = shown.reduce((a, b) => (b.priority >= a.priority ? b : a));
    shown = shown.filter((column) => column !== worst);
    left.unshift(worst);
  }
  // What is narrower than the last one that had to go may still have room.
  for (const column of left) {
    if (least() + GAP + column.min <= columns) shown = all.filter((each) => each === column || shown.includes(each));
  }
  let spare = columns - least();
  const widths = shown.map((column) => {
    const extra = Math.max(0, Math.min(spare, column.ideal - column.min));
    spare -= extra;
    return column.min + extra;
  });
  return shown.map((column, index) => ({
    column,
    columns: (widths[index] ?? column.min) + (column.isFilling ? Math.max(0, spare) : 0),
  }));
}
