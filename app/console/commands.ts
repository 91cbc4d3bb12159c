/** What keys can do besides actions on items: one table that keys, footer, help and the document of keys are read off. */

import { PANE_LIST } from "#app/panes/table.ts";
import type { Kind } from "#core/model/kind-names.ts";

export const CONTEXTS = [
  "list",
  "detail",
  "filter",
  "help",
  "sort",
  "places",
  "prompt",
  "pick",
  "confirm",
  "answer",
] as const;
export type Context = (typeof CONTEXTS)[number];

/** Contexts in which actions on the selected item are bound too. */
export const ITEM_CONTEXTS: readonly Context[] = ["list", "detail"];

export interface Command {
  readonly id: string;
  readonly contexts: readonly Context[];
  /** Only on lines of these kinds; on all of them if it is left out. */
  readonly kinds?: readonly Kind[];
  readonly keys: readonly string[];
  /** Whole sentence of help. */
  readonly title: string;
  /** Label in the footer. */
  readonly short: string;
  /** Order in the footer, lowest first; null: only in help. */
  readonly rank: number | null;
}

const BASE: readonly Context[] = ["list", "detail"];

const command = (
  id: string,
  contexts: readonly Context[],
  keys: readonly string[],
  short: string,
  title: string,
  rank: number | null = null,
) => ({ id, contexts, keys, title, short, rank }) as const;

/** Kinds whose lines stand in a tree, and those of plain lists. */
export const TREE_KINDS: readonly Kind[] = PANE_LIST.filter(({ tree }) => tree).flatMap(({ kinds }) => kinds);
export const LIST_KINDS: readonly Kind[] = PANE_LIST.filter(({ tree }) => !tree).flatMap(({ kinds }) => kinds);

const ofKinds = <C extends Command>(kinds: readonly Kind[], each: C) => ({ ...each, kinds }) as const;

