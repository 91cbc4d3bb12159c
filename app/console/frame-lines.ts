/** What the screen says, as text: drawn once more, for whoever has to look at it and has no terminal of his own. */
import { renderToString } from "ink";
import { createElement } from "react";
import type { Desk } from "./desk.ts";
import { Screen } from "./screen.tsx";

export function frameLines(desk: Desk, version: string): readonly string[] {
  const state = desk.store.state();
  const text = renderToString(createElement(Screen, { desk, state, version }), { columns: state.size.columns });
  return Bun.stripANSI(text).split("\n");
}
