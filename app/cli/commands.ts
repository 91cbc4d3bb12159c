/** The one table of commands. What is not in here does not exist: no abbreviations, no catch-all. */
import { CONTAINERS, PROCESSES } from "./container-commands.ts";
import { DAEMONS } from "./daemon-commands.ts";
import { ATTACHMENTS, JOBS } from "./job-commands.ts";
import { MODULES } from "./module-commands.ts";
import { SELECTION_OPTIONS } from "./options.ts";
import { PLAYBACK } from "./playback-commands.ts";
import { ENDPOINTS, POLICIES } from "./power-commands.ts";
import { CATEGORIES, MEMBERS } from "./process-set-commands.ts";
import { RECORD } from "./record-command.ts";
import { SCREEN_READER } from "./screen-reader.ts";
import type { CommandSpec } from "./specification.ts";

const CONSOLE: CommandSpec = {
  name: "",
  summary: "open the console",
  description:
    "See and control the daemons, the process set, the process aggregates, the power and the containers of this machine. Without a command the " +
    "console opens; it needs a terminal on standard input and output. " +
    "With TERM=dumb nothing is drawn: --screen-reader writes lines there.",
  arguments: [],
  options: [
    { name: "version", type: "flag", summary: "show the version" },
    { name: "no-motion", type: "flag", summary: "no animation in the console" },
    SCREEN_READER,
    {
      name: "last",
      type: "duration",
      value: "TIME",
      default: "10m",
      summary: "keep the last so long in memory; W, SIGUSR1 or a crash writes them as a recording. 0 keeps nothing",
    },
  ],
  examples: [
    { line: "muster", tells: "open the console" },
    { line: "muster daemons list --json", tells: "the same for a program" },
  ],
  exits: [0, 2, 64, 70],
};

const SERVE: CommandSpec = {
  name: "serve",
  summary: "the service alone, in the background, for consoles and commands to connect to",
  description:
    "The service looks after the machine while no console is open. It listens on muster.sock in the runtime directory " +
    "(JSON-RPC, see 'muster schema rpc') and holds muster.pid there. SIGHUP makes it read its configuration again, " +
    "SIGTERM ends it.",
  arguments: [],
  options: [
    { name: "foreground", type: "flag", summary: "stay in the foreground, for a supervisor; log to standard error" },
    { name: "stop", type: "flag", summary: "end the service that runs" },
    { name: "status", type: "flag", summary: "tell whether it runs (0, else 1), as which process and since when" },
    {
      name: "print-unit",
      type: "choice",
      value: "KIND",
      choices: ["systemd", "openrc"],
      summary: "write a unit file for this installation",
    },
  ],
  examples: [
    { line: "muster serve", tells: "start it; done when it can be connected to" },
    { line: "muster serve --print-unit systemd > /etc/systemd/system/muster.service", tells: "have systemd start it" },
  ],
  exits: [0, 1, 3, 4, 64, 74, 75, 77, 78],
  ownExits: { 1: "--status: it does not run" },
};

const ROOT_SERVE: CommandSpec = {
  name: "root serve",
  summary: "in place of pmdaroot: containers and privileged processes for PCP, in the foreground",
  description:
    "Answers pmcd and its agents as pmdaroot does: host name, first process and cgroup of the containers of docker, podman, " +
    "LXC, containerd, runc, crun and systemd-nspawn, those of users among them, and processes started with the rights of " +
    "this server. Remove the line of pmdaroot from pmcd.conf and start this first. PCP's variables say where the engines " +
    "keep their state (PCP_DOCKER_DIR and others). SIGTERM ends it; processes it started run on. With --read-only no " +
    "process is started or terminated.",
  arguments: [],
  options: [
    {
      name: "socket",
      type: "path",
      value: "PATH",
      summary: "listen here",
      default: "pmcd/root.socket in PCP_VAR_DIR, by the environment or /etc/pcp.conf",
    },
    {
      name: "allow",
      type: "text",
      value: "USER,...",
      summary: "who may ask about containers, beside root",
      default: "PCP_USER of /etc/pcp.conf, or pcp",
    },
    {
      name: "allow-start",
      type: "text",
      value: "USER,...",
      summary: "who may have processes started with the rights of this server, beside root; nobody by default",
    },
    {
      name: "pcp-match",
      type: "flag",
      summary: "match names as loosely as pmdaroot: whatever container begins most alike",
    },
  ],
  examples: [
    { line: "muster root serve", tells: "where PCP looks for it" },
    { line: "muster root serve --socket /run/root.socket --allow pcp,alice", tells: "elsewhere, for two users" },
  ],
  exits: [0, 3, 4, 64, 77, 78],
};

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
    takesFields: true,
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
  SERVE,
  ROOT_SERVE,
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
  ...CATEGORIES,
  ...MEMBERS,
  ...MODULES,
  ...JOBS,
  ...ATTACHMENTS,
  ...ENDPOINTS,
  ...POLICIES,
  ...CONTAINERS,
  ...PROCESSES,
  RECORD,
  ...PLAYBACK,
  ...OTHERS,
];

/** Words that commands of more than one word begin with; each lists its own when it stands alone. */
export const GROUPS: Readonly<Record<string, { readonly summary: string; readonly standsFor: string }>> = {
  daemons: { summary: "see and control daemons", standsFor: "daemons list" },
  categories: { summary: "the categories of the process set", standsFor: "categories list" },
  root: { summary: "the server for PCP's collectors", standsFor: "root serve" },
  members: { summary: "the processes registered in the process set", standsFor: "members list" },
  modules: { summary: "the PAGG modules: paggctl(3)", standsFor: "modules list" },
  jobs: { summary: "jobs that no process can leave: job(7)", standsFor: "jobs list" },
  attachments: { summary: "the processes attached to modules", standsFor: "attachments list" },
  endpoints: { summary: "GEOPM's endpoints, where controllers attach", standsFor: "endpoints list" },
  policies: { summary: "GEOPM's policy store", standsFor: "policies list" },
  containers: { summary: "the containers of all engines", standsFor: "containers list" },
  processes: { summary: "processes with the rights of the service", standsFor: "processes list" },
  fixture: { summary: "the files that `play` plays", standsFor: "fixture lint" },
};

export function commandNamed(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}
