/** The lines of help: every binding of the context below, each with its reason if it cannot be used now. */
import { ACTIONS } from "#core/act/actions.ts";
import { parseFilter } from "#core/output/filter.ts";
import { whyNoTakeOver, whyNot, whyNoUndo } from "./acts.ts";
import type { CommandId } from "./commands.ts";
import type { ConsoleState } from "./console-store.ts";
import { whyNoJump } from "./going.ts";
import { type Binding, type Keymap, keyWords } from "./keymap.ts";
import { runningOn } from "./ui-state.ts";
import { baseContext, paneStateOf, rowKindOf } from "./view.ts";

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
    .bindings(baseContext(state), rowKindOf(state))
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
  if (binding.command === "undo") return whyNoUndo(state, isReadOnly);
  if (binding.command === "back" && !canGoBack(state)) return "nothing to go back from";
  if (binding.command === "jump") return whyNoJump(state);
  if (binding.command === "add-member") return whyNot(ACTIONS["member.add"], state, null, isReadOnly);
  if (binding.command === "edit-policy") return whyNot(ACTIONS["policy.set"], state, null, isReadOnly);
  if (binding.command === "take-over") return whyNoTakeOver(state, paneStateOf(state).cursor, isReadOnly);
  if (binding.command === "members" && paneStateOf(state).cursor === null) return "no category is selected";
  if (NEEDS_LINE.includes(binding.command) && paneStateOf(state).cursor === null) return "nothing is selected";
  return null;
}

const NEEDS_LINE: readonly CommandId[] = ["open", "open-detail", "unfold", "fold"];

function canGoBack(state: ConsoleState): boolean {
  const { isDetailOpen, filter, scope, cursor } = paneStateOf(state);
  return isDetailOpen || filter !== "" || scope !== null || runningOn(state.ui, cursor) !== undefined;
}
