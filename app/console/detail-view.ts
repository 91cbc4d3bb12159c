/** The text of the detail: facts of the selected item and its past, wrapped to the width it has. */
import { severityCell } from "#app/panes/events.ts";
import { fullTime } from "#app/panes/measures.ts";
import type { DetailLine, Tone } from "#app/panes/pane.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { historyOf } from "#core/store/select.ts";
import { wrap } from "./cells.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Rect } from "./layout.ts";
import { fit, plain, type Skin, type Span, sign, sparkline } from "./skin.ts";
import { drawContextOf, layoutOf, paneOf, paneStateOf, selectedItem } from "./view.ts";

const LABEL_COLUMNS = 12;

interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** Lines as spans, none wider than the room. Empty lines go first when it is too low. Empty without a selected item. */
export function detailText(skin: Skin, state: ConsoleState, room: Room): readonly (readonly Span[])[] {
  const lines = allLines(skin, state, room.columns);
  return lines.length > room.rows ? lines.filter((line) => line.length > 0) : lines;
}

/** What the text of a detail has of its rectangle: a column on each side and the title are taken. */
export function detailRoomOf(rect: Rect): Room {
  return { columns: rect.columns - 2, rows: rect.rows - 1 };
}

function allLines(skin: Skin, state: ConsoleState, columns: number): readonly (readonly Span[])[] {
  const item = selectedItem(state);
  const pane = paneOf(state);
  if (item === undefined) return [];
  const facts = pane.detail(item, drawContextOf(state)).flatMap((line) => factLines(skin, line, columns));
  return pane.hasHistory ? [...facts, ...historyLines(skin, state, item.id, columns)] : facts;
}

function factLines(skin: Skin, line: DetailLine, columns: number): readonly (readonly Span[])[] {
  if ("heading" in line) return [[], [{ text: line.heading, tone: "heading" }]];
  const mark = line.sign === undefined ? "" : `${sign(skin, line.sign)} `;
  const room = columns - (line.labelColumns ?? LABEL_COLUMNS);
  const label = fit(skin, plain(skin, line.label), { columns: columns - room - 1, align: "left", cut: "middle" });
  const texts = wrap(mark + plain(skin, line.text), room);
  const lines = texts.map((text, index): readonly Span[] => [
    { text: index === 0 ? `${label} ` : " ".repeat(columns - room), tone: "dim" },
    { text, tone: line.tone ?? "text" },
  ]);
  if (line.bars === undefined) return lines;
  return [...lines, [{ text: " ".repeat(columns - room) }, { text: sparkline(skin, line.bars, room), tone: "accent" }]];
}

function historyLines(skin: Skin, state: ConsoleState, id: string, columns: number): readonly (readonly Span[])[] {
  const loaded = state.history?.target === id ? state.history : null;
  const heading: readonly (readonly Span[])[] = [[], [{ text: "History", tone: "heading" }]];
  const events = historyOf(state.shown, id, loaded?.events ?? []);
  if (loaded?.problem) {
    const texts = wrap(plain(skin, `cannot be read: ${loaded.problem}`), columns);
    return [...heading, ...texts.map((text): readonly Span[] => [{ text, tone: "error" }])];
  }
  if (events.length === 0) {
    return [...heading, [{ text: loaded ? "nothing has happened yet" : "reading the journal...", tone: "dim" }]];
  }
  return [...heading, ...events.flatMap((event) => eventLines(skin, event, columns))];
}

function eventLines(skin: Skin, event: MusterEvent, columns: number): readonly (readonly Span[])[] {
  const cell = severityCell(event);
  const lead = `${fullTime(Date.parse(event.at)).slice(5)} ${sign(skin, cell.sign ?? "none")} `;
  const word = event.severity === "info" ? "" : `${event.severity}: `;
  const texts = wrap(word + plain(skin, event.message), Math.max(10, columns - lead.length));
  return texts.map((text, index) => [
    { text: index === 0 ? lead : " ".repeat(lead.length), tone: "dim" as Tone },
    { text, tone: event.severity === "info" ? "text" : (cell.tone ?? "text") },
  ]);
}

/** How far the detail can be scrolled. */
export function detailScroll(skin: Skin, state: ConsoleState): number {
  const place = layoutOf(state);
  if (place.kind === "small" || place.detail === null || paneStateOf(state).cursor === null) return 0;
  const room = detailRoomOf(place.detail);
  return Math.max(0, detailText(skin, state, room).length - room.rows);
}
