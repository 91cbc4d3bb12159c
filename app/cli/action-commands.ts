/** The verbs of the action table as commands: name, options and exit codes follow from each action's description. */
import { ACTION_LIST, type ArgumentSpec as ActionArgument, type ActionSpec } from "#core/act/actions.ts";
import type { ExitCode } from "#core/model/error.ts";
import type { NamedKind } from "./kind-words.ts";
import { CHANGE_OPTIONS, YES } from "./options.ts";
import type { ArgumentSpec, CommandSpec, Example, OptionSpec } from "./specification.ts";

const EXITS: readonly ExitCode[] = [0, 1, 3, 4, 64, 74, 75, 77, 78, 130, 143];

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

export interface KindOfCommands {
  /** Options that each verb of the kind has. */
  readonly options?: readonly OptionSpec[];
  /** The arguments of verbs that make something that is not there yet. */
  readonly fresh?: readonly ArgumentSpec[];
  /** Those arguments as an example has them. */
  readonly freshLine?: string;
}

export function actionCommands(
  kind: NamedKind,
  names: readonly ArgumentSpec[],
  { options = [], fresh = names, freshLine = "web" }: KindOfCommands = {},
): CommandSpec[] {
  return ACTION_LIST.filter((action) => action.kind === kind).map((action) => {
    const isCheck = action.id === "daemon.check";
    const isNew = action.subject === "new";
    const subject = isNew ? freshLine : kind === "members" ? "web/812" : "web";
    return {
      name: `${action.kind} ${action.verb}`,
      summary: action.description,
      arguments: isNew ? fresh : names,
      options: [
        ...action.arguments.map(optionOf),
        // A script may say --yes to any verb: it answers the question of those that ask one.
        ...(action.effect === "read" ? [] : [...CHANGE_OPTIONS, YES]),
        ...(isCheck ? [LSB] : []),
        ...options,
      ],
      examples: [exampleOf(action, subject)],
      exits: isCheck ? [0, 1, 64, 74, 77, 78] : kind === "daemons" ? EXITS : [...EXITS, 2],
      ...(isCheck ? { ownExits: LSB_EXITS } : {}),
      action: action.id as NonNullable<CommandSpec["action"]>,
    };
  });
}

const TYPES = {
  signal: "signal",
  seconds: "duration",
  flag: "flag",
  text: "text",
  pid: "count",
  jid: "text",
  path: "path",
} as const satisfies Record<ActionArgument["type"], OptionSpec["type"]>;

function optionOf(argument: ActionArgument): OptionSpec {
  return {
    name: argument.name,
    type: TYPES[argument.type],
    ...(argument.type === "flag" ? {} : { value: argument.type.toUpperCase() }),
    isRequired: argument.isRequired,
    summary: argument.description,
  };
}

const EXAMPLE_VALUES: Readonly<Record<ActionArgument["type"], string>> = {
  signal: "USR1",
  seconds: "1",
  flag: "",
  text: "draining",
  pid: "812",
  jid: "0x501",
  path: "/etc/muster/modules/quota.ts",
};

function exampleOf(action: ActionSpec, subject: string): Example {
  const required = action.arguments.filter((argument) => argument.isRequired);
  const options = required.map(({ name, type }) => ` --${name} ${EXAMPLE_VALUES[type]}`);
  const line = `muster ${action.kind} ${action.verb} ${subject}${options.join("")}`;
  return { line, tells: action.title.toLowerCase() };
}
