/** What the console says in words at one moment, and the lines that tell what became of it since another. Pure. */
import { aboutText, severityCell } from "#app/panes/events.ts";
import { PANE_LIST } from "#app/panes/table.ts";
import { counted } from "#core/model/counted.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { newestEvents } from "#core/store/select.ts";
import { alarmsOf } from "../alarms.ts";
import type { ConsoleState } from "../console-store.ts";
import type { Desk } from "../desk.ts";
import { flagsOf } from "../flags.ts";
import type { Running, Toast } from "../ui-state.ts";
import { paneOf, paneStateOf } from "../view.ts";
import { keysText, type LayerWords, layerWords } from "./layer-words.ts";
import {
  alarmText,
  detailParts,
  joined,
  type Part,
  paneText,
  type Row,
  rowOf,
  sentenceTexts,
  sortText,
} from "./words.ts";

/** Of a storm the newest are told, and how many there are besides. */
const MOST_EVENTS = 5;

export interface Words {
  readonly state: ConsoleState;
  readonly flags: readonly string[];
  readonly pane: string;
  readonly sort: string;
  readonly sentences: readonly string[];
  readonly row: Row | null;
  readonly detail: readonly Part[] | null;
  readonly layer: LayerWords | null;
  readonly keys: string;
  /** By the title of the pane. */
  readonly alarms: ReadonlyMap<string, string>;
}

export function wordsNow(desk: Desk, state: ConsoleState): Words {
  return {
    state,
    flags: flagsOf(desk, state),
    pane: paneText(desk, state),
    sort: sortText(state),
    sentences: sentenceTexts(desk, state),
    row: rowOf(desk, state),
    detail: detailParts(state),
    layer: layerWords(desk, state),
    keys: keysText(desk, state),
    alarms: new Map(PANE_LIST.map((pane) => [pane.title, alarmText(alarmsOf(pane, state.latest))])),
  };
}

/** Where the console is, for whoever begins to listen. */
export function whereabouts(now: Words): readonly string[] {
  return [...now.flags, now.pane, ...now.sentences, rowText(now.row)];
}

export function rowText(row: Row | null): string {
  return row === null ? "" : joined(row.text, row.position);
}

/** What is marked or selected now: the answer to a key that changed nothing. */
export function again({ layer, row, sentences }: Words): string {
  if (layer !== null) return joined(layer.field, layer.marked);
  return rowText(row) || sentences.join(" ");
}

export function changesSince(before: Words, now: Words): readonly string[] {
  const place = placeChanges(before, now);
  const said = [
    ...flagChanges(before, now),
    ...toastText(before.state.ui.toast, now.state.ui.toast),
    ...runningChanges(before.state.ui.running, now.state.ui.running),
    ...eventTexts(before, now),
    ...alarmChanges(before, now, place.includes(now.pane)),
    ...layerChanges(before, now),
    ...place,
  ];
  const isBack = before.layer !== null && now.layer === null;
  return isBack && said.length === 0 ? [again(now)] : said;
}

function flagChanges(before: Words, now: Words): readonly string[] {
  const gone = before.flags.filter((flag) => !now.flags.includes(flag) && !isStale(flag, now.flags));
  return [...now.flags.filter((flag) => !before.flags.includes(flag)), ...gone.map((flag) => `no longer ${flag}`)];
}

/** Stale in another way is stale still. */
const isStale = (flag: string, flags: readonly string[]) =>
  flag.startsWith("STALE") && flags.some((other) => other.startsWith("STALE"));

function toastText(before: Toast | null, now: Toast | null): readonly string[] {
  if (now === null || now === before) return [];
  const known = before === null ? "" : `${before.text}; `;
  const text = known !== "" && now.text.startsWith(known) ? now.text.slice(known.length) : now.text;
  return [now.severity === "info" ? text : `${now.severity}: ${text}`];
}

type Runnings = ReadonlyMap<string, Running>;

/** How it ended is said by its answer. */
function runningChanges(before: Runnings, now: Runnings): readonly string[] {
  if (before === now) return [];
  return [...now].flatMap(([id, running]) => {
    const text = stepText(running);
    const last = before.get(id);
    return last !== undefined && stepText(last) === text ? [] : [text];
  });
}

function stepText({ verb, label, step, isCancelAsked }: Running): string {
  const lead = step.startsWith(`${verb} `) ? "" : `${verb} ${label}: `;
  return `${lead}${isCancelAsked ? "cancel asked; " : ""}${step}`;
}

