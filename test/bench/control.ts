/** Group control: the library's check, in process, beside the commands that an init script would run for it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { daemonControl } from "#core/daemon/control.ts";
import type { ControlStatus } from "#core/daemon/status.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { run } from "./command.ts";
import { median } from "./figures.ts";
import { startPromptDaemon } from "./prompt-daemon.ts";
import { figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

const LEAST_PER_SECOND = 50_000;
const context = { clock: systemClock, procRoot: "/proc" };

export async function control(bench: Bench): Promise<void> {
  const directory = bench.keeper.directory();
  const file = (name: string) => join(directory, `${name}.pid`);
  await startPromptDaemon(bench.keeper, { pidFile: file("running"), delayMs: 0, clears: true });
  writeFileSync(file("stopped"), "");
  writeFileSync(file("stale"), "2000000000\n");

  const durationMs = count(bench, 200, 40);
  const checks = (name: string, expected: ControlStatus) => async () => {
    const pidFile = file(name);
    const params = { pidFile, guardFile: join(directory, `${name}.lock`), action: { type: "check" } } as const;
    const first = await daemonControl(params, context);
    if (first.status !== expected) throw new Error(`check of the ${name} daemon: ${first.status}: ${first.message}`);
    return perSecond(durationMs, async () => {
      for (let i = 0; i < 100; i++) await daemonControl(params, context);
      return 100;
    });
  };
  const commands = (argv: readonly string[], exitCode: number) => () =>
    perSecond(durationMs, () => {
      if (run({ argv }).exitCode !== exitCode) throw new Error(`${argv.join(" ")} did not exit with ${exitCode}`);
      return 1;
    });

  const rates = await inTurns(count(bench, 15, 3), 2, {
    running: checks("running", "ok"),
    stopped: checks("stopped", "notRunning"),
    stale: checks("stale", "stale"),
    flock: commands(["flock", "-n", file("running"), "true"], 1),
    startStopDaemon: commands(["start-stop-daemon", "--status", "--pidfile", file("running")], 0),
  });
  const limit = { least: LEAST_PER_SECOND };
  const flock = { name: "flock -n", value: median(rates.flock) };
  const startStop = { name: "start-stop-daemon --status", value: median(rates.startStopDaemon) };
  bench.add(figure("daemonControl check, running", "/s", median(rates.running), limit, flock));
  bench.add(figure("daemonControl check, stopped", "/s", median(rates.stopped), limit, flock));
  bench.add(figure("daemonControl check, stale", "/s", median(rates.stale), limit, startStop));
}

async function perSecond(durationMs: number, some: () => number | Promise<number>): Promise<number> {
  const begun = monotonicMs();
  let done = 0;
  let elapsed = 0;
  while (elapsed < durationMs) {
    done += await some();
    elapsed = monotonicMs() - begun;
  }
  return (done * 1000) / elapsed;
}
