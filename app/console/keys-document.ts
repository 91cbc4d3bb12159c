/** keys.md, made from the tables that the keys themselves are made from: it cannot say anything else than what they do. */
import { PANE_LIST } from "#app/panes/table.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import { COMMANDS, type Context } from "./commands.ts";
import { type Binding, defaultKeymap, keyWords } from "./keymap.ts";

const LAYERS: readonly (readonly [Context, string])[] = [
  ["filter", "While typing a filter"],
  ["help", "In help"],
  ["sort", "In the sort menu"],
  ["prompt", "When an argument is asked for"],
  ["pick", "When a process is to be chosen"],
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
  const everywhere = (binding: Binding) => binding.type === "command" && !isOfKind(binding);
  const base = keymap.bindings("list", "events").filter(everywhere);
  const detail = keymap
    .bindings("detail", "events")
    .filter((binding) => everywhere(binding) && !base.some((each) => each.id === binding.id));
  const sections = [
    "# Keys of the console\n\nMade by keys-document.ts from the table of commands and the table of actions; do not edit.\n",
    section("In every list", base),
    section("In the detail, besides", detail),
    ...PANE_LIST.flatMap((pane) => {
      const own = keymap.bindings("list", pane.kind).filter((each) => each.type === "action" || isOfKind(each));
      return own.length === 0 ? [] : [section(`In ${pane.title}`, own)];
    }),
    ...LAYERS.map(([context, title]) => section(title, keymap.bindings(context, "daemons"))),
    TEXT_KEYS,
  ];
  return sections.join("\n");
}

const isOfKind = (binding: Binding) =>
  COMMANDS.some((command) => command.id === binding.id && "kinds" in command && command.kinds !== undefined);

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
