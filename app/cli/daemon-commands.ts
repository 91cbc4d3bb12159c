/** The commands of daemons beside the verbs of the action table. */
import { ACTION_EXITS, actionCommands } from "./action-commands.ts";
import { lookCommands } from "./look-commands.ts";
import { EVERY, FILTER } from "./options.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec } from "./specification.ts";

const DAEMON_NAMES: ArgumentSpec = {
  name: "NAME",
  summary: "name, unique label or full id of a daemon",
  isRequired: true,
  isRepeatable: true,
  of: "daemons",
};

const LSB: OptionSpec = {
  name: "lsb",
  type: "flag",
  summary: "exit as the status action of an init script does (LSB): see the exit codes",
};

const LSB_EXITS = {
  0: "running",
  1: "not running; with --lsb: dead, and its pid file is left",
  2: "with --lsb: dead, and its lock is still held",
  3: "with --lsb: not running",
  4: "with --lsb: it cannot be told",
};

export const DAEMONS: readonly CommandSpec[] = [
  ...lookCommands("daemons", DAEMON_NAMES, {
    list: {
      summary: "the daemons that are declared or found",
      examples: [
        { line: "muster daemons list", tells: "a table" },
        { line: "muster daemons list --json=name,state,pid --filter state=up", tells: "three fields of what runs" },
        { line: "muster daemons list --sort -usage.memoryBytes --limit 5", tells: "the five largest" },
      ],
    },
    get: {
      summary: "all facts of some daemons",
      examples: [{ line: "muster daemons get web --json", tells: "one daemon, in a list of one" }],
    },
    watch: {
      summary: "the daemons and every change of them, until interrupted",
      options: [FILTER, EVERY],
      examples: [{ line: "muster daemons watch --json", tells: "one JSON object a line" }],
    },
  }),
  ...actionCommands("daemons", {
    names: [DAEMON_NAMES],
    item: "web",
    exits: ACTION_EXITS,
    verbs: { check: { options: [LSB], exits: [0, 1, 64, 74, 77, 78], ownExits: LSB_EXITS } },
  }),
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
