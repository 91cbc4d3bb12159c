/**
 * argv -> one command with its options and words. util.parseArgs splits; what it found is checked here against the table
 * so that every error names the argument and, where there is one, the nearest that is valid.
 */
import { parseArgs } from "node:util";
import { COMMANDS, commandNamed, GROUPS } from "./commands.ts";
import { type OptionValue, OptionValues, optionValue, usage } from "./option-values.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import type { CommandSpec, OptionSpec } from "./specification.ts";
import { didYouMean } from "./suggest.ts";

export interface Invocation {
  readonly command: CommandSpec;
  /** Set when only the name of a group was given. */
  readonly group: string | null;
  readonly options: OptionValues;
  readonly words: readonly string[];
  /** Those of them that stood behind `--`: a command to be run. null: there was no `--`. */
  readonly behind: readonly string[] | null;
}

const ALL_OPTIONS: ReadonlyMap<string, OptionSpec> = new Map(
  [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options)].map((option) => [option.name, option]),
);

/** Whether errors are to be JSON, before anything is known to be right. */
export function wantsJson(argv: readonly string[], variables: Readonly<Record<string, string | undefined>>): boolean {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  return variables.MUSTER_OUTPUT === "json" || words.some((word) => word === "--json" || word.startsWith("--json="));
}

export function parseCommandLine(argv: readonly string[]): Invocation {
  const tokens = split(argv);
  const terminator = tokens.find((token) => token.kind === "option-terminator")?.index ?? argv.length;
  const positionals = tokens.filter((token) => token.kind === "positional");
  const isBefore = (token: { readonly index: number }) => token.index < terminator;
  const named = findCommand(positionals.filter(isBefore).map((token) => token.value));
  const { command, wordCount } = named;

  const nameEnd = wordCount === 0 ? -1 : (positionals[wordCount - 1]?.index ?? -1);
  const isOurs = (index: number) => !command.isRaw || index < nameEnd;
  const values = new Map<string, OptionValue>();
  for (const token of tokens) {
    if (token.kind !== "option" || !isOurs(token.index)) continue;
    const option = optionOf(token, command);
    values.set(option.name, optionValue(option, textOf(token, option)));
  }
  const options = new OptionValues(values);
  const own = positionals.slice(wordCount);
  const words = command.isRaw ? argv.slice(nameEnd + 1) : own.map((token) => token.value);
  const isCut = terminator < argv.length;
  const behind = isCut ? own.filter((token) => token.index > terminator).map((token) => token.value) : null;
  return { command, group: named.group, options, words, behind };
}

/** What is missing or too much; not asked when only help is wanted. */
export function checkCompleteness(invocation: Invocation): void {
  const { command, options, words, behind } = invocation;
  if (command.isRaw) return;
  for (const option of command.options) {
    if (option.isRequired && !options.has(option.name)) {
      throw usage(`${command.name} needs --${option.name} ${option.value}`, `--${option.name}`);
    }
  }
  const program = command.arguments.find(({ of }) => of === "words");
  const plain = command.arguments.filter((argument) => argument !== program);
  const given = program ? words.slice(0, words.length - (behind?.length ?? 0)) : words;
  const absent = plain[given.length];
  if (absent?.isRequired) throw usage(`${command.name} needs ${absent.name}`, absent.name);
  if (program?.isRequired && behind === null)
    throw usage(`${command.name} needs -- before the command to run`, program.name);
  if (program && behind?.length === 0) throw usage(`${command.name} needs ${program.name}`, program.name);
  const surplus = given[plain.length];
  if (surplus !== undefined && !plain.at(-1)?.isRepeatable) {
    throw usage(`${command.name || "muster"} does not take the argument '${surplus}'`, surplus);
  }
}

type Token = NonNullable<ReturnType<typeof split>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/** Not strict: util.parseArgs would throw errors of its own that know no suggestions. */
function split(argv: readonly string[]) {
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const option of ALL_OPTIONS.values()) {
    const type = option.type === "flag" || option.type === "optional" ? "boolean" : "string";
    options[option.name] = option.short === undefined ? { type } : { type, short: option.short };
  }
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function findCommand(words: readonly string[]): { command: CommandSpec; group: string | null; wordCount: number } {
  const [first, second] = words;
  if (first === undefined) return { command: required(""), group: null, wordCount: 0 };
  const group = GROUPS[first];
  if (group && Object.hasOwn(GROUPS, first)) {
    if (second === undefined) return { command: required(group.standsFor), group: first, wordCount: 1 };
    const command = commandNamed(`${first} ${second}`);
    if (command) return { command, group: null, wordCount: 2 };
    throw unknownCommand(second, `'${second}' is not a command of ${first}`, first);
  }
  const command = commandNamed(first);
  if (command && first !== "") return { command, group: null, wordCount: 1 };
  throw unknownCommand(first, `'${first}' is not a command of muster`, null);
}

function required(name: string): CommandSpec {
  const command = commandNamed(name);
  if (!command) throw new Error(`the table has no command '${name}'`);
  return command;
}

function unknownCommand(word: string, message: string, group: string | null) {
  const prefix = group === null ? "" : `${group} `;
  const words = COMMANDS.filter((command) => command.name.startsWith(prefix) && command.name !== "");
  const candidates = new Set(words.map((command) => command.name.slice(prefix.length).split(" ")[0] ?? ""));
  const hint = didYouMean(word, candidates) ?? `commands: ${[...candidates].join(", ")}`;
  return usage(message, word, hint);
}

function optionOf(token: OptionToken, command: CommandSpec): OptionSpec {
  const known = [...command.options, ...GLOBAL_OPTIONS];
  const option = known.find((candidate) => candidate.name === token.name);
  if (option && isWrittenOut(token, option)) return option;
  const where = command.name === "" ? "muster" : command.name;
  const elsewhere = ALL_OPTIONS.has(token.name) && token.rawName === `--${token.name}`;
  const hint = elsewhere
    ? `see 'muster help${command.name === "" ? "" : ` ${command.name}`}'`
    : didYouMean(
        token.name,
        known.map((candidate) => candidate.name),
      )?.replace("'", "'--");
  throw usage(`${where} does not take the option ${token.rawName}`, token.rawName, hint ?? null);
}

function isWrittenOut(token: OptionToken, option: OptionSpec): boolean {
  return token.rawName === `--${option.name}` || token.rawName === `-${option.short}`;
}

/** parseArgs takes the word behind an option as its value even if that is an option: `--filter --json` is a mistake. */
function textOf(token: OptionToken, option: OptionSpec): string | undefined {
  const { value } = token;
  if (value === undefined) return undefined;
  if (!token.inlineValue && value.startsWith("--")) {
    throw usage(`--${option.name} needs a value: --${option.name} ${option.value}`, `--${option.name}`);
  }
  return value;
}
