/** keys.md, made from the tables that the keys themselves are made from: it cannot say anything else than what they do. */

import type { Pane } from "#app/panes/pane.ts";
import { PANE_LIST } from "#app/panes/table.ts";
import { WORDS } from "#app/panes/words.ts";
import type { Kind } from "#core/model/kind-names.ts";
import { COMMANDS, type Context, LIST_KINDS, TREE_KINDS } from "./commands.ts";
import { type Binding, defaultKeymap, type Keymap, keyWords } from "./keymap.ts";

const LAYERS: readonly (readonly [Context, string])[] = [
  ["filter", "While typing a filter"],
  ["help", "In help"],
  ["sort", "In the sort menu"],
  ["places", "When an item leads to several places"],
  ["prompt", "When an argument is asked for"],
  ["pick", "When a process is to be chosen"],
  ["confirm", "When an action is to be confirmed"],
  ["answer", "When an answer is shown"],
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

/** `more`: sections of keys that are not the console's own. */
export function keysDocument(more: readonly string[]): string {
  const keymap = defaultKeymap();
  const everywhere = (binding: Binding) => binding.type === "command" && kindsOf(binding) === null;
  const base = keymap.bindings("list", "events").filter(everywhere);
  const detail = keymap
    .bindings("detail", "events")
    .filter((binding) => everywhere(binding) && !base.some((each) => each.id === binding.id));
  const sections = [
    "# Keys of the console\n\nMade by keys-document.ts from the table of commands and the table of actions; do not edit.\n",
    section("In every list", base),
    section("In the detail, besides", detail),
    section("In plain lists, besides", keymap.bindings("list", "events").filter(isOf(LIST_KINDS))),
    section("In trees, besides", keymap.bindings("list", "jobs").filter(isOf(TREE_KINDS))),
    ...PANE_LIST.flatMap((pane) => paneSections(keymap, pane)),
    ...LAYERS.map(([context, title]) => section(title, keymap.bindings(context, "daemons"))),
    TEXT_KEYS,
    ...more,
  ];
  return sections.join("\n");
}

function kindsOf(binding: Binding): readonly Kind[] | null {
  const command = COMMANDS.find(({ id }) => id === binding.id);
  return command && "kinds" in command ? command.kinds : null;
}

const isOf = (kinds: readonly Kind[]) => (binding: Binding) => kindsOf(binding) === kinds;

/** What its lines have in common, then what each kind of line has of its own. */
function paneSections(keymap: Keymap, pane: Pane): readonly string[] {
  const own = (kind: Kind) =>
    keymap
      .bindings("list", kind)
      .filter((each) => each.type === "action" || ![null, LIST_KINDS, TREE_KINDS].includes(kindsOf(each)));
  const [first = [], ...others] = pane.kinds.map(own);
  const common = first.filter(({ id }) => others.every((list) => list.some((each) => each.id === id)));
  const sections = pane.kinds.map((kind): readonly [string, readonly Binding[]] => [
    `In ${pane.title}, on ${withArticle(WORDS[kind].one)}`,
    own(kind).filter(({ id }) => !common.some((each) => each.id === id)),
  ]);
  return [[`In ${pane.title}`, common] as const, ...sections]
    .filter(([, bindings]) => bindings.length > 0)
    .map(([title, bindings]) => section(title, bindings));
}

const withArticle = (word: string) => `${/^[aeiou]/.test(word) ? "an" : "a"} ${word}`;

function section(title: string, bindings: readonly Binding[]): string {
  return keysSection(
    title,
    bindings.map((binding) => ({ keys: keyWords(binding.keys), title: whatItDoes(binding) })),
  );
}

export interface KeyLine {
  readonly keys: string;
  readonly title: string;
}

export function keysSection(title: string, lines: readonly KeyLine[]): string {
  const rows = lines.map((line) => `| ${line.keys} | ${escapeCell(line.title)} |`);
  return `## ${title}\n\n| key | what it does |\n|---|---|\n${rows.join("\n")}\n`;
}

function whatItDoes(binding: Binding): string {
  if (binding.type === "command") return binding.title;
  const asks = binding.action.effect === "destroy" ? " (asks first)" : "";
  return `${binding.title}${asks}`;
}

const escapeCell = (text: string) => text.replaceAll("|", "\\|");
