/** Help, manual and documents say what the table says. */
import { expect, test } from "bun:test";
import { COMMANDS } from "#app/cli/commands.ts";
import { commandsDocument } from "#app/cli/commands-document.ts";
import { exitCodesDocument } from "#app/cli/exit-codes-document.ts";
import { commandHelp, groupHelp } from "#app/cli/help-text.ts";
import { manualPage } from "#app/cli/manual.ts";
import { SCHEMA_FILES } from "#app/cli/schemas.ts";
import { ERROR_CODES, EXIT_CODES } from "#core/model/error.ts";
import { SCHEMAS } from "#core/output/schema-definitions.ts";

const named = COMMANDS.filter((command) => command.name !== "");

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  "help of '%s' names all it takes",
  (_, command) => {
    const help = commandHelp(command);
    for (const option of command.options) expect(help).toContain(`--${option.name}`);
    for (const argument of command.arguments) expect(help).toContain(argument.name);
    for (const { line } of command.examples) expect(help).toContain(line);
    for (const line of help.split("\n").slice(1))
      if (!/^ {2}(muster|--)/.test(line)) expect(line.length).toBeLessThanOrEqual(80);
  },
);

test("help of muster and of a group list every command", () => {
  for (const { name } of named) expect(commandHelp(COMMANDS[0] as (typeof COMMANDS)[0])).toContain(name);
  for (const { name } of named) if (name.startsWith("daemons ")) expect(groupHelp("daemons")).toContain(name);
});

test("the manual has every command, option, exit code and error code, and no stray control line", () => {
  const page = manualPage("1.2.3");
  const plain = page.replaceAll("\\-", "-");
  for (const { name, options } of named) {
    expect(plain).toContain(`.SS "${name}"`);
    for (const option of options) expect(plain).toContain(`--${option.name}`);
  }
  for (const code of [...Object.keys(EXIT_CODES), ...Object.keys(ERROR_CODES)]) expect(plain).toContain(code);
  for (const line of page.split("\n")) if (/^[.']/.test(line)) expect(line).toMatch(/^\.(TH|SH|SS|TP|PP|br|B|BR)\b/);
});

test("the documents that are committed are those of the table", async () => {
  const directory = `${import.meta.dir}/../../../app/cli`;
  expect(await Bun.file(`${directory}/commands.md`).text()).toBe(commandsDocument());
  expect(await Bun.file(`${directory}/exit-codes.md`).text()).toBe(exitCodesDocument());
});

test("`muster schema` has every schema there is", () => {
  expect(Object.keys(SCHEMA_FILES).sort()).toEqual(Object.keys(SCHEMAS).sort());
});
