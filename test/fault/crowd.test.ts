/** Two hundred controllers of one daemon at once, each a process of its own. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readProcessStat } from "#ffi/procfs.ts";
import { CHECK, control, stop } from "#test/harness/control.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const MAIN = join(import.meta.dir, "../../app/main.ts");
const CROWD = 200;

function muster(...words: readonly string[]): Promise<number> {
  return Bun.spawn([process.execPath, MAIN, ...words], { stdio: ["ignore", "ignore", "ignore"] }).exited;
}

test("exactly one start wins; exactly one stop ends it; locks and file are consistent after", async () => {
  using directory = new TemporaryDirectory();
  const pidFile = directory.file("d.pid");
  const crowd = (...words: readonly string[]) =>
    Promise.all(Array.from({ length: CROWD }, () => muster("daemons", "control", "--pid-file", pidFile, ...words)));
  const run = [
    "--",
    process.execPath,
    MAIN,
    "daemons",
    "run",
    "--settle",
    "0",
    "--pid-file",
    pidFile,
    "--",
    "sleep",
    "100",
  ];
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
  const run = [
    process.execPath,
    MAIN,
    "daemons",
    "run",
    "--settle",
    "0",
    "--pid-file",
    pidFile,
    "--",
    "sh",
    "-c",
    script,
  ];
  const words = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? ["--start", "--", ...run] : ["--stop"]));
  await Promise.all(words.map((action) => muster("daemons", "control", "--pid-file", pidFile, ...action)));
  const begun = readFileSync(marker, "utf8").trim().split("\n").map(Number);
  // One that waits for init to collect it has ended.
  const living = begun.filter((pid) => !["Z", "X", undefined].includes(readProcessStat("/proc", pid)?.state));
  const { status } = await control(pidFile, CHECK);
  expect(living).toHaveLength(status === "ok" ? 1 : 0);
  await control(pidFile, stop());
}, 120_000);