export const COMMANDS = [
  command("down", BASE, ["j", "down"], "down", "one line down"),
  command("up", BASE, ["k", "up"], "up", "one line up"),
  command("page-down", BASE, ["ctrl-d", "pagedown"], "page down", "one page down"),
  command("page-up", BASE, ["ctrl-u", "pageup"], "page up", "one page up"),
  command("first", BASE, ["g", "home"], "first", "to the first line"),
  command("last", BASE, ["G", "end"], "last", "to the last line"),
  ofKinds(
    LIST_KINDS,
    command("open", ["list"], ["enter", "l", "right"], "open", "open the detail of the selected line", 40),
  ),
  ofKinds(TREE_KINDS, command("open-detail", ["list"], ["enter"], "open", "open the detail of the selected line", 40)),
  ofKinds(
    TREE_KINDS,
    command("unfold", ["list"], ["l", "right"], "unfold", "unfold the selected line; then open its detail", 43),
  ),
  ofKinds(
    TREE_KINDS,
    command("fold", ["list"], ["h", "left"], "fold", "fold the selected line; then go to what it belongs to", 44),
  ),
  command(
    "back",
    ["list"],
    ["esc"],
    "back",
    "one step back: ask what runs to stop, clear the filter, leave the group",
    58,
  ),
  command(
    "close",
    ["detail"],
    ["esc", "h", "left"],
    "back",
    "one step back: ask what runs to stop, else close the detail",
    41,
  ),
  command(
    "filter",
    ["list"],
    ["/"],
    "filter",
    "show only lines that have all the words and each FIELD=VALUE, or match /pattern/",
    42,
  ),
  command("sort", ["list"], ["s"], "sort", "choose the column to sort by", 55),
  command("next-pane", BASE, ["tab"], "next pane", "to the next pane", 60),
  command("previous-pane", BASE, ["shift-tab"], "previous pane", "to the pane before"),
  command("pane", BASE, ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "pane", "to the pane of that number"),
  ofKinds(["categories"], command("members", BASE, ["m"], "members", "show the members of the selected category", 39)),
  ofKinds(
    ["categories"],
    command("add-member", BASE, ["A"], "add member", "register a process in the selected category", 38),
  ),
  ofKinds(
    ["endpoints"],
    command("take-over", BASE, ["t"], "take over", "go on with the regions of the selected endpoint as its owner", 57),
  ),
  ofKinds(["policies"], command("edit-policy", BASE, ["e"], "edit", "set other values in the selected policy", 39)),
  ofKinds(
    ["daemons", "members", ...TREE_KINDS, "events"],
    command(
      "jump",
      BASE,
      ["J"],
      "jump",
      "to the same process in the next pane, from a container to what runs in it, to the policy of an endpoint and back, to the item an event is about",
      56,
    ),
  ),
  command("refresh", BASE, ["r"], "refresh", "read every source again now", 70),
  command("freeze", BASE, ["f"], "freeze", "hold the picture still; again to let it go on", 75),
  command("undo", BASE, ["z"], "undo", "take the last action back", 65),
  command("help", BASE, ["?"], "help", "every key that works here; type to search, Enter does it", 99),
  command("quit", BASE, ["q"], "quit", "leave muster; in the detail: back to the list", 80),
  command("record", BASE, ["ctrl-r"], "record", "record what happens from now on; again to end it"),
  command("write-last", BASE, ["W"], "write last", "write the last minutes to a file, as a recording"),
  command("suspend", BASE, ["ctrl-z"], "suspend", "put muster into the background of the shell"),
  command("interrupt", CONTEXTS, ["ctrl-c"], "quit", "leave muster from anywhere"),

  command("filter-keep", ["filter"], ["enter"], "keep", "keep the filter and go back to the list", 10),
  command("filter-clear", ["filter"], ["esc"], "clear", "clear the filter", 20),
  command("filter-down", ["filter"], ["down"], "down", "one line down while typing", 30),
  command("filter-up", ["filter"], ["up"], "up", "one line up while typing", 31),

  command("help-run", ["help"], ["enter"], "do it", "do what the selected line says", 10),
  command("help-close", ["help"], ["esc"], "close", "close help", 20),
  command("help-down", ["help"], ["down"], "down", "one line down", 30),
  command("help-up", ["help"], ["up"], "up", "one line up", 31),

  command(
    "sort-choose",
    ["sort"],
    ["enter"],
    "choose",
    "sort by the selected column; the same one again turns it round",
    10,
  ),
  command("sort-close", ["sort"], ["esc", "q"], "close", "leave the order as it is", 20),
  command("sort-down", ["sort"], ["j", "down"], "down", "one line down", 30),
  command("sort-up", ["sort"], ["k", "up"], "up", "one line up", 31),
  command("sort-reverse", ["sort"], ["r"], "reverse", "turn the order round", 15),

  command("places-go", ["places"], ["enter", "l", "right"], "go", "go to the marked place", 10),
  command("places-close", ["places"], ["esc", "h", "left", "q"], "close", "stay here", 20),
  command("places-down", ["places"], ["j", "down"], "down", "one line down", 30),
  command("places-up", ["places"], ["k", "up"], "up", "one line up", 31),
  command("places-page-down", ["places"], ["pagedown"], "page down", "one page down"),
  command("places-page-up", ["places"], ["pageup"], "page up", "one page up"),

  command("prompt-accept", ["prompt"], ["enter"], "go on", "take what was typed", 10),
  command("prompt-cancel", ["prompt"], ["esc"], "cancel", "do nothing", 20),

  command("pick-accept", ["pick"], ["enter"], "choose", "take the marked process", 10),
  command("pick-close", ["pick"], ["esc"], "cancel", "do nothing", 20),
  command("pick-down", ["pick"], ["down"], "down", "one line down", 30),
  command("pick-up", ["pick"], ["up"], "up", "one line up", 31),
  command("pick-page-down", ["pick"], ["pagedown"], "page down", "one page down"),
  command("pick-page-up", ["pick"], ["pageup"], "page up", "one page up"),

  command("confirm-accept", ["confirm"], ["y"], "yes", "do it", 10),
  command("confirm-cancel", ["confirm"], ["n", "esc"], "cancel", "do nothing", 20),
  command(
    "confirm-switch",
    ["confirm"],
    ["tab", "shift-tab", "left", "right", "h", "l"],
    "switch",
    "the other button",
    30,
  ),
  command("confirm-press", ["confirm"], ["enter"], "press", "press the button that is marked", 40),

  command("answer-close", ["answer"], ["enter", "esc", "q"], "close", "close the answer", 10),
  command("answer-down", ["answer"], ["j", "down"], "down", "one line down", 30),
  command("answer-up", ["answer"], ["k", "up"], "up", "one line up", 31),
  command("answer-page-down", ["answer"], ["pagedown"], "page down", "one page down"),
  command("answer-page-up", ["answer"], ["pageup"], "page up", "one page up"),
] as const satisfies readonly Command[];

export type CommandId = (typeof COMMANDS)[number]["id"];
