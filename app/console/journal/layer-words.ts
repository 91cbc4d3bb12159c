/** The journal's words for the dialog, menu or field that has the keys. */

import { counted } from "#core/model/counted.ts";
import type { ProcessRow } from "#core/service/processes.ts";
import { confirmView } from "../confirm-view.ts";
import type { ConsoleState } from "../console-store.ts";
import type { Desk } from "../desk.ts";
import { footerView } from "../footer-view.ts";
import { type HelpEntry, helpEntries } from "../help-entries.ts";
import { pickRows } from "../pick-rows.ts";
import { holderOf } from "../picking.ts";
import { pickTitle, promptWords, typedOf } from "../prompt-view.ts";
import { type Layer, topLayer } from "../ui-state.ts";
import { paneOf } from "../view.ts";
import { filterText, joined } from "./words.ts";

export interface LayerWords {
  /** The same for as long as it is the same dialog. */
  readonly key: string;
  /** Said when it opens. */
  readonly opening: readonly string[];
  /** What is typed, and what fits it. */
  readonly field: string;
  /** The line or button that Enter is about. */
  readonly marked: string;
  /** What came up since. */
  readonly notes: readonly string[];
}

const QUIET = { field: "", marked: "", notes: [] } as const;

export function layerWords(desk: Desk, state: ConsoleState): LayerWords | null {
  const layer = topLayer(state.ui);
  return layer === null ? null : wordsOf(desk, state, layer);
}

/** The keys of the footer: what can be done here. */
export function keysText(desk: Desk, state: ConsoleState): string {
  const { keys, last } = footerView(desk, state);
  return `keys: ${joined(...[...keys, ...(last ? [last] : [])].map(({ key, label }) => `${key} ${label}`))}`;
}

function wordsOf(desk: Desk, state: ConsoleState, layer: Layer): LayerWords {
  const key = `${state.ui.layers.length} ${layer.type}`;
  switch (layer.type) {
    case "filter": {
      const hint = desk.view.rows(state).problem?.hint;
      return { ...QUIET, key, opening: [], field: filterText(desk, state), notes: hint ? [hint] : [] };
    }
    case "help": {
      const entries = helpEntries(desk.keymap, state, layer.field.text, desk.service.isReadOnly);
      const { text } = layer.field;
      return {
        key,
        opening: [`Keys: ${paneOf(state).title}, ${counted(entries.length, "line")}`, ...entries.map(entryText)],
        field: text === "" ? "" : `search: ${text}, ${counted(entries.length, "line")}`,
        marked: placeText(entries, layer.row, entryText) || "No key matches: Esc closes",
        notes: [],
      };
    }
    case "sort": {
      const titles = paneOf(state).columns.map(({ title }) => title.toLowerCase());
      return {
        ...QUIET,
        key,
        opening: [`Sort by: ${joined(...titles)}`],
        marked: placeText(titles, layer.row, String),
      };
    }
    case "places": {
      const marked = placeText(layer.places, layer.row, ({ label }) => label);
      return { ...QUIET, key, opening: [layer.title], marked };
    }
    case "prompt": {
      const { title, label, description } = promptWords(layer);
      const typed = typedOf(state, layer, 1).map(({ name, text }) => `${name}: ${text}`);
      return {
        key: `${key} ${title} ${label}`,
        opening: [title, description],
        field: `${label}: ${layer.field.text || "empty"}`,
        marked: joined(...typed),
        notes: layer.problem === null ? [] : [layer.problem],
      };
    }
    case "pick": {
      const { text } = layer.field;
      const rows = pickRows(layer.processes ?? [], text);
      const isRead = layer.processes !== null;
      const process = (row: ProcessRow) => processText(row, holderOf(state.latest, layer.purpose, row.identity));
      const search = joined(text === "" ? "" : `search: ${text}`, `${rows.length} of ${layer.processes?.length ?? 0}`);
      return {
        key,
        opening: [pickTitle(layer.purpose)],
        field: isRead ? search : "Reading the processes...",
        marked: isRead ? placeText(rows, layer.row, process) || "No process fits: Ctrl-U clears, Esc closes" : "",
        notes: layer.problem === null ? [] : [layer.problem],
      };
    }
    case "confirm": {
      const { question, facts, consequence, change, verb, choice } = confirmView(
        state,
        layer,
        Number.POSITIVE_INFINITY,
      );
      return {
        key: `${key} ${question}`,
        opening: [question, ...facts.map(factText), consequence],
        field: "",
        marked: `${choice === "cancel" ? "Cancel" : verb} is marked`,
        notes: change === null ? [] : [change],
      };
    }
    case "answer":
      return {
        ...QUIET,
        key: `${key} ${layer.title}`,
        opening: [layer.title, layer.message, ...layer.facts.map(factText)],
      };
  }
}

function placeText<T>(list: readonly T[], row: number, textOf: (one: T) => string): string {
  const one = list[row];
  return one === undefined ? "" : joined(textOf(one), `${row + 1} of ${list.length}`);
}

const entryText = ({ keys, title, reason }: HelpEntry) =>
  `${keys}: ${title}${reason === null ? "" : ` (not now: ${reason})`}`;

const factText = ([name, text]: readonly [string, string]) => (name === "" ? text : `${name}: ${text}`);

const processText = ({ pid, user, command }: ProcessRow, holder: string | null) =>
  joined(`pid ${pid}`, `user ${user}`, holder === null ? "" : `in ${holder}`, command);
