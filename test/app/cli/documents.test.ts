/** Help, completions, manual and documents say what the table says. */
import { expect, test } from "bun:test";
import { COMMANDS } from "#app/cli/commands.ts";
import { commandsDocument } from "#app/cli/commands-document.ts";
import { completionScript, SHELLS } from "#app/cli/completions.ts";
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

test.each(SHELLS.map((shell) => [shell]))("completions of %s name every command and option", (shell) => {
  const script = completionScript(shell);
  for (const { name, options, isRaw } of named) {
    for (const word of name.split(" ")) expect(script).toContain(word);
    if (!isRaw) for (const option of options) expect(script).toContain(option.name);
  }
});

test("bash takes its script and completes with it", () => {
  const complete = (line: string) => {
    const words = line.split(" ");
    const script = `${completionScript("bash")}
muster() { echo '{"items":[{"label":"web"},{"label":"db"},{"name":"mail"}]}'; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _muster; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = Bun.spawnSync(["bash", "-c", script]);
    expect(stderr.toString()).toBe("");
    return stdout.toString().trim();
  };
  expect(complete("muster sna")).toBe("snapshot");
  expect(complete("muster daemons st")).toBe("start stop");
  expect(complete("muster daemons stop ")).toBe("web db");
  expect(complete("muster categories get ")).toBe("mail");
  expect(complete("muster members st")).toBe("state");
  expect(complete("muster members run ")).toBe("mail");
  expect(complete("muster daemons stop --forc")).toBe("--force");
  expect(complete("muster --config /x daemons rel")).toBe("reload");
  expect(complete("muster schema str")).toBe("stream");
  expect(complete("muster --color nev")).toBe("never");
  expect(complete("muster daemons run --pid-file /x -- we")).toBe("");
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
