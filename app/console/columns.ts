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
  const minOf = ({ min, isFilling }: Column<T>) =>
    isFilling ? Math.max(min, ...shown.map(({ leavesFilling = 0 }) => leavesFilling)) : min;
  const least = () => shown.reduce((sum, column) => sum + minOf(column), 0) + GAP * (shown.length - 1);
  while (shown.length > 1 && least() > columns) {
    const worst = shown.reduce((a, b) => (b.priority >= a.priority ? b : a));
    shown = shown.filter((column) => column !== worst);
    left.unshift(worst);
  }
  // What is narrower than the last one that had to go may still have room.
  for (const column of left) {
    const before = shown;
    shown = all.filter((each) => each === column || before.includes(each));
    if (least() > columns) shown = before;
  }
  let spare = columns - least();
  const widths = shown.map((column) => {
    const min = minOf(column);
    const extra = Math.max(0, Math.min(spare, column.ideal - min));
    spare -= extra;
    return min + extra;
  });
  return shown.map((column, index) => ({
    column,
    columns: (widths[index] ?? minOf(column)) + (column.isFilling ? Math.max(0, spare) : 0),
  }));
}
