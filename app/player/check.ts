/** Whether an expectation is true of what is on the screen and behind it; if not, what was wanted and what there was. */

import type { Desk } from "#app/console/desk.ts";
import { listView } from "#app/console/list-view.ts";
import { toneOf } from "#app/console/parts/list.tsx";
import { topLayer } from "#app/console/ui-state.ts";
import { contextOf, layoutOf, paneStateOf } from "#app/console/view.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Expectation } from "#core/playback/expectation.ts";
import { isPattern, patternOf } from "#core/playback/pattern.ts";
import type { ScriptedService } from "#core/playback/scripted-service.ts";
import { jsonValue } from "./json-value.ts";
import { wholeId } from "./whole-id.ts";

/** One thing that was not so. */
export interface Mismatch {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
}

/** What is looked at. */
export interface Scene {
  readonly desk: Desk;
  readonly service: ScriptedService;
  /** Of the rebuilt screen, spaces at their ends left out; null: nobody rebuilds it. */
  readonly lines: readonly string[];
  /** What a screen reader was told since the last key or expectation. */
  readonly said: readonly string[];
  /** Since the expectation before. */
  readonly bytes: number;
  /** Compares with what is kept; null if it is the same. */
  golden(name: string, text: string): Mismatch | null;
}

export function mismatches(expectation: Expectation, scene: Scene): readonly Mismatch[] {
  const found: Mismatch[] = [];
  const say = (what: string, wanted: unknown, got: unknown) => {
    found.push({ what, wanted: shown(wanted), got: shown(got) });
  };
  const { desk, service, lines } = scene;
  const state = desk.store.state();
  const { node } = service;
  const layer = topLayer(state.ui);
  const { screen, noScreen, line, style, cursor, pane, focus, dialog, footerHas, toast } = expectation;

  for (const each of list(screen)) if (!lines.some(matcher(each))) say("screen", each, "no such line");
  for (const each of list(noScreen)) {
    const hit = lines.find(matcher(each));
    if (hit !== undefined) say("noScreen", `not ${each}`, hit);
  }
  if (line) {
    const text = line.of === undefined ? lines.at(lineIndex(line.n ?? 1)) : lineOf(scene, wholeId(line.of, node));
    const name = line.of === undefined ? `line ${line.n ?? 1}` : `line of ${line.of}`;
    for (const each of list(line.has))
      if (text === undefined || !matcher(each)(text)) say(name, each, text ?? "not on the screen");
  }
  if (style) {
    const token = tokenOf(desk, wholeId(style.of, node), style.id);
    if (token !== style.token) say(`style of ${style.id} of ${style.of}`, style.token, token);
  }
  if (cursor !== undefined) {
    const now = paneStateOf(state).cursor;
    if (now !== (cursor === null ? null : wholeId(cursor, node))) say("cursor", cursor, now);
  }
  if (pane !== undefined && pane !== state.ui.pane) say("pane", pane, state.ui.pane);
  if (focus !== undefined && focus !== contextOf(state)) say("focus", focus, contextOf(state));
  if (dialog === null) {
    if (layer !== null && layer.type !== "filter") say("dialog", "none", layer.type);
  } else if (dialog !== undefined) {
    if (layer === null || layer.type === "filter") say("dialog", dialog, "none");
    else {
      if (dialog.type !== undefined && dialog.type !== layer.type) say("dialog.type", dialog.type, layer.type);
      const texts = [...list(dialog.title), ...list(dialog.text)];
      for (const each of texts) if (!lines.some(matcher(each))) say("dialog", each, "no such line");
      const button = layer.type === "confirm" ? layer.choice : layer.type;
      if (dialog.focus !== undefined && dialog.focus.toLowerCase() !== button)
        say("dialog.focus", dialog.focus, button);
    }
  }
  for (const each of list(footerHas)) if (!matcher(each)(lines.at(-1) ?? "")) say("footerHas", each, lines.at(-1));
  if (toast !== undefined) {
    const text = state.ui.toast?.text ?? null;
    if (toast === null ? text !== null : text === null || !matcher(toast)(text)) say("toast", toast, text);
  }
  if (expectation.events) {
    const events = [...service.snapshot().shelves.events.items.values()];
    const missing = firstMissing(events, expectation.events, node);
    if (missing) say("events", missing, eventsText(events));
  }
  if (expectation.audit) {
    const missing = firstMissing(service.script.audit, expectation.audit, node);
    if (missing) say("audit", missing, eventsText(service.script.audit));
  }
  if (expectation.json) {
    const { cmd, pick, is } = expectation.json;
    const got = jsonValue(service, cmd, pick);
    if (!Bun.deepEquals(got, is)) say(`json ${cmd.join(" ")} ${pick}`, is, got);
  }
  if (expectation.golden !== undefined) {
    const difference = scene.golden(expectation.golden, goldenText(lines));
    if (difference) found.push(difference);
  }
  for (const each of list(expectation.reader))
    if (!scene.said.some(matcher(each))) say("reader", each, saidText(scene.said));
  const { bytesMax } = expectation;
  if (bytesMax !== undefined && scene.bytes > bytesMax) say("bytesMax", bytesMax, scene.bytes);
  return found;
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

function matcher(wanted: string): (text: string) => boolean {
  if (!isPattern(wanted)) return (text) => text.includes(wanted);
  const pattern = patternOf(wanted);
  return (text) => pattern.test(text);
}

const lineIndex = (n: number) => (n > 0 ? n - 1 : n);

function lineOf({ desk, lines }: Scene, id: string): string | undefined {
  const state = desk.store.state();
  const place = layoutOf(state);
  if (place.kind !== "full" || place.list === null) return undefined;
  const index = desk.view.rows(state).indexOf(id) - paneStateOf(state).offset;
  if (index < 0 || index >= place.list.rows - 1) return undefined;
  return lines[place.list.top + 1 + index];
}

/** What a cell of the list is painted as; where it stands under the cursor, what it would be without it. */
function tokenOf(desk: Desk, id: string, column: string): string {
  const state = desk.store.state();
  const place = layoutOf(state);
  if (place.kind !== "full" || place.list === null) return "the list is not on the screen";
  const rows = desk.view.rows(state);
  const { headings, rows: drawn } = listView(desk.skin, state, rows, place.list);
  const row = drawn[rows.indexOf(id) - paneStateOf(state).offset];
  const at = headings.findIndex((heading) => heading.id === column);
  if (at < 0) return `no such column on the screen: ${headings.map((heading) => heading.id).join(", ")}`;
  return row ? toneOf(row, at) : "not on the screen";
}

type Wanted = NonNullable<Expectation["events"]>[number] | NonNullable<Expectation["audit"]>[number];

/** Each happened, in this order. */
function firstMissing(events: readonly MusterEvent[], wanted: readonly Wanted[], node: string): Wanted | null {
  let from = 0;
  for (const each of wanted) {
    const at = events.findIndex((event, index) => index >= from && isLike(event, each, node));
    if (at < 0) return each;
    from = at + 1;
  }
  return null;
}

function isLike(event: MusterEvent, wanted: Wanted, node: string): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const own = event[name as keyof MusterEvent];
    if (name === "message") return matcher(String(value))(event.message);
    if (name === "target" && typeof value === "string") return own === value || own === wholeId(value, node);
    return own === value;
  });
}

const MOST_EVENTS = 8;

function eventsText(events: readonly MusterEvent[]): string {
  const texts = events.slice(-MOST_EVENTS).map(({ code, action, target, outcome, message }) => {
    const parts = [action ?? code, target, outcome, JSON.stringify(message)];
    return parts.filter((part) => part !== null).join(" ");
  });
  return texts.length === 0 ? "none" : texts.join("; ");
}

const saidText = (said: readonly string[]) => (said.length === 0 ? "nothing was said" : said.join(" | "));

export const goldenText = (lines: readonly string[]): string => `${lines.map((text) => text.trimEnd()).join("\n")}\n`;

const shown = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
