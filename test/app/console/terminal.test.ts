/** The real muster on a real terminal: whatever way it ends, the terminal is as it was. */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAIN, ownEnvironment } from "#test/harness/cli.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const CRASH = join(import.meta.dir, "../../harness/crash-on-signal.ts");

interface Ended {
  readonly exitCode: number;
  /** All that was written to the terminal. */
  readonly output: string;
  /** Modes of the terminal, stty(1) -g, before and after. */
  readonly before: string;
  readonly after: string;
}

/** Starts muster below a shell that notes the modes of the terminal; `act` is called when the first frame is there. */
async function runConsole(act: (write: (keys: string) => void, pid: () => number) => void): Promise<Ended> {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.file("muster.toml"), `discover = ["${directory.path}"]\n`);
  // Until the console has taken the terminal, ctrl-c reaches the shell as well.
  const script = `trap : INT; stty -g > before; sh -c 'echo $$ > pid; exec "$@"' sh "$@"; echo $? > code; stty -g > after`;
  let output = "";
  let hasActed = false;
  const child = Bun.spawn(["sh", "-c", script, "sh", process.execPath, "--preload", CRASH, MAIN], {
    cwd: directory.path,
    env: { ...ownEnvironment(directory.path), TERM: "xterm-256color" },
    terminal: {
      cols: 80,
      rows: 24,
      data(terminal, bytes) {
        output += Buffer.from(bytes).toString("utf8");
        if (hasActed || !output.includes("Daemons")) return;
        hasActed = true;
        act(
          (keys) => terminal.write(keys),
          () => Number(readFileSync(directory.file("pid"), "utf8")),
        );
      },
    },
  });
  await child.exited;
  const read = (name: string) => readFileSync(directory.file(name), "utf8").trim();
  return { exitCode: Number(read("code")), output, before: read("before"), after: read("after") };
}

function expectRestored({ output, before, after }: Ended): void {
  expect(after).toBe(before);
  const last = (mode: string) =>
    Math.max(output.lastIndexOf(`\x1b[?${mode}h`), 0) - output.lastIndexOf(`\x1b[?${mode}l`);
  // Alternate screen, bracketed paste, synchronized output: the last word about each is "off".
  for (const mode of ["1049", "2004", "2026"]) expect(last(mode)).toBeLessThanOrEqual(0);
  expect(output.lastIndexOf("\x1b[?25h")).toBeGreaterThan(output.lastIndexOf("\x1b[?25l"));
}

describe("the terminal is as it was", () => {
  test.each([
    ["q", "q", 0],
    ["ctrl-c", "\x03", 130],
  ])("after %s", async (_name, keys, exitCode) => {
    const ended = await runConsole((write) => write(keys));
    expect(ended.exitCode).toBe(exitCode);
    expectRestored(ended);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("after %s", async (signal, exitCode) => {
    const ended = await runConsole((_write, pid) => process.kill(pid(), signal));
    expect(ended.exitCode).toBe(exitCode);
    expectRestored(ended);
  });

  test.each([
    ["an error that nobody caught", "SIGUSR2", "thrown by the test"],
    ["a promise that nobody waited for", "SIGALRM", "rejected by the test"],
  ] as const)("after %s, which is then told on the primary screen, exit 70", async (_name, signal, words) => {
    const ended = await runConsole((_write, pid) => process.kill(pid(), signal));
    expect(ended.exitCode).toBe(70);
    expectRestored(ended);
    expect(ended.output.slice(ended.output.lastIndexOf("\x1b[?1049l"))).toContain(words);
  });
});
