/** The React tree: one store, one listener for keys, one for pasted text. */
import { useApp, useInput, usePaste } from "ink";
import { useEffect, useSyncExternalStore } from "react";
import type { Desk } from "./desk.ts";
import { paste, press } from "./dispatch.ts";
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
  const { suspendTerminal } = useApp();
  useEffect(() => onLend((use) => suspendTerminal(use)), [onLend, suspendTerminal]);
  useInput((input, key) => {
    for (const name of keysOf(input, key)) {
      desk.recorder?.pressed(name);
      if (!desk.replay?.press(name)) press(desk, name);
    }
  });
  usePaste((text) => {
    desk.recorder?.pasted(text);
    paste(desk, text);
  });
  return <Screen desk={desk} state={state} version={version} />;
}
