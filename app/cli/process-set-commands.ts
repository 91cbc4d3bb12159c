/** The commands of the process set: categories and their members. The verbs come out of the action table. */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { EVERY, FILTER, NODE_OPTIONS, SELECTION_OPTIONS, TIMEOUT } from "./options.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec } from "./specification.ts";

const category: ArgumentSpec = {
  name: "NAME",
  summary: "name or full id of a category",
  isRequired: true,
  isRepeatable: true,
  of: "categories",
};

const newCategory: ArgumentSpec = { ...category, summary: "at most 31 bytes, without '/'", of: "free" };

const member: ArgumentSpec = {
  name: "MEMBER",
  summary: "CATEGORY/PID, a pid or unique name (node-pid) that only one has, or a full id",
  isRequired: true,
  isRepeatable: true,
  of: "members",
};

const inCategory: ArgumentSpec = {
  name: "CATEGORY",
  summary: "category; one that is not there is made if psm_mem_autocat is on",
  isRequired: true,
  isRepeatable: false,
  of: "categories",
};

const pid: ArgumentSpec = {
  name: "PID",
  summary: "id of a running process",
  isRequired: true,
  isRepeatable: true,
  of: "free",
};

const ONLY_CATEGORY: OptionSpec = {
  name: "category",
  type: "text",
  value: "CATEGORY",
  summary: "only members of this category",
};

const RECORD: OptionSpec = {
  name: "record",
  type: "flag",
  summary: "as the psm_memrsp_t elements of cfg_psm_memget(3), in JSON",
};

export const CATEGORIES: readonly CommandSpec[] = [
  ...lookCommands("categories", category, {
    list: {
      summary: "the categories of the process set and how many members each has",
      options: [...SELECTION_OPTIONS, ...NODE_OPTIONS],
      examples: [{ line: "muster categories list --sort -failed --limit 5", tells: "where most have failed" }],
      exits: [0, 1, 3, 64, 74, 78],
    },
    get: {
      summary: "all facts of some categories",
      options: NODE_OPTIONS,
      examples: [{ line: "muster categories get web --json", tells: "one category, in a list of one" }],
    },
    watch: {
      summary: "the categories and every change of them, until interrupted",
      options: [FILTER, ...NODE_OPTIONS],
      examples: [{ line: "muster categories watch web --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("categories", {
    names: [category],
    item: "web",
    options: NODE_OPTIONS,
    exits: [...ACTION_EXITS, 2],
    verbs: { add: { arguments: [newCategory] } },
  }),
];

export const MEMBERS: readonly CommandSpec[] = [
  ...lookCommands("members", member, {
    list: {
      summary: "the members of the process set, running and exited",
      options: [ONLY_CATEGORY, RECORD, ...SELECTION_OPTIONS, ...NODE_OPTIONS],
      examples: [
        { line: "muster members list --category web", tells: "of one category" },
        {
          line: "muster members list --json=pid,exit.text --filter flags.exit=true",
          tells: "how those that ended did so",
        },
      ],
      exits: [0, 1, 3, 64, 74, 78],
    },
    get: {
      summary: "all facts of some members; with --wait, once they have exited",
      options: [
        {
          name: "wait",
          type: "choice",
          value: "STATE",
          choices: ["exited"],
          summary: "wait until all of them have exited",
        },
        TIMEOUT,
        ONLY_CATEGORY,
        RECORD,
        ...NODE_OPTIONS,
      ],
      examples: [
        { line: "muster members get web/812 --json", tells: "one member, in a list of one" },
        { line: "muster members get 812 --wait exited --timeout 30s --json=exitCode,exit", tells: "how it ends" },
      ],
      exits: [0, 1, 3, 64, 74, 75, 78, 130, 143],
    },
    watch: {
      summary: "the members and every change of them, until interrupted",
      options: [FILTER, EVERY, ...NODE_OPTIONS],
      examples: [{ line: "muster members watch --filter category=web --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("members", {
    names: [member],
    item: "web/812",
    options: NODE_OPTIONS,
    exits: [...ACTION_EXITS, 2],
    verbs: { add: { arguments: [inCategory, pid], line: "web 812 813" } },
  }),
  {
    name: "members run",
    summary: "start a command as a member of a category",
    description:
      "The command is registered before it runs its first instruction, so that nothing of it can be missed. muster waits " +
      "for it, passes signals on, and ends with its exit code (128 and the number of the signal that killed it).",
    arguments: [
      inCategory,
      { name: "CMD", summary: "the command and its arguments", isRequired: true, isRepeatable: true, of: "words" },
    ],
    options: [{ name: "detach", type: "flag", summary: "do not wait: leave it running and tell its pid" }],
    examples: [
      { line: "muster members run web -- nginx -g 'daemon off;'", tells: "run it here" },
      { line: "muster members run web --detach -- sleep 1000", tells: "leave it running" },
    ],
    exits: [0, 1, 2, 3, 4, 64, 74, 75, 77, 78],
    ownExits: { 0: "the command ended with 0; with --detach: it runs" },
  },
];
