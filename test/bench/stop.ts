/** Group stop: from the exit of a daemon, as it recorded it itself, to the outcome. A polling step would show. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { declaration, TestService } from "#test/harness/service.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { environment } from "./command.ts";
import { type Muster, musterHome, musters } from "./muster.ts";
import { type PromptDaemonOptions, startPromptDaemon } from "./prompt-daemon.ts";
import { distribution } from "./rows.ts";

const LIMIT = { of: "p95", most: 5 } as const;

/** How long the daemon goes on after the signal: at once, and times that no polling step divides. */
const DELAYS = [
  { name: "exits at once", delayOf: () => 0 },
  { name: "exits after 20 to 120 ms", delayOf: (round: number) => 20 + ((round * 37) % 101) },
] as const;

export async function stop(bench: Bench): Promise<void> {
  for (const { name, delayOf } of DELAYS) {
    const samples = await byService(bench, delayOf);
    bench.add(distribution(`service.invoke stop, ${name}`, "ms", samples, LIMIT));
  }
  for (const muster of musters(bench)) {
    for (const { name, delayOf } of DELAYS) {
      const samples = await byCommand(bench, muster, delayOf);
      bench.add(distribution(`control --stop, ${muster.name}, ${name}`, "ms", samples, LIMIT));
    }
  }
}

async function byService(bench: Bench, delayOf: (round: number) => number): Promise<number[]> {
  const path = bench.keeper.directory();
  const directory = { path, file: (name: string) => join(path, name), [Symbol.dispose]: () => {} };
  await using service = await TestService.open(directory, [declaration("d", directory)], { mode: "watch" });
  return afterExit(bench, { pidFile: directory.file("d.pid"), clears: true }, delayOf, async () => {
    const result = await service.invoke("daemon.stop", "d");
    if (result.outcome !== "done") throw new Error(`stop: ${result.outcome}: ${result.message}`);
  });
}

async function byCommand(bench: Bench, muster: Muster, delayOf: (round: number) => number): Promise<number[]> {
  const path = bench.keeper.directory();
  const pidFile = join(path, "d.pid");
  mkdirSync(join(path, "home"));
  const env = environment(musterHome(join(path, "home"), null));
  const argv = [...muster.argv, "daemons", "control", "--stop", "--pid-file", pidFile];
  return afterExit(bench, { pidFile, clears: true }, delayOf, async () => {
    const child = bench.keeper.process(Bun.spawn(argv, { env, stdin: "ignore", stdout: "ignore", stderr: "inherit" }));
    if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")}: exit ${child.exitCode}`);
  });
}

/** Milliseconds from the daemon's exit to the moment `stopIt` resolves, without the first round. */
async function afterExit(
  bench: Bench,
  daemon: Omit<PromptDaemonOptions, "delayMs">,
  delayOf: (round: number) => number,
  stopIt: () => Promise<void>,
): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round <= count(bench, 100, 10); round++) {
    const { exitedMs } = await startPromptDaemon(bench.keeper, { ...daemon, delayMs: delayOf(round) });
    await stopIt();
    const nowMs = monotonicMs();
    const late = nowMs - (await exitedMs);
    if (round > 0) samples.push(late);
  }
  return samples;
}
