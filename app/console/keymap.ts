/**
 * Keys -> what they do, per context and per kind of the selected line: the table of commands and the table of actions joined
 * and checked. Where a pane shows several kinds, what is made new can be made on any of its lines.
 */
import { PANE_LIST } from "#app/panes/table.ts";
import { ACTION_LIST, type ActionSpec } from "#core/act/actions.ts";
import { MusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kinds.ts";
import { COMMANDS, CONTEXTS, type Command, type CommandId, type Context, ITEM_CONTEXTS } from "./commands.ts";

interface BindingBase {
  readonly id: string;
  readonly keys: readonly string[];
  readonly title: string;
  readonly short: string;
  readonly rank: number | null;
}

export type Binding =
  | (BindingBase & { readonly type: "command"; readonly command: CommandId })
  | (BindingBase & { readonly type: "action"; readonly action: ActionSpec });

export interface Keymap {
  find(context: Context, kind: Kind, key: string): Binding | undefined;
  /** Actions on items first, then commands: the order of help. */
  bindings(context: Context, kind: Kind): readonly Binding[];
}

export interface KeymapTables {
  readonly commands: readonly (Command & { readonly id: CommandId })[];
  readonly actions: readonly ActionSpec[];
  /** The kinds that each pane shows. */
  readonly panes: readonly { readonly kinds: readonly Kind[] }[];
}

/** Throws if one key would do two things in one context: the wrong daemon is stopped by a key nobody thought about. */
export function createKeymap({ commands, actions, panes }: KeymapTables): Keymap {
  const tables = new Map<string, { list: readonly Binding[]; byKey: ReadonlyMap<string, Binding> }>();
  for (const { kinds } of panes) {
    for (const kind of kinds) {
      for (const context of CONTEXTS) {
        const list = bindingsOf(context, kind, kinds, { commands, actions });
        tables.set(`${context} ${kind}`, { list, byKey: byKey(list, context) });
      }
    }
  }
  return {
    find: (context, kind, key) => tables.get(`${context} ${kind}`)?.byKey.get(key),
    bindings: (context, kind) => tables.get(`${context} ${kind}`)?.list ?? [],
  };
}

function bindingsOf(
  context: Context,
  kind: Kind,
  beside: readonly Kind[],
  { commands, actions }: Pick<KeymapTables, "commands" | "actions">,
): readonly Binding[] {
  const own = actions.filter((action) => action.kind === kind);
  const made = actions.filter((each) => each.subject === "new" && each.kind !== kind && beside.includes(each.kind));
  const ofItems = ITEM_CONTEXTS.includes(context);
  return [
    ...(ofItems ? own : []).map((action, index) =>
      actionBinding(action, index < LEADING_ACTIONS ? index : LATER + index),
    ),
    ...(ofItems ? made : []).map((action, index) => actionBinding(action, LATER + own.length + index)),
    ...commands
      .filter(({ contexts, kinds }) => contexts.includes(context) && (kinds?.includes(kind) ?? true))
      .map(commandBinding),
  ];
}

/** The first actions of the line's own kind come before everything else, the others after the keys that open and filter. */
const LEADING_ACTIONS = 4;
const LATER = 50;

const actionBinding = (action: ActionSpec, rank: number): Binding => ({
  type: "action",
  action,
  id: action.id,
  keys: [action.key],
  title: `${action.title}: ${action.description}`,
  short: action.short,
  rank,
});

const commandBinding = (command: Command & { readonly id: CommandId }): Binding => ({
  type: "command",
  command: command.id,
  id: command.id,
  keys: command.keys,
  title: command.title,
  short: command.short,
  rank: command.rank,
});

function byKey(list: readonly Binding[], context: Context): ReadonlyMap<string, Binding> {
  const found = new Map<string, Binding>();
  for (const binding of list) {
    for (const key of binding.keys) {
      const other = found.get(key);
      if (other) {
        throw new MusterError("INTERNAL", `key ${key} is bound to both ${other.id} and ${binding.id} in ${context}`);
      }
      found.set(key, binding);
    }
  }
  return found;
}

export const defaultKeymap = (): Keymap => createKeymap({ commands: COMMANDS, actions: ACTION_LIST, panes: PANE_LIST });

const KEY_WORDS: Readonly<Record<string, string>> = {
  enter: "Enter",
  esc: "Esc",
  tab: "Tab",
  "shift-tab": "Shift-Tab",
  up: "Up",
  down: "Down",
  left: "Left",
  right: "Right",
  home: "Home",
  end: "End",
  pageup: "PgUp",
  pagedown: "PgDn",
  space: "Space",
};

export function keyWord(key: string): string {
  return KEY_WORDS[key] ?? (key.startsWith("ctrl-") ? `Ctrl-${key.slice(5).toUpperCase()}` : key);
}

/** All keys of a binding; a run of digits as a range. */
export function keyWords(keys: readonly string[]): string {
  if (keys.length > 3 && keys.every((key) => /^\d$/.test(key))) return `${keys[0]}..${keys.at(-1)}`;
  return keys.map(keyWord).join(" ");
}
