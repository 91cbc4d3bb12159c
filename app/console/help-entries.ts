/** The lines of help: every binding of the context below, each with its reason if it cannot be used now. */
import { ACTIONS } from "#core/act/actions.ts";
import { parseFilter } from "#core/store/query.ts";
import { whyNot } from "./acts.ts";
import type { ConsoleState } from "./console-store.ts";
import { whyNoJump } from "./going.ts";
import { type Binding, type Keymap, keyWords } from "./keymap.ts";
import { baseContext, paneStateOf } from "./view.ts";

export interface HelpEntry {
  readonly binding: Binding;
  readonly keys: string;
  readonly title: string;
  readonly reason: string | null;
}

export function helpEntries(
  keymap: Keymap,
  state: ConsoleState,
  search: string,
  isReadOnly: boolean,
): readonly HelpEntry[] {
  const filter = parseFilter(search);
  return keymap
    .bindings(baseContext(state), state.ui.pane)
    .map((binding) => ({
      binding,
      keys: keyWords(binding.keys),
      title: binding.title,
      reason: reasonAgainst(binding, state, isReadOnly),
    }))
    .filter((entry) => filter.test(`${entry.keys} ${entry.title} ${keywordsOf(entry.binding)}`.toLowerCase()));
}

const keywordsOf = (binding: Binding) =>
  binding.type === "action" ? binding.action.keywords.join(" ") : binding.short;

/** Why a binding does nothing now; null if it does something. */
export function reasonAgainst(binding: Binding, state: ConsoleState, isReadOnly: boolean): string | null {
  if (binding.type === "action") return whyNot(binding.action, state, paneStateOf(state).cursor, isReadOnly);
  if (binding.command === "undo" && state.ui.undo === null) return "nothing to take back";
  if (binding.command === "back" && !canGoBack(state)) return "nothing to go back from";
  if (binding.command === "jump") return whyNoJump(state);
  if (binding.command === "add-member") return whyNot(ACTIONS["member.add"], state, null, isReadOnly);
  if (binding.command === "members" && paneStateOf(state).cursor === null) return "no category is selected";
  if (binding.command === "open" && paneStateOf(state).cursor === null) return "nothing is selected";
  return null;
}

function canGoBack(state: ConsoleState): boolean {
  const { isDetailOpen, filter, scope, cursor } = paneStateOf(state);
  return isDetailOpen || filter !== "" || scope !== null || (cursor !== null && state.ui.running.has(cursor));
}
