/** Since when something is, and for how long. null: it is not, or nobody knows. */
import { fullTime, shortDuration } from "./measures.ts";
import { type Column, NONE } from "./pane.ts";

/** Month, day and time: right on any day, so it need not be drawn again at midnight. */
export const sinceColumn = <T>(sinceMs: (item: T) => number | null): Column<T> => ({
  id: "since",
  title: "SINCE",
  min: 14,
  ideal: 14,
  priority: 5,
  align: "left",
  cut: "never",
  cell: (item) => {
    const at = sinceMs(item);
    return at === null ? NONE : { text: fullTime(at).slice(5) };
  },
  sortValue: sinceMs,
});

/** By the start: the order of what runs does not change from one moment to the next. */
export const oldestLast = (startedAt: string | null) => (startedAt === null ? null : -Date.parse(startedAt));

/** How long it has been there; of what has ended, how long it was. */
export const ageColumn = <T>(
  named: Pick<Column<T>, "id" | "title" | "priority">,
  startedAt: (item: T) => string | null,
  endedAt: (item: T) => string | null,
): Column<T> => ({
  ...named,
  min: 7,
  ideal: 7,
  align: "right",
  cut: "never",
  cell: (item, { atMs }) => {
    const start = startedAt(item);
    const end = endedAt(item);
    if (start === null) return NONE;
    const text = shortDuration((end === null ? atMs : Date.parse(end)) - Date.parse(start));
    return end === null ? { text } : { text, tone: "dim" };
  },
  sortValue: (item) => oldestLast(startedAt(item)),
});
