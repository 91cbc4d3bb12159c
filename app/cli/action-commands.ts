/** The verbs of the action table as commands: name, options and exit codes follow from each action's description. */
import { ACTION_LIST, type ArgumentSpec as ActionArgument, type ActionSpec } from "#core/act/actions.ts";
import type { ExitCode } from "#core/model/error.ts";
import type { NamedKind } from "./kind-words.ts";
import { CHANGE_OPTIONS, YES } from "./options.ts";
import type { ArgumentSpec, CommandSpec, Example, OptionSpec } from "./specification.ts";

/** What the row of a verb has that does not follow from its action alone. */
export interface VerbOfCommand {
  /** In place of the names of items. */
  readonly arguments?: readonly ArgumentSpec[];
  /** Arguments of the action that are words on the command line instead of options. */
  readonly words?: readonly string[];
  readonly options?: readonly OptionSpec[];
  readonly description?: string;
  /** What the example has behind the verb. */
  readonly line?: string;
  readonly examples?: readonly Example[];
  readonly exits?: readonly ExitCode[];
  readonly ownExits?: Readonly<Record<number, string>>;
}

export interface KindOfCommands {
  readonly names: readonly ArgumentSpec[];
  /** What the examples call an item. */
  readonly item: string;
  /** Options that each verb of the kind has. */
  readonly options?: readonly OptionSpec[];
  readonly exits: readonly ExitCode[];
  readonly verbs?: Readonly<Record<string, VerbOfCommand>>;
}

/** What every verb may end with; what needs a service may end with 2 besides. */
export const ACTION_EXITS: readonly ExitCode[] = [0, 1, 3, 4, 64, 74, 75, 77, 78, 130, 143];

export function actionCommands(kind: NamedKind, commands: KindOfCommands): CommandSpec[] {
  return ACTION_LIST.filter((action) => action.kind === kind).map((action) =>
    commandOf(action, commands, commands.verbs?.[action.verb] ?? {}),
  );
}

function commandOf(action: ActionSpec, kind: KindOfCommands, verb: VerbOfCommand): CommandSpec {
  const { words = [], description, ownExits } = verb;
  const asked = action.arguments.filter(({ name }) => !words.includes(name));
  return {
    name: `${action.kind} ${action.verb}`,
    summary: action.description,
    ...(description === undefined ? {} : { description }),
    arguments: verb.arguments ?? kind.names,
    options: [
      ...asked.map(optionOf),
      // A script may say --yes to any verb: it answers the question of those that ask one.
      ...(action.effect === "read" ? [] : [...CHANGE_OPTIONS, YES]),
      ...(verb.options ?? []),
      ...(kind.options ?? []),
    ],
    examples: verb.examples ?? [exampleOf(action, asked, verb.line ?? kind.item)],
    exits: verb.exits ?? kind.exits,
    ...(ownExits === undefined ? {} : { ownExits }),
    action: action.id as NonNullable<CommandSpec["action"]>,
  };
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

function exampleOf(action: ActionSpec, asked: readonly ActionArgument[], subject: string): Example {
  const required = asked.filter((argument) => argument.isRequired);
  const options = required.map(({ name, type }) => ` --${name} ${EXAMPLE_VALUES[type]}`);
  const line = `muster ${action.kind} ${action.verb} ${subject}${options.join("")}`;
  return { line, tells: action.title.toLowerCase() };
}
