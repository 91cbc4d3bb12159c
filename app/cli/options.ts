/** Options that more than one command has. One name means one thing everywhere. */
import type { OptionSpec } from "./specification.ts";

export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: "help", short: "h", type: "flag", summary: "show what a command does and takes" },
  {
    name: "json",
    type: "optional",
    value: "FIELDS",
    summary: "write JSON; with =f1,f2.g only these fields. Failures become JSON lines on standard error",
    variable: "MUSTER_OUTPUT=json",
  },
  { name: "pretty", type: "flag", summary: "indent JSON (the default on a terminal)" },
  { name: "compact", type: "flag", summary: "JSON on one line (the default off a terminal)" },
  {
    name: "config",
    type: "path",
    value: "FILE",
    summary: "configuration file; daemons.d stands beside it",
    default: "/etc/muster/muster.toml for root, $XDG_CONFIG_HOME/muster/muster.toml otherwise",
    variable: "MUSTER_CONFIG",
  },
  {
    name: "root",
    type: "path",
    value: "DIR",
    summary: "look at the /proc, /run and /etc of this tree instead of the machine; nothing can be changed then",
  },
  { name: "read-only", type: "flag", summary: "refuse everything that changes something" },
  {
    name: "no-autostart",
    type: "flag",
    summary: "do not start the service by itself for what needs one",
  },
  { name: "no-input", type: "flag", summary: "never ask" },
  { name: "quiet", short: "q", type: "flag", summary: "nothing on standard error but errors" },
  {
    name: "color",
    type: "choice",
    value: "WHEN",
    choices: ["auto", "always", "never", "16", "256", "truecolor"],
    default: "auto",
    summary: "colour; NO_COLOR and FORCE_COLOR are heeded",
    variable: "MUSTER_COLOR",
  },
  { name: "ascii", type: "flag", summary: "nothing but ASCII on the screen" },
  { name: "strict", type: "flag", summary: "fail when data is incomplete (3) or the configuration has a mistake (78)" },
];

export const FILTER: OptionSpec = {
  name: "filter",
  type: "text",
  value: "WORDS",
  summary: "only items in which every word occurs, FIELD=VALUE compared exactly; or those that match /PATTERN/",
};

export const SELECTION_OPTIONS: readonly OptionSpec[] = [
  FILTER,
  { name: "sort", type: "text", value: "F,-G", summary: "by field F, then by G downwards; the default is by id" },
  { name: "limit", type: "count", value: "N", summary: "at most N items" },
];

/** Whose process set is meant. */
export const NODE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "node",
    type: "text",
    value: "NAME,...",
    summary: "of these nodes; one that answers makes it a success. The default is this one",
  },
  { name: "all-nodes", type: "flag", summary: "of all nodes there are" },
];

export const EVERY: OptionSpec = {
  name: "every",
  type: "duration",
  value: "SECONDS",
  summary: "write every item again at this interval, with its use of CPU and memory; the default is on change only",
};

export const TIMEOUT: OptionSpec = {
  name: "timeout",
  type: "duration",
  value: "SECONDS",
  summary: "give up waiting after this time; the default is to wait without end",
};

export const CHANGE_OPTIONS: readonly OptionSpec[] = [
  { name: "dry-run", type: "flag", summary: "tell what would be done, and do nothing" },
];

export const YES: OptionSpec = {
  name: "yes",
  short: "y",
  type: "flag",
  summary: "do not ask; needed with --json and when standard input is not a terminal",
};
