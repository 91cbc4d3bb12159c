/** What an action is described by: plain data and pure functions. */
import type { Items, Kind } from "#core/model/kinds.ts";

/** read: changes nothing; change: can be undone; destroy: is hard to reverse, and is confirmed. */
export type EffectClass = "read" | "change" | "destroy";

export interface ArgumentSpec {
  readonly name: string;
  readonly title: string;
  readonly type: "signal" | "seconds" | "flag" | "text" | "pid" | "jid" | "path";
  readonly isRequired: boolean;
  readonly description: string;
}

export interface ActionSpec<K extends Kind = Kind> {
  readonly id: string;
  readonly kind: K;
  /** item: one there is; new: one that is made, by the id it shall have. */
  readonly subject: "item" | "new";
  /** Word on the command line. */
  readonly verb: string;
  /** Title in help and palette. */
  readonly title: string;
  /** Label in the footer. */
  readonly short: string;
  readonly key: string;
  readonly effect: EffectClass;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  /** Id of the action that takes this one back. */
  readonly inverse: string | null;
  /** Why it cannot be done to this item now, as a sentence with the way out; null if it can. Never asked for a new one. */
  when(item: Items[K]): string | null;
  /** What the operator is told before he confirms; only for `destroy`. */
  consequence?(item: Items[K]): string;
}

/** What every action that sends a signal of the operator's choice asks for. */
export const SIGNAL_ARGUMENT: ArgumentSpec = {
  name: "signal",
  title: "signal",
  type: "signal",
  isRequired: true,
  description: "name with or without SIG, in any case, or number",
};

/** The same verb on every single process, whatever it is known as. */
export const SEND_SIGNAL = {
  verb: "signal",
  title: "Send signal",
  short: "signal",
  key: "S",
  subject: "item",
  effect: "destroy",
  arguments: [SIGNAL_ARGUMENT],
  inverse: null,
} as const satisfies Partial<ActionSpec>;
