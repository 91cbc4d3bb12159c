/** The journal's words for the selected line, its pane and its detail: the same cells, titles and sentences as the screen's. */
import { severityCell } from "#app/panes/events.ts";
import { clockTime, fullTime } from "#app/panes/measures.ts";
import { PANE_LIST } from "#app/panes/table.ts";
import { WORDS } from "#app/panes/words.ts";
import { counted } from "#core/model/counted.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { historyOf } from "#core/store/select.ts";
import { type Alarms, alarmsOf } from "../alarms.ts";
import { fitColumns } from "../columns.ts";
import type { ConsoleState } from "../console-store.ts";
import type { Desk } from "../desk.ts";
import { sentencesFor } from "../list-view.ts";
import { runningOn } from "../ui-state.ts";
import { drawContextOf, itemCount, paneOf, paneStateOf, rowKindOf, selectedItem } from "../view.ts";

/** What is read of a line is what a list of this width shows of it, and the remark behind it. */
const COLUMNS = 78;
/** What is longer says no more to somebody who has to hear it. */
const LONGEST = 2000;

/** A line of a detail. Of numbers that are measured again and again a change is not worth a word. */
export interface Part {
  readonly text: string;
  readonly isSteady: boolean;
}

/** The selected line. */
export interface Row {
  readonly id: string;
  /** `daemon sshd`. */
  readonly name: string;
  readonly text: string;
  /** Without what is measured: what it says when something became of it. */
  readonly steady: string;
  /** `3 of 37`. */
  readonly position: string;
  readonly fold: string;
}

export const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text);

export const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join(", ");

export function rowOf(desk: Desk, state: ConsoleState): Row | null {
  const item = selectedItem(state);
  if (item === undefined) return null;
  const rows = desk.view.rows(state);
  const at = rows.indexOf(item.id);
  const parts = partsOf(state, item);
  const branch = at < 0 ? null : rows.branchAt(at);
  const fold = branch?.fold === "folded" ? "folded" : branch?.fold === "open" ? "unfolded" : "";
  const level = branch === null ? "" : `level ${branch.depth + 1}`;
  const position = `${at + 1} of ${rows.ids.length}`;
  return {
    id: item.id,
    name: parts[0]?.text ?? "",
    text: joined(...parts.map(({ text }) => text), level, fold),
    steady: joined(...parts.map(({ steady }) => steady)),
    position,
    fold,
  };
}

interface RowPart {
  readonly text: string;
  /** What it says of what stays; empty if it only measures. */
  readonly steady: string;
}

const STEADY_COLUMNS = ["pid"];

function partsOf(state: ConsoleState, item: Items[Kind]): readonly RowPart[] {
  const pane = paneOf(state);
  const context = drawContextOf(state);
  const { scope } = paneStateOf(state);
  const all = pane.columns.filter((column) => scope === null || column.id !== pane.scopeColumn);
  const fitted = fitColumns<Items[Kind]>(all, COLUMNS).map(({ column }) => column);
  const label = pane.label(item);
  const { one } = WORDS[rowKindOf(state)];
  const name = label.startsWith(`${one} `) ? label : `${one} ${label}`;
  const running = runningOn(state.ui, item.id);
  const parts: RowPart[] = [{ text: name, steady: name }];
  for (const column of all) {
    // The first names the line, which is done already; of an event it is the time.
    const isName = column === pane.columns[0] && !pane.isChronicle;
    if (isName || (!fitted.includes(column) && !column.isFilling)) continue;
    const cell = column.cell(item, context);
    const isProgress = running !== undefined && column.id === pane.progressColumn;
    const text = isProgress ? running.verb : spaced(cell.text);
    if (text === "" || text === "-") continue;
    const isWord = cell.sign !== undefined || column.isFilling || column === pane.columns[0];
    const isSteady = cell.sign !== undefined || STEADY_COLUMNS.includes(column.id);
    parts.push({
      text: isWord || isProgress ? text : `${column.title.toLowerCase()} ${text}`,
      steady: isSteady ? cell.text : "",
    });
  }
  return parts;
}

/** Columns of numbers leave room inside of a text too. */
const spaced = (text: string) => text.replaceAll(/ +/g, " ").trim();

/** Name, place, count, alarms, and what narrows or orders the list. */
export function paneText(desk: Desk, state: ConsoleState): string {
  const pane = paneOf(state);
  const { filter, scope } = paneStateOf(state);
  const shelf = state.shown.shelves[pane.counted];
  const { one, many } = WORDS[pane.counted];
  const count = shelf.status === "loading" ? "" : counted(shelf.items.size, one, many);
  return joined(
    pane.title,
    `pane ${PANE_LIST.indexOf(pane) + 1} of ${PANE_LIST.length}`,
    count,
    alarmText(alarmsOf(pane, state.shown)),
    scope === null ? "" : `only ${scope.name}`,
    filter === "" ? "" : filterText(desk, state),
    state.shown.atMs === 0 ? "no data yet" : `as of ${clockTime(state.shown.atMs)}`,
  );
}

export function filterText(desk: Desk, state: ConsoleState): string {
  const { filter } = paneStateOf(state);
  const rows = desk.view.rows(state);
  const count = `${rows.ids.length} of ${itemCount(state.shown, paneOf(state))}`;
  return joined(filter === "" ? "no filter" : `filter: ${filter}`, rows.problem?.message ?? count);
}

export function sortText(state: ConsoleState): string {
  const { sort } = paneStateOf(state);
  const title = paneOf(state).columns.find(({ id }) => id === sort.column)?.title ?? sort.column;
  return `sorted by ${title.toLowerCase()}, ${sort.isReverse ? "descending" : "ascending"}`;
}

export const alarmText = ({ errors, warnings }: Alarms): string =>
  joined(errors > 0 ? counted(errors, "error") : "", warnings > 0 ? counted(warnings, "warning") : "");

/** What stands where the rows would be. */
export function sentenceTexts(desk: Desk, state: ConsoleState): readonly string[] {
  const rows = desk.view.rows(state);
  return rows.ids.length > 0 ? [] : sentencesFor(desk.skin, state, rows).map(({ text }) => text);
}

/** The lines of the detail, if it is open. */
export function detailParts(state: ConsoleState): readonly Part[] | null {
  const item = selectedItem(state);
  const pane = paneOf(state);
  if (item === undefined || !paneStateOf(state).isDetailOpen) return null;
  const facts = pane.detail(item, drawContextOf(state)).map(
    (line): Part =>
      "heading" in line
        ? { text: line.heading, isSteady: false }
        : {
            text: joined(line.label === "" ? line.text : `${line.label}: ${line.text}`),
            isSteady: line.sign !== undefined,
          },
  );
  return pane.hasHistory ? [...facts, ...historyParts(state, item.id)] : facts;
}

function historyParts(state: ConsoleState, id: string): readonly Part[] {
  const loaded = state.history?.target === id ? state.history : null;
  if (loaded === null) return [];
  if (loaded.problem !== null) return [{ text: `History cannot be read: ${loaded.problem}`, isSteady: true }];
  const events = historyOf(state.shown, id, loaded.events);
  if (events.length === 0) return [{ text: "History: nothing has happened yet", isSteady: true }];
  return [
    { text: `History, newest first: ${counted(events.length, "event")}`, isSteady: false },
    ...events.map((event) => ({ text: pastText(event), isSteady: true })),
  ];
}

const pastText = (event: MusterEvent) =>
  joined(fullTime(Date.parse(event.at)).slice(5), severityCell(event).text, event.message);
