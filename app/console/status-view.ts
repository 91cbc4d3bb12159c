/** What the status line says, by importance: typing, answer, action, filter mistake, broken source, remark on the row. */

import type { Tone } from "#app/panes/pane.ts";
import { WORDS } from "#app/panes/words.ts";
import type { Severity } from "#core/model/event.ts";
import { cutEnd, wrap } from "./cells.ts";
import type { ConsoleState } from "./console-store.ts";
import { spinner } from "./list-view.ts";
import { fieldSpans } from "./parts/field.ts";
import type { Rows } from "./rows.ts";
import { plain, type Skin, type Span, sign } from "./skin.ts";
import { withHint } from "./toasts.ts";
import { runningOn, topLayer } from "./ui-state.ts";
import { itemCount, paneOf, paneStateOf, shelvesOf } from "./view.ts";

export interface StatusView {
  /** One, unless an answer is too long for one: an error has to be read whole. */
  readonly lines: readonly (readonly Span[])[];
  readonly aside: string;
}

const MOST_LINES = 4;

const single = (spans: readonly Span[], aside = ""): StatusView => ({ lines: [spans], aside });

const TONES: Readonly<Record<Severity, Tone>> = { info: "text", warn: "warn", error: "error" };

export function statusView(skin: Skin, state: ConsoleState, rows: Rows, remark: string, columns: number): StatusView {
  const { ui } = state;
  const layer = topLayer(ui);
  if (layer?.type === "filter") {
    const { problem } = rows;
    const typed: readonly Span[] = [{ text: "filter: ", tone: "accent" }, ...fieldSpans(skin, layer.field)];
    const hints = problem?.hint ? wrapped(skin, plain(skin, problem.hint), columns - 2, MOST_LINES - 1) : [];
    const below = hints.map((text) => [{ text, tone: "dim" } as const]);
    return { lines: [typed, ...below], aside: problem === null ? "" : plain(skin, problem.message) };
  }
  if (ui.toast) {
    const { severity, text } = ui.toast;
    const mark = severity === "info" ? "" : `${sign(skin, severity)} `;
    const aside = runningAside(state);
    const room = columns - 2 - (aside === "" ? 0 : aside.length + 1);
    const texts = wrapped(skin, mark + plain(skin, text), room);
    return { lines: texts.map((each) => [{ text: each, tone: TONES[severity] }]), aside };
  }
  if (ui.running.size > 0) return runningView(skin, state);
  const trouble = sourceTrouble(state);
  if (trouble !== null) {
    const texts = wrapped(skin, `${sign(skin, "warn")} ${plain(skin, trouble)}`, columns - 2);
    return { lines: texts.map((text) => [{ text, tone: "warn" }]), aside: "" };
  }
  return single([{ text: plain(skin, remark), tone: "dim" }]);
}

/** That there is more is seen at its end. */
function wrapped(skin: Skin, text: string, room: number, most = MOST_LINES): readonly string[] {
  const texts = wrap(text, room);
  if (texts.length <= most) return texts;
  const rest = texts.slice(most - 1).join(" ");
  return [...texts.slice(0, most - 1), cutEnd(rest, room, skin.glyphs.ellipsis)];
}

/** The action on the selected item, else the one that has run longest. */
function runningView(skin: Skin, state: ConsoleState): StatusView {
  const { running, tickMs } = state.ui;
  const own = runningOn(state.ui, paneStateOf(state).cursor);
  const one = own ?? running.values().next().value;
  if (!one) return single([]);
  const elapsedMs = Math.max(0, tickMs - one.startedMs);
  const step = one.isCancelAsked ? `cancel asked; ${one.step}` : one.step;
  const others = running.size > 1 ? ` (and ${running.size - 1} more)` : "";
  // A step that says itself what is done to what needs no lead.
  const lead = one.step.startsWith(`${one.verb} `) ? "" : `${one.verb} ${plain(skin, one.label)}: `;
  const text = `${spinner(skin, elapsedMs)} ${lead}${plain(skin, step)}${others}`;
  const way = one.isCancelAsked || one !== own ? "" : "  Esc cancels";
  return single([{ text, tone: "busy" }], `${Math.floor(elapsedMs / 1000)} s${way}`);
}

const runningAside = (state: ConsoleState) => (state.ui.running.size > 0 ? `${state.ui.running.size} running` : "");

/** Rows are there, but their source is broken or only part of it could be read. */
function sourceTrouble(state: ConsoleState): string | null {
  const pane = paneOf(state);
  const hasRows = itemCount(state.shown, pane) > 0;
  for (const kind of pane.kinds) {
    const { status, error } = state.shown.shelves[kind];
    if (status === "failed" && hasRows) {
      return withHint(`${WORDS[kind].many} cannot be read now: ${error?.message ?? ""}`, error?.hint ?? null);
    }
  }
  const [first, ...more] = shelvesOf(state.shown, pane).flatMap(({ warnings }) => warnings);
  return first ? `${first.message}${more.length > 0 ? ` (and ${more.length} more)` : ""}` : null;
}
