/** The real muster on a real terminal, recorded: from its first frame, by its keys, and when it breaks. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandLine, MAIN } from "#test/harness/cli.ts";

const CRASH = join(import.meta.dir, "../../harness/crash-on-signal.ts");

type Act = (write: (keys: string) => void, kill: (signal: NodeJS.Signals) => void) => void;
/** Each waits for its text on the terminal, counted from the step before. */
type Steps = readonly (readonly [seen: string, act: Act])[];

async function onTerminal(cli: CommandLine, args: readonly string[], steps: Steps) {
  let output = "";
  let looked = 0;
  const rest = [...steps];
  const child = Bun.spawn([process.execPath, "--preload", CRASH, MAIN, ...args], {
    cwd: cli.path,
    env: { ...cli.env, TERM: "xterm-256color" },
    terminal: {
      cols: 100,
      rows: 30,
      data(terminal, bytes) {
        output += Buffer.from(bytes).toString("utf8");
        const [step] = rest;
        if (!step || !output.includes(step[0], looked)) return;
        looked = output.length;
        rest.shift();
        step[1](
          (keys) => terminal.write(keys),
          (signal) => child.kill(signal),
        );
      },
    },
  });
  const exitCode = await child.exited;
  return { exitCode, output };
}

const records = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("recorded with keys, it plays: the same keys, the same screen", async () => {
  using cli = new CommandLine();
  const { exitCode, output } = await onTerminal(
    cli,
    ["record", "r.muster.ndjson", "--keys"],
    [["No daemons", (write) => write("6q")]],
  );
  expect(exitCode).toBe(0);
  expect(output).toContain(" REC ");
  expect(output).toContain("wrote r.muster.ndjson: ");
  const path = join(cli.path, "r.muster.ndjson");
  expect(records(path)[0]).toMatchObject({ term: { cols: 100, rows: 30, unicode: true } });
  expect(records(path).flatMap(({ key }) => key ?? [])).toEqual(["6", "q"]);
  const played = await cli.run(["play", path, "--json"]);
  expect(played.exitCode).toBe(0);
});

test("SIGUSR1 writes the last minutes, and the console says where", async () => {
  using cli = new CommandLine();
  const { exitCode } = await onTerminal(
    cli,
    [],
    [
      ["No daemons", (_, kill) => kill("SIGUSR1")],
      ["wrote", (write) => write("q")],
    ],
  );
  expect(exitCode).toBe(0);
  const [name = "", ...others] = readdirSync(join(cli.path, "state/recordings"));
  expect(others).toEqual([]);
  expect(name).toMatch(/^last-.*\.muster\.ndjson$/);
  expect(records(join(cli.path, "state/recordings", name)).at(-1)).toMatchObject({ end: { reason: "written" } });
});

test("a console that breaks tells where the last minutes are", async () => {
  using cli = new CommandLine();
  const { exitCode, output } = await onTerminal(cli, [], [["No daemons", (_, kill) => kill("SIGUSR2")]]);
  expect(exitCode).toBe(70);
  const [name = ""] = readdirSync(join(cli.path, "state/recordings"));
  expect(name).toMatch(/^crash-.*\.muster\.ndjson$/);
  expect(output).toContain("muster: what came before is in ");
  expect(output).toContain(name);
  const played = await cli.run(["play", join(cli.path, "state/recordings", name), "--json"]);
  expect(played.exitCode).toBe(0);
});
