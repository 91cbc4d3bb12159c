/** The manual page in man(7) macros, out of the table. */
import { ERROR_CODES, EXIT_CODES } from "#core/model/error.ts";
import { COMMANDS } from "./commands.ts";
import { exitMeaning, exitsOf, optionNotes, optionUse, synopsis } from "./help-text.ts";
import { GLOBAL_OPTIONS } from "./options.ts";
import type { CommandSpec, OptionSpec } from "./specification.ts";

export function manualPage(version: string): string {
  const named = COMMANDS.filter((command) => command.name !== "");
  return [
    `.TH MUSTER 1 "" ${quote(`muster ${version}`)} "User Commands"`,
    ".SH NAME",
    "muster \\- see and control the daemons of a Linux machine",
    ".SH SYNOPSIS",
    ...COMMANDS.flatMap((command) => [".br", `.B ${roff(synopsis(command))}`]).slice(1),
    ".SH DESCRIPTION",
    roff(COMMANDS[0]?.description ?? ""),
    ".SH COMMANDS",
    ...named.flatMap(commandSection),
    ".SH GLOBAL OPTIONS",
    ...GLOBAL_OPTIONS.flatMap(optionItem),
    ".SH EXIT STATUS",
    ...Object.entries(EXIT_CODES).flatMap(([code, meaning]) => item(code, meaning)),
    ".SH ERRORS",
    "With \\fB\\-\\-json\\fP every failure is one line of JSON on standard error with one of these codes.",
    ...Object.entries(ERROR_CODES).flatMap(([code, [exit, meaning]]) => item(code, `${meaning}; exit status ${exit}`)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, meaning]) => item(name, meaning)),
    ".SH SEE ALSO",
    ".BR ucw-daemon-control (1),",
    ".BR flock (2),",
    ".BR pidfd_open (2)",
    "",
  ].join("\n");
}

/** Variables that no option stands for. */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["MUSTER_OUTPUT", "json: the same as --json"],
  ["MUSTER_COLOR", "the same as --color"],
  ["MUSTER_CONFIG", "the same as --config"],
  ["MUSTER_RUNTIME_DIR", "directory of sockets and guard files"],
  ["MUSTER_STATE_DIR", "directory of the journal"],
  ["MUSTER_DEBUG", "1: internal errors are shown with their stack"],
  ["NO_COLOR", "if not empty: no colour"],
  ["FORCE_COLOR", "colour even without a terminal"],
  ["INK_SCREEN_READER", "true: the same as --screen-reader"],
  ["TERM", "dumb, unknown: no colour, and the console writes lines (--screen-reader) or nothing"],
];

function commandSection(command: CommandSpec): string[] {
  return [
    `.SS ${quote(roff(command.name))}`,
    roff(`${sentence(command.summary)}${command.description === undefined ? "" : ` ${command.description}`}`),
    ...command.options.flatMap(optionItem),
    ".PP",
    roff(
      `Exit status: ${exitsOf(command)
        .map((code) => `${code} ${exitMeaning(command, code)}`)
        .join("; ")}.`,
    ),
    ...command.examples.flatMap(({ line, tells }) => [
      ".PP",
      `${roff(sentence(tells))}`,
      ".br",
      `\\fB${roff(line)}\\fP`,
    ]),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function optionItem(option: OptionSpec): string[] {
  return item(optionUse(option), optionNotes(option));
}

function item(term: string, meaning: string): string[] {
  return [".TP", `\\fB${roff(term)}\\fP`, roff(meaning)];
}

/** A backslash, a minus and a leading dot or quote mean something else to roff. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/, "\\&$1");
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
