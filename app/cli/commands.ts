/** The one table of commands. What is not in here does not exist: no abbreviations, no catch-all. */
import { actionCommands } from "./action-commands.ts";
import { EVERY, SELECTION_OPTIONS } from "./options.ts";
import type { ArgumentSpec, CommandSpec } from "./specification.ts";

const names: ArgumentSpec = {
  name: "NAME",
  summary: "name, unique label or full id of a daemon",
  isRequired: true,
  isRepeatable: true,
  of: "daemons",
};

const CONSOLE: CommandSpec = {
  name: "",
  summary: "open the console",
  description:
    "See and control the daemons of this machine. Without a command the console opens; it needs a terminal on " +
    "standard input and output.",
  arguments: [],
  options: [
    { name: "version", type: "flag", summary: "show the version" },
    { name: "no-motion", type: "flag", summary: "no animation in the console" },
  ],
  examples: [
    { line: "muster", tells: "open the console" },
    { line: "muster daemons list --json", tells: "the same for a program" },
  ],
  exits: [0, 2, 64, 70],
};

const DAEMONS: readonly CommandSpec[] = [
  {
    name: "daemons list",
    summary: "the daemons that are declared or found",
    arguments: [],
    options: SELECTION_OPTIONS,
    examples: [
      { line: "muster daemons list", tells: "a table" },
      { line: "muster daemons list --json=name,state,pid --filter state=up", tells: "three fields of what runs" },
      { line: "muster daemons list --sort -usage.memoryBytes --limit 5", tells: "the five largest" },
    ],
    exits: [0, 3, 64, 74, 78],
  },
  {
    name: "daemons get",
    summary: "all facts of some daemons",
    arguments: [names],
    options: [],
    examples: [{ line: "muster daemons get web --json", tells: "one daemon, in a list of one" }],
    exits: [0, 1, 3, 64, 74, 78],
  },
  {
    name: "daemons watch",
    summary: "the daemons and every change of them, until interrupted",
    arguments: [{ ...names, isRequired: false }],
    options: [...SELECTION_OPTIONS.filter((option) => option.name === "filter"), EVERY],
    examples: [{ line: "muster daemons watch --json", tells: "one JSON object a line" }],
    exits: [0, 1, 64, 74, 78],
  },
];

const DAEMON_PROGRAMS: readonly CommandSpec[] = [
  {
    name: "daemons run",
    summary: "make a daemon of any command",
    description:
      "The command runs in a session of its own, detached from the terminal; its pid file is locked and holds its pid " +
      "for as long as it lives, as LibUCW's daemons do it.",
    arguments: [
      { name: "CMD", summary: "the command and its arguments", isRequired: true, isRepeatable: true, of: "words" },
    ],
    options: [
      { name: "pid-file", type: "path", value: "FILE", isRequired: true, summary: "pid file, locked while it lives" },
      { name: "user", type: "text", value: "USER", summary: "name or #id to run as" },
      { name: "group", type: "text", value: "GROUP", summary: "name or #id to run as" },
      { name: "preserve-cwd", type: "flag", summary: "stay in this directory instead of /" },
      {
        name: "settle",
        type: "duration",
        value: "SECONDS",
        default: "0.2",
        summary: "a command that ends within this time has failed to start",
      },
    ],
    examples: [{ line: "muster daemons run --pid-file /run/web.pid --user www -- web -f", tells: "start it detached" }],
    exits: [0, 1, 3, 4, 64, 75, 77],
  },
  {
    name: "daemons control",
    summary: "drop-in for ucw-daemon-control(1)",
    description:
      "Takes the options of ucw-daemon-control and ends with its exit codes; writes nothing to standard output. " +
      "None of muster's own options apply behind `control`.",
    arguments: [{ name: "OPTION", summary: "see below", isRequired: false, isRepeatable: true, of: "words" }],
    options: [],
    examples: [
      { line: "muster daemons control --pid-file /run/web.pid --start -- /usr/sbin/web", tells: "start" },
      { line: "muster daemons control --pid-file /run/web.pid --check", tells: "silent; the exit code tells" },
    ],
    exits: [0, 1],
    ownExits: {
      100: "already done: runs already (--start), does not run (--stop)",
      101: "not running (--check, --reload)",
      102: "error; the reason is on standard error",
      103: "stale: the pid file names a daemon that ended without emptying it",
    },
    isRaw: true,
  },
];

const OTHERS: readonly CommandSpec[] = [
  {
    name: "snapshot",
    summary: "everything once",
    arguments: [],
    options: [],
    examples: [{ line: "muster snapshot --json", tells: "all kinds in one document" }],
    exits: [0, 3, 64, 74, 78],
  },
  {
    name: "events",
    summary: "what happened: changes of state and the audit of actions",
    arguments: [],
    options: [
      { name: "since", type: "moment", value: "TIME", summary: "from 10m, 2h, 3d ago or from a time (RFC 3339) on" },
      { name: "follow", short: "f", type: "flag", summary: "go on with what happens from now, until interrupted" },
      ...SELECTION_OPTIONS.filter((option) => option.name !== "limit"),
      { name: "limit", type: "count", value: "N", default: "1000", summary: "the newest N" },
    ],
    examples: [{ line: "muster events --since 10m --follow --json", tells: "one JSON object a line" }],
    exits: [0, 64, 74, 78],
  },
  {
    name: "doctor",
    summary: "what this host offers and what is missing or wrong",
    arguments: [],
    options: [],
    examples: [{ line: "muster doctor --json", tells: "the same for a program" }],
    exits: [0, 1, 74, 78],
    ownExits: { 1: "something that muster needs is missing" },
  },
  {
    name: "schema",
    summary: "JSON Schemas of what muster writes",
    arguments: [
      { name: "KIND", summary: "which; without it their names", isRequired: false, isRepeatable: false, of: "schemas" },
    ],
    options: [],
    examples: [{ line: "muster schema daemons", tells: "of the document of `daemons list`" }],
    exits: [0, 64, 74],
  },
  {
    name: "completions",
    summary: "a script that completes muster's command line",
    arguments: [{ name: "SHELL", summary: "bash, zsh or fish", isRequired: true, isRepeatable: false, of: "shells" }],
    options: [],
    examples: [{ line: "muster completions bash > /etc/bash_completion.d/muster", tells: "install for all users" }],
    exits: [0, 64, 74],
  },
  {
    name: "man",
    summary: "the manual page, for man(1)",
    arguments: [],
    options: [],
    examples: [{ line: "muster man | man -l -", tells: "read it" }],
    exits: [0, 74],
  },
  {
    name: "help",
    summary: "the same as --help",
    arguments: [{ name: "COMMAND", summary: "which command", isRequired: false, isRepeatable: true, of: "commands" }],
    options: [],
    examples: [{ line: "muster help daemons stop", tells: "what it does and takes" }],
    exits: [0, 64, 74],
  },
];

export const COMMANDS: readonly CommandSpec[] = [
  CONSOLE,
  ...DAEMONS,
  ...actionCommands(names),
  ...DAEMON_PROGRAMS,
  ...OTHERS,
];

/** Words that commands of more than one word begin with; each lists its own when it stands alone. */
export const GROUPS: Readonly<Record<string, { readonly summary: string; readonly standsFor: string }>> = {
  daemons: { summary: "see and control daemons", standsFor: "daemons list" },
};

export function commandNamed(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}
