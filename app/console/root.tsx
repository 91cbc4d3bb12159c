/** The React trees, with a screen and without: one store, one listener for keys, one for pasted text. */
import { useApp, useInput, usePaste } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import type { Desk } from "./desk.ts";
import { paste, press } from "./dispatch.ts";
import type { Journal } from "./journal/journal.ts";
import { keysOf } from "./keys.ts";
import { Screen } from "./screen.tsx";

/** Lends the terminal out; the callback's promise ends when it is given back. */
export type LendTerminal = (use: () => Promise<void>) => Promise<void>;

export interface RootProps {
  readonly desk: Desk;
  readonly version: string;
  readonly onLend: (lend: LendTerminal) => void;
}

export function Root({ desk, version, onLend }: RootProps) {
  const state = useSyncExternalStore(desk.store.subscribe, desk.store.state);
  useInputOf(desk, onLend, (_, act) => act());
  return <Screen desk={desk} state={state} version={version} />;
}

export interface JournalRootProps {
  readonly desk: Desk;
  readonly journal: Journal;
  readonly onLend: (lend: LendTerminal) => void;
}

/** Takes keys and draws nothing: the journal writes lines instead. */
export function JournalRoot({ desk, journal, onLend }: JournalRootProps) {
  useInputOf(desk, onLend, journal.answer);
  return null;
}

/** `answer` does what the keys of one chunk do, and whatever else has to be done about it. */
function useInputOf(desk: Desk, onLend: RootProps["onLend"], answer: Journal["answer"]): void {
  const { suspendTerminal } = useApp();
  useEffect(() => onLend((use) => suspendTerminal(use)), [onLend, suspendTerminal]);
  useInput((input, key) => {
    const names = keysOf(input, key);
    answer(names, () => {
      for (const name of names) {
        desk.recorder?.pressed(name);
        if (!desk.replay?.press(name)) press(desk, name);
      }
    });
  });
  usePaste((text) => {
    desk.recorder?.pasted(text);
    answer([], () => {
      if (!desk.replay?.paste(text)) paste(desk, text);
    });
  });
}
