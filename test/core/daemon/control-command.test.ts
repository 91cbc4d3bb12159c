/** ucw-daemon-control as a command: options, guard file, silence, exit codes. */
import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { controlCommand } from "#core/daemon/control-command.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Peer } from "#test/harness/peer.ts";

async function run(argv: readonly string[], isReadOnly = false) {
  let stderr = "";
  const exitCode = await controlCommand(argv, {
    stderr: (text) => {
      stderr += text;
    },
    programName: "control",
    isReadOnly,
    clock: systemClock,
    variables: { PATH: "/usr/bin:/bin" },
    procRoot: "/proc",
    audited: (_action, _pidFile, perform) => perform(),
  });
  return { exitCode, stderr };
}

describe("exit codes", () => {
  test("not running 101, stale 103, running 0, stopped already 100, all in silence", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    expect(await run(["--pid-file", pidFile, "--check"])).toEqual({ exitCode: 101, stderr: "" });
    expect(existsSync(directory.file("d.lock"))).toBe(true);
    writeFileSync(pidFile, "1\n");
    expect(await run(["--pid-file", pidFile, "--check"])).toEqual({ exitCode: 103, stderr: "" });
    expect(await run(["--pid-file", pidFile, "--stop"])).toEqual({ exitCode: 103, stderr: "" });
    expect(await run(["--pid-file", pidFile, "--reload"])).toEqual({ exitCode: 103, stderr: "" });
    await using _peer = await Peer.daemon(pidFile);
    expect(await run(["--pid-file", pidFile, "--check"])).toEqual({ exitCode: 0, stderr: "" });
    expect(await run(["--pid-file", pidFile, "--start", "--", "/no/such"])).toEqual({ exitCode: 100, stderr: "" });
    expect(await run(["--pid-file", pidFile, "--stop"])).toEqual({ exitCode: 0, stderr: "" });
    expect(await run(["--pid-file", pidFile, "--stop"])).toEqual({ exitCode: 100, stderr: "" });
  });

  test("an error is 102 and says why on standard error", async () => {
    using directory = new TemporaryDirectory();
    const result = await run(["--pid-file", directory.file("d.pid"), "--start", "--", "/no/such/program"]);
    expect(result.exitCode).toBe(102);
    expect(result.stderr).toMatch(/^control: cannot start \/no\/such\/program: .*ENOENT/);
  });
});

describe("options", () => {
  test.each([
    ["unique prefixes and values behind =", (f: string) => [`--pid=${f}`, "--ch"]],
    ["the last action wins", (f: string) => ["--pid-file", f, "--stop", "--check"]],
    ["a guard file of its own", (f: string) => ["--pid-file", f, "--guard", `${f}.guard`, "--check"]],
  ])("%s", async (_what, argv) => {
    using directory = new TemporaryDirectory();
    expect(await run(argv(directory.file("d.pid")))).toEqual({ exitCode: 101, stderr: "" });
  });

  test.each([
    ["nothing", [], "--pid-file is missing"],
    ["no action", ["--pid-file", "/x.pid"], "is missing"],
    ["no value", ["--pid-file"], "needs a value"],
    ["a start of nothing", ["--pid-file", "/x.pid", "--start"], "needs a command"],
    ["words too many", ["--pid-file", "/x.pid", "--check", "word"], "unexpected: word"],
    ["an option unknown", ["--nonsense"], "unknown option: --nonsense"],
    ["a short option", ["-x"], "unknown option: -x"],
    ["a prefix of two", ["--s"], "ambiguous"],
    ["a value too many", ["--check=1"], "takes no value"],
    ["a signal unknown", ["--pid-file", "/x.pid", "--stop", "--signal", "NONE"], "unknown signal: NONE"],
    ["signal 0", ["--pid-file", "/x.pid", "--stop", "--signal", "0"], "unknown signal: 0"],
    ["no guard file to be guessed", ["--pid-file", "/x.run", "--check"], "must end in .pid"],
    ["no time", ["--pid-file", "/x.pid", "--stop", "--timeout", "soon"], "not a time"],
  ])("%s: usage, exit 1", async (_what, argv, words) => {
    const result = await run(argv);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(words);
    expect(result.stderr).toContain("Usage:");
  });

  test.each(["10", "USR1", "sigusr1", "SIGUSR1", "Usr1"])("--signal %s is SIGUSR1", async (signal) => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using peer = await Peer.daemon(pidFile);
    await peer.tell("on USR1 exit");
    expect((await run(["--pid-file", pidFile, "--reload", "--signal", signal])).exitCode).toBe(0);
    expect(await peer.exited()).toBe(3);
  });

  test("--escalate kills what ignores the signal when --timeout is over", async () => {
    using directory = new TemporaryDirectory();
    const pidFile = directory.file("d.pid");
    await using _peer = await Peer.daemon(pidFile, "ignore");
    const result = await run(["--pid-file", pidFile, "--stop", "--timeout", "0.05", "--escalate"]);
    expect(result).toEqual({ exitCode: 0, stderr: "" });
  });
});

test("read-only: everything but --check is refused", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  await using peer = await Peer.daemon(pidFile);
  for (const action of [["--stop"], ["--reload"], ["--start", "--", "true"]]) {
    const result = await run(["--pid-file", pidFile, ...action], true);
    expect(result.exitCode).toBe(102);
    expect(result.stderr).toContain("read-only");
  }
  expect(await peer.tell("on HUP exit")).toBe("ok");
});
