/** Completion scripts out of the table. Names of items are asked of muster itself when they are needed. */
import { COMMANDS, GROUPS } from "./commands.ts";
import type { NamedKind } from "./kind-words.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import { SCHEMA_FILES } from "./schemas.ts";
import type { CommandSpec, OptionSpec } from "./specification.ts";

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

export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell]();
}

const named = () => COMMANDS.filter((command) => command.name !== "");
const firstWords = () => [...new Set(named().map((command) => command.name.split(" ")[0] ?? ""))];
const verbsOf = (group: string) =>
  named()
    .filter((command) => command.name.startsWith(`${group} `))
    .map((command) => command.name.slice(group.length + 1));

function optionsOf(command: CommandSpec): readonly OptionSpec[] {
  return command.isRaw ? [] : [...command.options, ...GLOBAL_OPTIONS];
}

const spelled = (options: readonly OptionSpec[]) => options.map((option) => `--${option.name}`).join(" ");
const takesValue = (option: OptionSpec) => option.type !== "flag" && option.type !== "optional";

/** What can stand for a command's words. */
function wordsOf(command: CommandSpec): string {
  const of = command.arguments[0]?.of ?? "free";
  if (isKind(of)) return `$(_muster_names ${of} ${NAME_FIELDS[of]})`;
  switch (of) {
    case "schemas":
      return Object.keys(SCHEMA_FILES).join(" ");
    case "shells":
      return SHELLS.join(" ");
    case "commands":
      return firstWords().join(" ");
    default:
      return "";
  }
}

const names = `_muster_names() {
  muster "$1" list --json="$2" --compact 2>/dev/null | grep -o "\\"$2\\":\\"[^\\"\\\\]*\\"" | cut -d'"' -f4
}`;

function bash(): string {
  const cases = named().map(
    (command) => `    "${command.name}") words="${wordsOf(command)}"; options="${spelled(optionsOf(command))}" ;;`,
  );
  const groups = Object.keys(GROUPS).map((group) => `    "${group}") words="${verbsOf(group).join(" ")}" ;;`);
  const all = [...GLOBAL_OPTIONS, ...COMMANDS.flatMap((command) => command.options)];
  const values = [...new Set(all.filter(takesValue).map((option) => `--${option.name}`))];
  return `# bash completion of muster; made by 'muster completions bash'
${names}
_muster() {
  local current=\${COMP_WORDS[COMP_CWORD]} name="" words="" options="" count=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --) return ;;
      ${values.join("|")}) ((i++)) ;;
      -*) ;;
      *) if ((count < 2)); then name="\${name:+$name }\${COMP_WORDS[i]}"; ((count++)); fi
         ${Object.keys(GROUPS)
           .map((group) => `[[ $name == "${group}"* ]]`)
           .join(" || ")} || count=2 ;;
    esac
  done
  case $name in
    "") words="${firstWords().join(" ")}"; options="${spelled([...(COMMANDS[0]?.options ?? []), ...GLOBAL_OPTIONS])}" ;;
${groups.join("\n")}
${cases.join("\n")}
  esac
  case \${COMP_WORDS[COMP_CWORD-1]} in
    --color) words="${GLOBAL_OPTIONS.find((option) => option.name === "color")?.choices?.join(" ")}" ;;
    --config|--root|--pid-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _muster muster
`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function zsh(): string {
  const describe = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([word, tells]) => quoted(`${word.replaceAll(":", "\\:")}:${tells}`)).join(" ");
  const optionPairs = (command: CommandSpec) =>
    describe(optionsOf(command).map((option) => [`--${option.name}`, option.summary]));
  const cases = named().map(
    (command) => `    ${quoted(command.name)}) options=(${optionPairs(command)}); words=(${wordsOf(command)}) ;;`,
  );
  const groups = Object.keys(GROUPS).map((group) => `    ${quoted(group)}) words=(${verbsOf(group).join(" ")}) ;;`);
  return `#compdef muster
# zsh completion of muster; made by 'muster completions zsh'
${names}
_muster() {
  local name="" word
  local -a options words given
  given=(\${\${words[2,CURRENT-1]}:#-*})
  for word in $given; do
    case $name in ""|${Object.keys(GROUPS).join("|")}) name="\${name:+$name }$word" ;; esac
  done
  words=()
  case $name in
    "") words=(${firstWords().join(" ")}) ;;
${groups.join("\n")}
${cases.join("\n")}
  esac
  if [[ $PREFIX == -* ]]; then _describe option options; else compadd -- $words; fi
}
compdef _muster muster
`;
}

function fish(): string {
  const lines = [
    "# fish completion of muster; made by 'muster completions fish'",
    "function __muster_names",
    `  muster $argv[1] list --json=$argv[2] --compact 2>/dev/null | string match -rag '"'$argv[2]'":"([^"\\\\\\\\]*)"'`,
    "end",
    "complete -c muster -f",
  ];
  const top = `not __fish_seen_subcommand_from ${firstWords().join(" ")}`;
  for (const word of firstWords()) {
    const summary = GROUPS[word]?.summary ?? named().find((command) => command.name === word)?.summary ?? "";
    lines.push(`complete -c muster -n ${quoted(top)} -a ${word} -d ${quoted(summary)}`);
  }
  for (const command of named()) {
    const [first = "", verb] = command.name.split(" ");
    const isIn = `__fish_seen_subcommand_from ${first}`;
    if (verb !== undefined) {
      const condition = `${isIn}; and not __fish_seen_subcommand_from ${verbsOf(first).join(" ")}`;
      lines.push(`complete -c muster -n ${quoted(condition)} -a ${verb} -d ${quoted(command.summary)}`);
    }
    const condition = verb === undefined ? isIn : `${isIn}; and __fish_seen_subcommand_from ${verb}`;
    const words = wordsOf(command).replace("$(_muster_names", "(__muster_names");
    if (words !== "") lines.push(`complete -c muster -n ${quoted(condition)} -a ${quoted(words)}`);
    for (const option of command.options) lines.push(fishOption(option, condition));
  }
  for (const option of GLOBAL_OPTIONS) lines.push(fishOption(option, "true"));
  return `${lines.join("\n")}\n`;
}

function fishOption(option: OptionSpec, condition: string): string {
  const short = option.short === undefined ? "" : ` -s ${option.short}`;
  const files = option.type === "path" ? " -F" : "";
  const value = takesValue(option) ? ` -r${files}` : "";
  const choices = option.choices ? ` -a ${quoted(option.choices.join(" "))}` : "";
  return `complete -c muster -n ${quoted(condition)} -l ${option.name}${short}${value}${choices} -d ${quoted(option.summary)}`;
}
