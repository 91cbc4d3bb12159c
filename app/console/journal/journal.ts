/**
 * The console as lines: one for each answer to a key, one for each change that matters. It listens to the same desk as the
 * screen does. What comes by itself is told at most once a second, all of it together; at rest nothing is told.
 */
import type { Desk } from "../desk.ts";
import { keyWord } from "../keymap.ts";
import { visible } from "../outside-text.ts";
import type { UiState } from "../ui-state.ts";
import { contextOf, rowKindOf } from "../view.ts";
import { again, changesSince, type Words, whereabouts, wordsNow } from "./told.ts";
import { short } from "./words.ts";

const LEAST_MS = 1000;

export interface Journal {
  /** Does what keys do; if the last of them changed nothing, that is told. */
  answer(keys: readonly string[], act: () => void): void;
  /** What is known is told now. */
  now(): void;
  /** Where the console is, whatever was told before. */
  whereabouts(): void;
  close(): void;
}

export interface JournalOptions {
  readonly desk: Desk;
  readonly version: string;
  /** One line, without its end; nothing in it acts on a terminal. */
  readonly say: (line: string) => void;
}

export function createJournal({ desk, version, say }: JournalOptions): Journal {
  const { store, clock, service } = desk;
  /** Of what was told last. */
  let told: Words = wordsNow(desk, store.state());
  let hasSaid = false;
  let nextMs = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | null = null;

  const sayAll = (lines: readonly string[]) => {
    for (const line of lines) {
      if (line.trim() === "") continue;
      hasSaid = true;
      say(visible(short(line), desk.skin.isAscii));
    }
  };
  const now = () => {
    cancel?.();
    cancel = null;
    const words = wordsNow(desk, store.state());
    const lines = changesSince(told, words);
    told = words;
    if (lines.length > 0) nextMs = clock.nowMs() + LEAST_MS;
    sayAll(lines);
  };
  const unsubscribe = store.subscribe(() => {
    if (!isSame(told.state.ui, store.state().ui)) return now();
    if (cancel !== null) return;
    const waitMs = nextMs - clock.nowMs();
    if (waitMs <= 0) now();
    else cancel = clock.setTimer(waitMs, now);
  });
  const whereaboutsNow = () => {
    told = wordsNow(desk, store.state());
    sayAll(whereabouts(told));
  };
  sayAll([`muster ${version}, ${service.node}; ? tells the keys`]);
  whereaboutsNow();

  return {
    answer(keys, act) {
      store.flush();
      hasSaid = false;
      act();
      store.flush();
      const last = keys.at(-1);
      if (!hasSaid && last !== undefined) sayAll([answerTo(desk, last, told)]);
    },
    now() {
      store.flush();
      now();
    },
    whereabouts: whereaboutsNow,
    close() {
      unsubscribe();
      cancel?.();
    },
  };
}

/** Nobody did anything: the clock of running actions went on at most. */
function isSame(before: UiState, now: UiState): boolean {
  return before === now || Object.keys(now).every((key) => key === "tickMs" || same(before, now, key as keyof UiState));
}

const same = (before: UiState, now: UiState, key: keyof UiState) => before[key] === now[key];

/** Keys that leave the console, or put it away. */
const LEAVING = ["quit", "interrupt", "suspend"];

function answerTo(desk: Desk, key: string, told: Words): string {
  const state = desk.store.state();
  const binding = desk.keymap.find(contextOf(state), rowKindOf(state), key);
  if (binding !== undefined) return LEAVING.includes(binding.id) ? "" : again(told);
  return told.layer === null ? `${keyWord(key)} does nothing here; ? tells the keys` : again(told);
}
