/** The commands of PAGG modules: `paggctl(3)` and the operator's own modules. The verbs come out of the action table. */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { FILTER } from "./options.ts";
import type { ArgumentSpec, CommandSpec } from "./specification.ts";

const module: ArgumentSpec = {
  name: "NAME",
  summary: "name or full id of a module",
  isRequired: true,
  isRepeatable: true,
  of: "modules",
};

const anyName: ArgumentSpec = { ...module, summary: "at most 32 bytes, such as job" };

const source: ArgumentSpec = {
  name: "MODULE",
  summary:
    "a TypeScript file in one of the directories of the configuration, or its name without the directory and .ts",
  isRequired: true,
  isRepeatable: true,
  of: "free",
};

const request: readonly ArgumentSpec[] = [
  {
    name: "MODULE",
    summary: "name of a module, or PAGG_MOD for the module layer itself",
    isRequired: true,
    isRepeatable: false,
    of: "modules",
  },
  { name: "REQUEST", summary: "name or number of the request", isRequired: true, isRepeatable: false, of: "free" },
  { name: "DATA", summary: "the request's data, as JSON", isRequired: false, isRepeatable: false, of: "free" },
];

const EXITS = [...ACTION_EXITS, 2] as const;

export const MODULES: readonly CommandSpec[] = [
  ...lookCommands("modules", module, {
    list: {
      summary: "the PAGG modules that are registered, and those that failed",
      examples: [{ line: "muster modules list", tells: "a table" }],
    },
    get: {
      summary: "all facts of some modules",
      examples: [{ line: "muster modules get job --json", tells: "one module, in a list of one" }],
    },
    watch: {
      summary: "the modules and every change of them, until interrupted",
      options: [FILTER],
      examples: [{ line: "muster modules watch --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("modules", {
    names: [module],
    item: "quota",
    exits: EXITS,
    verbs: {
      check: { arguments: [anyName], line: "job", ownExits: { 0: "all are registered", 1: "one is not" } },
      load: {
        arguments: [source],
        description:
          "Only root and the service's own user may load a module, and only from directories that nobody else can write.",
        line: "/etc/muster/modules/quota.ts",
      },
      ctl: {
        arguments: request,
        words: ["request", "data"],
        description:
          "Each request asks for the right that it needs itself: MOD_GETCNT, MOD_GETLST and MOD_GETCHK of PAGG_MOD none. " +
          "What is answered is written as JSON.",
        examples: [
          { line: "muster modules ctl PAGG_MOD MOD_GETCNT", tells: "how many modules are registered" },
          { line: `muster modules ctl PAGG_MOD MOD_GETCHK '{"name":"job"}'`, tells: "whether job is one of them" },
        ],
      },
    },
  }),
];
