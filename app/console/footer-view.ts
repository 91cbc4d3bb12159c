/** The keys of the footer: those of the context in front, actions first, help last. */
import type { ConsoleState } from "./console-store.ts";
import type { Desk } from "./desk.ts";
import { reasonAgainst } from "./help-entries.ts";
import { type Binding, keyWord } from "./keymap.ts";
import type { FooterKey } from "./parts/footer.tsx";
import { contextOf, rowKindOf } from "./view.ts";

export interface FooterView {
  readonly keys: readonly FooterKey[];
  readonly last: FooterKey | null;
}

export function footerView(desk: Desk, state: ConsoleState): FooterView {
  const bindings = footerBindings(desk.keymap.bindings(contextOf(state), rowKindOf(state)));
  const toKey = (binding: Binding): FooterKey => ({
    key: keyWord(binding.keys[0] ?? ""),
    label: binding.short,
    isDisabled: reasonAgainst(binding, state, desk.service.isReadOnly) !== null,
  });
  const help = bindings.find((binding) => binding.id === "help");
  return {
    keys: bindings.filter((binding) => binding !== help).map(toKey),
    last: help ? toKey(help) : null,
  };
}

/** Those that have a rank, by rank. */
export function footerBindings(bindings: readonly Binding[]): readonly Binding[] {
  return bindings.filter((binding) => binding.rank !== null).toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0));
}
