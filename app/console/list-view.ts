/** The list's props from the state: fitted columns, the rows in sight, or the sentence that stands for them. */
import type { Cell } from "#app/panes/pane.ts";
import { WORDS } from "#app/panes/words.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { widthOf } from "./cells.ts";
import { type FittedColumn, fitColumns } from "./columns.ts";
import type { ConsoleState } from "./console-store.ts";
import { listHeight, type Rect } from "./layout.ts";
import { type ListHeading, type ListRow, MARGIN, type Sentence } from "./parts/list.tsx";
import { SPINNER_AFTER_MS } from "./perform.ts";
import type { Rows } from "./rows.ts";
import { plain, type Skin } from "./skin.ts";
import { type Running, runningOn } from "./ui-state.ts";
import { drawContextOf, itemCount, itemIn, paneOf, paneStateOf } from "./view.ts";

type Item = Items[Kind];

export interface ListView {
  readonly headings: readonly ListHeading[];
  readonly rows: readonly ListRow[];
  readonly sentences: readonly Sentence[];
  /** What the widest column says of an item where the list has no room for it, or not for all of it; else nothing. */
  unsaid(item: Item): string;
}

export function listView(skin: Skin, state: ConsoleState, rows: Rows, rect: Rect): ListView {
  const pane = paneOf(state);
  const { sort, offset, cursor, scope } = paneStateOf(state);
  const columns = pane.columns.filter((column) => scope === null || column.id !== pane.scopeColumn);
  const fitted = fitColumns<Item>(columns, rect.columns - MARGIN);
  const visible = rows.ids.slice(offset, offset + listHeight(rect));
  return {
    headings: fitted.map(({ column, columns }) => ({
      id: column.id,
      title: column.title,
      columns,
      align: column.align,
      cut: column.cut,
      sorted: column.id === sort.column ? (sort.isReverse ? "descending" : "ascending") : null,
    })),
    rows: visible.flatMap((id, index): ListRow[] => {
      const item = itemIn(state.shown, pane, id);
      const branch = rows.branchAt(offset + index);
      return item ? [{ cells: cellsOf(skin, state, item, fitted), branch, isSelected: id === cursor }] : [];
    }),
    sentences: rows.ids.length > 0 ? [] : sentencesFor(skin, state, rows),
    unsaid: (item) => {
      const filling = columns.find(({ isFilling }) => isFilling);
      const { text = "" } = filling?.cell(item, drawContextOf(state)) ?? {};
      const room = fitted.find(({ column }) => column === filling)?.columns ?? 0;
      return widthOf(plain(skin, text)) > room ? text : "";
    },
  };
}

function cellsOf(skin: Skin, state: ConsoleState, item: Item, fitted: readonly FittedColumn<Item>[]): readonly Cell[] {
  const running = runningOn(state.ui, item.id);
  const { progressColumn } = paneOf(state);
  const context = drawContextOf(state);
  return fitted.map(({ column }) =>
    running && column.id === progressColumn ? progressCell(skin, running, state.ui.tickMs) : column.cell(item, context),
  );
}

/** Spinner, verb and seconds: `/ restart 12s`. */
function progressCell(skin: Skin, running: Running, nowMs: number): Cell {
  const elapsedMs = Math.max(0, nowMs - running.startedMs);
  const seconds = Math.floor(elapsedMs / 1000);
  const time = seconds > 0 ? ` ${seconds}s` : "";
  return { text: `${spinner(skin, elapsedMs)} ${running.verb}${time}`, tone: "busy" };
}

/** Still until the action has taken long enough to be worth watching. */
export function spinner(skin: Skin, elapsedMs: number): string {
  const frames = skin.glyphs.spinner;
  if (elapsedMs < SPINNER_AFTER_MS || skin.isMotionless) return frames[0] ?? "";
  return frames[Math.floor(elapsedMs / 250) % frames.length] ?? "";
}

/** Loading, failed, empty, no match: each says what to do next. */
export function sentencesFor(skin: Skin, state: ConsoleState, rows: Rows): readonly Sentence[] {
  const pane = paneOf(state);
  const shelves = pane.kinds.map((kind) => ({ kind, ...state.shown.shelves[kind] }));
  const { filter, scope } = paneStateOf(state);
  const count = itemCount(state.shown, pane);
  const failed = shelves.find(({ status }) => status === "failed");
  if (failed && count === 0) {
    const { error } = failed;
    const errno = error?.errno && !error.message.includes(error.errno) ? ` (${error.errno})` : "";
    const what = `Cannot read ${WORDS[failed.kind].many}: ${error?.message ?? "the source failed"}${errno}`;
    const way = error?.hint ?? "Press r to read again.";
    return [
      { text: plain(skin, what), tone: "error" },
      { text: plain(skin, way), tone: "text" },
    ];
  }
  if (shelves.some(({ status }) => status === "loading")) return [{ text: pane.loading, tone: "dim" }];
  if (count === 0) return [{ text: pane.empty, tone: "text" }];
  if (scope !== null && filter === "") {
    const text = `${plain(skin, scope.name)} has no ${WORDS[pane.counted].many}. Press a to add one, Esc to go back.`;
    return [{ text, tone: "text" }];
  }
  const text = `0 of ${count} match "${plain(skin, filter)}". Esc clears the filter.`;
  return [{ text: rows.problem === null ? text : plain(skin, rows.problem.message), tone: "text" }];
}
