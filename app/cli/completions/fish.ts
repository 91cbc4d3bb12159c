/** fish: a line for each word and option, with the condition under which it can stand. */
import { GROUPS } from "../commands.ts";
import { GLOBAL_OPTIONS } from "../options.ts";
import type { CommandSpec, OptionSpec } from "../specification.ts";
import { firstWords, named, ownOptions, quoted, takesValue, verbsOf, wordsOf } from "./table.ts";

export function fish(): string {
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
    const words = wordsText(command);
    if (words !== "") lines.push(`complete -c muster -n ${quoted(condition)} ${words}`);
    for (const option of command.options) lines.push(fishOption(option, condition));
  }
  for (const option of ownOptions()) lines.push(fishOption(option, top));
  for (const option of GLOBAL_OPTIONS) lines.push(fishOption(option, "true"));
  return `${lines.join("\n")}\n`;
}

function wordsText(command: CommandSpec): string {
  const { words, names, areFiles } = wordsOf(command);
  if (areFiles) return "-F";
  if (names !== null) return `-a ${quoted(`(__muster_names ${names.join(" ")})`)}`;
  return words.length === 0 ? "" : `-a ${quoted(words.join(" "))}`;
}

function fishOption(option: OptionSpec, condition: string): string {
  const short = option.short === undefined ? "" : ` -s ${option.short}`;
  // Files may stand for a value if nothing is said of it.
  const value = !takesValue(option) ? "" : option.type === "path" ? " -r -F" : " -x";
  const choices = option.choices ? ` -a ${quoted(option.choices.join(" "))}` : "";
  return `complete -c muster -n ${quoted(condition)} -l ${option.name}${short}${value}${choices} -d ${quoted(option.summary)}`;
}
