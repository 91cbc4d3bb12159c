/** keys.md, made from the tables that the keys themselves are made from: it cannot say anything else than what they do. */
import { PANE_LIST } from "#app/panes/table.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Context } from "./commands.ts";
import { type Binding, defaultKeymap, keyWords } from "./keymap.ts";

const LAYERS: readonly (readonly [Context, string])[] = [
  ["filter", "While typing a filter"],
  ["help", "In help"],
  ["sort", "In the sort menu"],
  ["prompt", "When an argument is asked for"],
  ["confirm", "When an action is to be confirmed"],
];

const TEXT_KEYS = `## In any text field

| key | what it does |
|---|---|
| Ctrl-A Home | to the start |
| Ctrl-E End | to the end |
| Left Right | one character |
| Backspace Delete | takes the character before or under the caret away |
| Ctrl-W | takes the word before the caret away |
| Ctrl-U | takes everything before the caret away |
| paste | inserts the first line; pasted text never acts as keys |
`;

export function keysDocument(): string {
  const keymap = defaultKeymap(KIND_NAMES);
  const base = keymap.bindings("list", "events").filter((binding) => binding.type === "command");
  const detail = keymap.bindings("detail", "events").filter((binding) => !base.some((each) => each.id === binding.id));
  const sections = [
    "# Keys of the console\n\nMade by keys-document.ts from the table of commands and the table of actions; do not edit.\n",
    section("In every list", base),
    section("In the detail, besides", detail),
    ...PANE_LIST.flatMap((pane) => {
      const actions = keymap.bindings("list", pane.kind).filter((binding) => binding.type === "action");
      return actions.length === 0 ? [] : [section(`On the selected ${pane.one}`, actions)];
    }),
    ...LAYERS.map(([context, title]) => section(title, keymap.bindings(context, "daemons"))),
    TEXT_KEYS,
  ];
  return sections.join("\n");
}

function section(title: string, bindings: readonly Binding[]): string {
  const rows = bindings.map((binding) => `| ${keyWords(binding.keys)} | ${escapeCell(whatItDoes(binding))} |`);
  return `## ${title}\n\n| key | what it does |\n|---|---|\n${rows.join("\n")}\n`;
}

function whatItDoes(binding: Binding): string {
  if (binding.type === "command") return binding.title;
  const asks = binding.action.effect === "destroy" ? " (asks first)" : "";
  return `${binding.title}${asks}`;
}

const escapeCell = (text: string) => text.replaceAll("|", "\\|");
