/** What the table of commands says to a shell that completes, whichever it is. */
import { COMMANDS, GROUPS } from "../commands.ts";
import type { NamedKind } from "../kind-words.ts";
import { GLOBAL_OPTIONS } from "../options.ts";
import { SCHEMA_FILES } from "../schemas.ts";
import type { CommandSpec, OptionSpec } from "../specification.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The field that a kind's items are called by: one string each, so that no parser of JSON is needed. */
const NAME_FIELDS: Readonly<Record<NamedKind, string>> = {
  daemons: "label",
  categories: "name",
  members: "name",
  modules: "name",
  jobs: "jid",
  attachments: "id",
  endpoints: "name",
  policies: "id",
  containers: "name",
  processes: "label",
};

const isKind = (of: string): of is NamedKind => Object.hasOwn(NAME_FIELDS, of);

export const named = (): readonly CommandSpec[] => COMMANDS.filter((command) => command.name !== "");
export const groups = (): readonly string[] => Object.keys(GROUPS);
export const firstWords = (): readonly string[] => [
  ...new Set(named().map((command) => command.name.split(" ")[0] ?? "")),
];
export const verbsOf = (group: string): readonly string[] =>
  named()
    .filter((command) => command.name.startsWith(`${group} `))
    .map((command) => command.name.slice(group.length + 1));

/** Of `muster` without a command, beside the global ones. */
export const ownOptions = (): readonly OptionSpec[] => COMMANDS[0]?.options ?? [];

export const optionsOf = (command: CommandSpec): readonly OptionSpec[] =>
  command.isRaw ? [] : [...command.options, ...GLOBAL_OPTIONS];

export const takesValue = (option: OptionSpec): boolean => option.type !== "flag" && option.type !== "optional";

/** An option as it is typed: also by its letter. */
const spellings = ({ name, short }: OptionSpec): readonly string[] =>
  short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];

const spelled = (options: readonly OptionSpec[]): readonly string[] => [...new Set(options.flatMap(spellings))];

/** Of all commands: an option has the same values wherever it is taken. */
export function optionValues() {
  const valued = [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options)].filter(takesValue);
  const choices = new Map(valued.flatMap(({ name, choices: words }) => (words ? [[`--${name}`, words] as const] : [])));
  return { valued: spelled(valued), paths: spelled(valued.filter(({ type }) => type === "path")), choices };
}

/** What can stand for a command's words: these, the names of what there is, or files. */
export interface Words {
  readonly words: readonly string[];
  /** A kind, and the field that its items are called by. */
  readonly names: readonly [kind: NamedKind, field: string] | null;
  readonly areFiles: boolean;
}

export function wordsOf(command: CommandSpec): Words {
  const of = command.arguments[0]?.of ?? "free";
  const names = isKind(of) ? ([of, NAME_FIELDS[of]] as const) : null;
  return { words: fixedWords(of), names, areFiles: of === "files" };
}

function fixedWords(of: string): readonly string[] {
  switch (of) {
    case "schemas":
      return Object.keys(SCHEMA_FILES);
    case "shells":
      return SHELLS;
    case "commands":
      return firstWords();
    default:
      return [];
  }
}

/** A word that no shell reads anything into. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** In bash and zsh: the names of what there is, a line each. */
export const NAMES_FUNCTION = `_muster_names() {
  muster "$1" list --json="$2" --compact 2>/dev/null | grep -o "\\"$2\\":\\"[^\\"\\\\]*\\"" | cut -d'"' -f4
}`;
