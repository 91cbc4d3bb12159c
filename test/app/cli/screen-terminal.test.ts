/** Terminals that have no screen, and some of which nobody knows: what opens there, and what is said instead. */
import { expect, test } from "bun:test";
import { CommandLine, MAIN } from "#test/harness/cli.ts";

interface Typed {
  /** What has to be there before the keys are pressed. */
  readonly after: string;
  readonly keys: string;
}

/** On a terminal; `term`: null, nobody says what it is. */
async function onTerminal(cli: CommandLine, term: string | null, args: readonly string[], typed?: Typed) {
  let output = "";
  let hasTyped = false;
  // Bun names the terminal that it gives.
  const unnamed = term === null ? ["env", "-u", "TERM"] : [];
  const child = Bun.spawn([...unnamed, process.execPath, MAIN, ...args], {
    cwd: cli.path,
    env: { ...cli.env, ...(term !== null && { TERM: term }) },
    terminal: {
      cols: 100,
      rows: 30,
      data(terminal, bytes) {
        output += Buffer.from(bytes).toString("utf8");
        if (typed === undefined || hasTyped || !output.includes(typed.after)) return;
        hasTyped = true;
        terminal.write(typed.keys);
      },
    },
  });
  return { exitCode: await child.exited, output };
}

const FIXTURE = '{"muster":1,"host":"n1"}\n{"dt":0,"src":"daemons","op":"reset","items":[]}\n';

test.each(["dumb", "unknown"])("TERM=%s: nothing is drawn, the way out is named", async (term) => {
  using cli = new CommandLine();
  const { exitCode, output } = await onTerminal(cli, term, []);
  expect(exitCode).toBe(2);
  expect(output).toContain(`muster: this terminal has no screen to draw on, says TERM=${term}`);
  expect(output).toContain("--screen-reader");
  expect(output).toContain("TERM=xterm");
  expect(output).not.toContain("\x1b");
});

test("TERM=dumb: a fixture is not drawn either, but told in lines", async () => {
  using cli = new CommandLine();
  const path = cli.write("one.muster.ndjson", FIXTURE);
  const refused = await onTerminal(cli, "dumb", ["play", path]);
  expect(refused.exitCode).toBe(2);
  expect(refused.output).toContain("--assert");
  expect(refused.output).not.toContain("\x1b");
  const told = await onTerminal(cli, "dumb", ["play", path, "--screen-reader"]);
  expect(told.exitCode).toBe(0);
  expect(told.output).toContain("Daemons, pane 1 of 7");
});

test("TERM=dumb: the lines of --screen-reader are there, and not one sequence", async () => {
  using cli = new CommandLine();
  const { exitCode, output } = await onTerminal(cli, "dumb", ["--screen-reader"], { after: "No daemons", keys: "7q" });
  expect(exitCode).toBe(0);
  expect(output).toContain("Events, pane 7 of 7");
  expect(output).not.toContain("\x1b");
});

test("without TERM the console opens, in one colour: a container that was entered has a screen and no name for it", async () => {
  using cli = new CommandLine();
  const { exitCode, output } = await onTerminal(cli, null, [], { after: "Daemons", keys: "q" });
  expect(exitCode).toBe(0);
  expect(output).toContain("\x1b[?1049h");
  expect(output).not.toContain("\x1b[3");
});
