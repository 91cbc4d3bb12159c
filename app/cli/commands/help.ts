/** `help`, `--help`: out of the table. */
import { plainDocument } from "#core/output/document.ts";
import { COMMANDS } from "../commands.ts";
import { type Call, writeText } from "../context.ts";
import { commandHelp, exitMeaning, exitsOf, groupHelp, synopsis, topicOf } from "../help-text.ts";
import { usage } from "../option-values.ts";
import { GLOBAL_OPTIONS } from "../options.ts";
import { writeDocument } from "../session.ts";
import type { CommandSpec } from "../specification.ts";
import { didYouMean } from "../suggest.ts";
import { aboutMuster } from "./version.ts";

export async function help(call: Call): Promise<number> {
  const { command, group, options, words } = call.invocation;
  const isTopic = command.name === "help" && !options.has("help");
  const topic = isTopic ? topicOf(words) : group === null ? { command } : { group };
  if (!topic) {
    const name = words.join(" ");
    const names = COMMANDS.map((candidate) => candidate.name);
    throw usage(`there is no command '${name}'`, name, didYouMean(name, names) ?? "'muster help' lists all");
  }
  if (call.isJson) await writeDocument(call, helpDocument(call, topic));
  else await writeText(call, "command" in topic ? commandHelp(topic.command) : groupHelp(topic.group));
  return 0;
}

function helpDocument(call: Call, topic: { command: CommandSpec } | { group: string }): object {
  const isAll = "command" in topic && topic.command.name === "";
  const commands = isAll
    ? COMMANDS
    : "command" in topic
      ? [topic.command]
      : COMMANDS.filter((command) => command.name.startsWith(`${topic.group} `));
  return plainDocument("Help", aboutMuster(call), { commands: commands.map(described), globalOptions: GLOBAL_OPTIONS });
}

function described(command: CommandSpec): object {
  const { name, summary, description = null, examples } = command;
  const exits = exitsOf(command).map((code) => ({ code, meaning: exitMeaning(command, code) }));
  const { arguments: words, options } = command;
  return {
    name,
    usage: synopsis(command),
    summary,
    description,
    arguments: words,
    options,
    examples,
    exitCodes: exits,
  };
}
