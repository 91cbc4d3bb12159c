/** The one place where keys arrive. The topmost layer owns the input; below a dialog the list is deaf. */

import { WORDS } from "#app/panes/words.ts";
import { runCommand } from "./base-commands.ts";
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { type Binding, keyWord } from "./keymap.ts";
import { pasteInLayer, pressInLayer } from "./layer-keys.ts";
import { topLayer } from "./ui-state.ts";
import { baseContext, layoutOf, paneOf, paneStateOf, rowKindOf } from "./view.ts";

export function press(desk: Desk, key: string) {
  desk.toasts.seen();
  if (key === "ctrl-c") return desk.leave(130);
  const state = desk.store.state();
  // What cannot be seen is not done.
  if (layoutOf(state).kind === "small") return key === "q" ? desk.leave(0) : undefined;
  const layer = topLayer(state.ui);
  if (layer) return pressInLayer(desk, layer, key, (binding) => perform(desk, binding, ""));
  const binding = desk.keymap.find(baseContext(state), rowKindOf(state), key);
  if (binding) return perform(desk, binding, key);
  const other = meantForOthers(desk, state, key);
  if (other !== null) desk.toasts.say("info", other);
}

/** In a pane of several kinds: what the key does on lines of another kind than the selected one; null if nothing. */
function meantForOthers({ keymap }: Desk, state: ConsoleState, key: string): string | null {
  const own = rowKindOf(state);
  for (const kind of paneOf(state).kinds) {
    const binding = keymap.find(baseContext(state), kind, key);
    if (binding && kind !== own) {
      return `${keyWord(key)} (${binding.short}) is for a line of ${WORDS[kind].many}, not of ${WORDS[own].many}`;
    }
  }
  return null;
}

/** Pasted text is text: it goes into a field or nowhere, it never acts as keys. */
export function paste(desk: Desk, text: string) {
  const layer = topLayer(desk.store.state().ui);
  if (layer) pasteInLayer(desk, layer, text);
}

function perform(desk: Desk, binding: Binding, key: string): void {
  if (binding.type === "action") desk.acts.begin(binding.action, paneStateOf(desk.store.state()).cursor);
  else runCommand(desk, binding.command, key);
}
