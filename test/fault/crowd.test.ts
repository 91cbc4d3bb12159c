/** Two hundred controllers of one daemon at once, each a process of its own. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readProcessStat } from "#ffi/procfs.ts";
import { MAIN, ownEnvironment } from "#test/harness/cli.ts";
import { CHECK, control, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const CROWD = 200;

function controlCommand(directory: TemporaryDirectory, ...words: readonly string[]): Promise<number> {
  const command = [process.execPath, MAIN, "daemons", "control", "--pid-file", directory.file("d.pid"), ...words];
  const env = ownEnvironment(directory.path);
  return Bun.spawn(command, { env, stdio: ["ignore", "ignore", "ignore"] }).exited;
}

function runCommand(pidFile: string, ...argv: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, "daemons", "run", "--settle", "0", "--pid-file", pidFile, "--", ...argv];
}

test("exactly one start wins; exactly one stop ends it; locks and file are consistent after", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  const crowd = (...words: readonly string[]) =>
    Promise.all(Array.from({ length: CROWD }, () => controlCommand(directory, ...words)));
  const run = ["--", ...runCommand(pidFile, "sleep", "100")];
  const started = await crowd("--start", ...run);
  expect(started.filter((code) => code === 0)).toHaveLength(1);
  expect(started.filter((code) => code === 100)).toHaveLength(CROWD - 1);
  expect(readFileSync(pidFile, "utf8")).toMatch(/^[0-9]+\n$/);
  const stopped = await crowd("--stop");
  expect(stopped.filter((code) => code === 0)).toHaveLength(1);
  expect(stopped.filter((code) => code === 103)).toHaveLength(CROWD - 1);
  expect((await control(pidFile, CHECK)).status).toBe("stale");
  expect((await control(pidFile, stop())).status).toBe("stale");
}, 120_000);

test("starts and stops at once: the daemon is up or down at the end, never two of it", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  const marker = directory.file("marker");
  const script = `echo $$ >> ${marker}; exec sleep 100`;
  const run = runCommand(pidFile, "sh", "-c", script);
  const words = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? ["--start", "--", ...run] : ["--stop"]));
  await Promise.all(words.map((action) => controlCommand(directory, ...action)));
  const begun = readFileSync(marker, "utf8").trim().split("\n").map(Number);
  // One that waits for init to collect it has ended.
  const living = begun.filter((pid) => !["Z", "X", undefined].includes(readProcessStat("/proc", pid)?.state));
  const { status } = await control(pidFile, CHECK);
  expect(living).toHaveLength(status === "ok" ? 1 : 0);
  await control(pidFile, stop());
}, 120_000);