/** What is a warning or worse, and what happened to the selected item. */
function eventTexts(before: Words, now: Words): readonly string[] {
  const then = before.state.latest.shelves.events;
  const { events } = now.state.latest.shelves;
  // What there was before anybody listened is not news.
  const isPast = then.status === "loading" && events.status !== "loading";
  if (then.items === events.items || isPast) return [];
  const fresh: MusterEvent[] = [];
  for (const event of newestEvents(now.state.latest, events.items.size)) {
    if (then.items.has(event.id)) break;
    if (isWorthTelling(event, now)) fresh.push(event);
  }
  const more = fresh.length - MOST_EVENTS;
  const texts = fresh
    .slice(0, MOST_EVENTS)
    .toReversed()
    .map((event) => eventText(event, now.state));
  return more > 0 ? [`${counted(more, "more event")}; the newest are:`, ...texts] : texts;
}

function eventText(event: MusterEvent, { latest }: ConsoleState): string {
  const about = aboutText(event, latest);
  const what = event.target === null || event.message.startsWith(about) ? event.message : `${about}: ${event.message}`;
  return joined(severityCell(event).text, what);
}

function isWorthTelling(event: MusterEvent, now: Words): boolean {
  const isOwn = event.target !== null && event.target === now.row?.id;
  // The detail has it among what it tells of the past.
  if (isOwn && now.detail !== null && paneOf(now.state).hasHistory) return false;
  if (event.severity !== "info") return true;
  // What was asked for here has its answer.
  if (event.action !== null) return false;
  return isOwn;
}

/** The line of the pane tells its own. */
function alarmChanges(before: Words, now: Words, isPaneTold: boolean): readonly string[] {
  return [...now.alarms].flatMap(([title, text]) => {
    const isTold = isPaneTold && title === paneOf(now.state).title;
    return isTold || before.alarms.get(title) === text ? [] : [`${title}: ${text || "no alarms"}`];
  });
}

function layerChanges({ layer: before }: Words, { layer: now, keys }: Words): readonly string[] {
  if (now === null) return [];
  if (before?.key !== now.key) return [...now.opening, ...now.notes, now.field, now.marked, keys];
  return [
    ...now.notes.filter((note) => !before.notes.includes(note)),
    before.field === now.field ? "" : now.field,
    before.marked === now.marked ? "" : now.marked,
  ];
}

function placeChanges(before: Words, now: Words): readonly string[] {
  const then = paneStateOf(before.state);
  const own = paneStateOf(now.state);
  if (before.state.ui.pane !== now.state.ui.pane || then.scope !== own.scope) {
    return [now.pane, ...now.sentences, ...(now.detail ? detailTexts(now.detail) : [rowText(now.row)])];
  }
  const said: string[] = [];
  const isElsewhere = now.sentences.join("\n") !== before.sentences.join("\n");
  if (isElsewhere && now.layer?.key !== before.layer?.key) said.push(...now.sentences);
  else if (isElsewhere) said.push(...(now.sentences.length > 0 ? now.sentences : [now.pane]));
  if (then.filter !== own.filter && now.layer === null) said.push(now.pane);
  if (before.sort !== now.sort) said.push(now.sort);
  if (now.detail !== null && (before.detail === null || before.row?.id !== now.row?.id)) {
    return [...said, `detail of ${now.row?.name}`, ...detailTexts(now.detail)];
  }
  if (now.detail !== null && before.detail !== null) return [...said, ...newTexts(before.detail, now.detail)];
  // The newest event is told as an event, not as the line that the cursor stays on.
  if (isFollowed(before, now)) return said;
  const isOther =
    isElsewhere || before.row?.id !== now.row?.id || before.sort !== now.sort || before.row?.fold !== now.row?.fold;
  const isBack = before.detail !== null;
  if (isOther || isBack || before.row?.steady !== now.row?.steady) said.push(rowText(now.row));
  return said;
}

const detailTexts = (parts: readonly Part[]) => parts.map(({ text }) => text);

function newTexts(before: readonly Part[], now: readonly Part[]): readonly string[] {
  const known = new Set(detailTexts(before));
  return now.filter(({ text, isSteady }) => isSteady && !known.has(text)).map(({ text }) => text);
}

function isFollowed(before: Words, now: Words): boolean {
  const isChronicle = paneOf(now.state).isChronicle && paneStateOf(now.state).row === 0;
  return isChronicle && paneStateOf(before.state).row === 0 && before.state.shown !== now.state.shown;
}
