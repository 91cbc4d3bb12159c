/** Help out of the table, for one command, a group, or all of muster. */
import { EXIT_CODES, type ExitCode } from "#core/model/error.ts";
import { COMMANDS, commandNamed, GROUPS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import type { CommandSpec, OptionSpec } from "./specification.ts";

const WIDTH = 80;

export function synopsis(command: CommandSpec): string {
  const words = ["muster", ...(command.name === "" ? [] : [command.name])];
  for (const option of command.options.filter((candidate) => candidate.isRequired)) words.push(optionUse(option));
  words.push("[OPTIONS]");
  for (const argument of command.arguments) {
    const name = `${argument.name}${argument.isRepeatable ? "..." : ""}`;
    const use = argument.of === "words" && !command.isRaw ? `-- ${name}` : name;
    words.push(argument.isRequired ? use : `[${use}]`);
  }
  return words.join(" ");
}

/** `--limit N`, `--json[=FIELDS]`, `-q, --quiet` */
export function optionUse(option: OptionSpec): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  if (option.type === "flag") return `${short}--${option.name}`;
  if (option.type === "optional") return `${short}--${option.name}[=${option.value}]`;
  return `${short}--${option.name} ${option.value}`;
}

export function optionNotes(option: OptionSpec): string {
  const notes = [
    ...(option.choices ? [`one of ${option.choices.join(", ")}`] : []),
    ...(option.default === undefined ? [] : [`default: ${option.default}`]),
    ...(option.variable === undefined ? [] : [`environment: ${option.variable}`]),
  ];
  return notes.length === 0 ? option.summary : `${option.summary} (${notes.join("; ")})`;
}

/** What an exit code means for this command. */
export function exitMeaning(command: CommandSpec, code: number): string {
  return command.ownExits?.[code] ?? EXIT_CODES[code as ExitCode] ?? "";
}

export function exitsOf(command: CommandSpec): readonly number[] {
  const own = Object.keys(command.ownExits ?? {}).map(Number);
  return [...new Set([...command.exits, ...own])].sort((a, b) => a - b);
}

export function commandHelp(command: CommandSpec): string {
  const sections = [
    `${command.name === "" ? "muster" : `muster ${command.name}`}: ${command.summary}\n`,
    section("Usage", [[synopsis(command), ""]]),
    command.description === undefined ? "" : `${wrap(command.description, 0)}\n`,
    command.name === "" ? commandSections() : "",
    section(
      "Arguments",
      command.arguments.map((argument) => [argument.name, argument.summary]),
    ),
    section(
      "Options",
      command.options.map((option) => [optionUse(option), optionNotes(option)]),
    ),
    command.isRaw
      ? ""
      : section(
          "Global options",
          GLOBAL_OPTIONS.map((option) => [optionUse(option), optionNotes(option)]),
        ),
    section(
      "Examples",
      command.examples.map(({ line, tells }) => [line, tells]),
    ),
    section(
      "Exit codes",
      exitsOf(command).map((code) => [String(code), exitMeaning(command, code)]),
    ),
  ];
  return sections.filter((text) => text !== "").join("\n");
}

export function groupHelp(group: string): string {
  const { summary = "", standsFor = "" } = GROUPS[group] ?? {};
  const commands = COMMANDS.filter((command) => command.name.startsWith(`${group} `));
  return [
    `muster ${group}: ${summary}\n`,
    section(
      "Commands",
      commands.map((command) => [command.name, command.summary]),
    ),
    `'muster ${group}' alone is 'muster ${standsFor}'; 'muster help ${group} COMMAND' tells more.\n`,
  ].join("\n");
}

function commandSections(): string {
  const named = COMMANDS.filter((command) => command.name !== "");
  return section(
    "Commands",
    named.map((command) => [command.name, command.summary]),
  );
}

/** Pairs in two columns; what is too long for the first one gets a line of its own. */
function section(title: string, pairs: readonly (readonly [string, string])[]): string {
  if (pairs.length === 0) return "";
  const left = Math.min(28, Math.max(...pairs.map(([name]) => name.length)) + 2);
  const lines = pairs.map(([name, text]) => {
    if (text === "") return `  ${name}`;
    const indent = left + 2;
    const wrapped = wrap(text, indent);
    const head = `  ${name}`.padEnd(indent);
    return name.length + 2 <= left ? head + wrapped.trimStart() : `${head}\n${wrapped}`;
  });
  return `${title}:\n${lines.join("\n")}\n`;
}

export function wrap(text: string, indent: number, width = WIDTH): string {
  const margin = " ".repeat(indent);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(margin + line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, margin + line].join("\n");
}

/** `help daemons stop`: the name of a command or group out of separate words; null if there is none such. */
export function topicOf(words: readonly string[]): { command: CommandSpec } | { group: string } | null {
  const name = words.join(" ");
  if (Object.hasOwn(GROUPS, name)) return { group: name };
  const command = commandNamed(name);
  return command ? { command } : null;
}
