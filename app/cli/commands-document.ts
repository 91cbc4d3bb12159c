/** app/cli/commands.md out of the table. */
import { COMMANDS } from "./commands.ts";
import { exitMeaning, exitsOf, optionNotes, optionUse, synopsis } from "./help-text.ts";
import { ENVIRONMENT } from "./manual.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import type { CommandSpec, OptionSpec } from "./specification.ts";

export function commandsDocument(): string {
  const sections = [
    "# Commands\n\nGenerated from the table in `commands.ts`; `bun run generate` writes it anew.\n",
    `## Global options\n\n${optionTable(GLOBAL_OPTIONS)}`,
    `## Environment\n\n${table(
      ["variable", "meaning"],
      ENVIRONMENT.map(([name, meaning]) => [`\`${name}\``, meaning]),
    )}`,
    ...COMMANDS.map(commandSection),
  ];
  return sections.join("\n");
}

function commandSection(command: CommandSpec): string {
  const { name, summary, description, options, examples } = command;
  return [
    `## ${name === "" ? "muster" : name}\n\n${summary.charAt(0).toUpperCase()}${summary.slice(1)}.\n`,
    ...(description === undefined ? [] : [`${description}\n`]),
    `    ${synopsis(command)}\n`,
    ...(options.length === 0 ? [] : [optionTable(options)]),
    table(
      ["exit", "meaning"],
      exitsOf(command).map((code) => [String(code), exitMeaning(command, code)]),
    ),
    `${examples.map(({ line, tells }) => `    ${line}    # ${tells}`).join("\n")}\n`,
  ].join("\n");
}

function optionTable(options: readonly OptionSpec[]): string {
  return table(
    ["option", "meaning"],
    options.map((option) => [`\`${optionUse(option)}\``, optionNotes(option)]),
  );
}

/** A Markdown table; a bar inside a cell would end it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return `${line(head)}|${head.map(() => "---|").join("")}\n${rows.map(line).join("")}`;
}
