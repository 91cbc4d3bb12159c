/** Group play: opening a large recording, going anywhere in an hour of one, and a frame that is looked at for each record. */
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Fixture } from "#core/playback/fixture.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { standing } from "#core/playback/superseded.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { MAIN } from "#test/harness/cli.ts";
import { daemon } from "#test/harness/items.ts";
import { type Bench, count } from "./bench.ts";
import { musterHome } from "./muster.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";
import { distribution, figure } from "./rows.ts";

const SIZE = { columns: 80, rows: 24 };

export async function play(bench: Bench): Promise<void> {
  const directory = bench.keeper.directory();
  const large = write(join(directory, "large"), 1000, count(bench, 200_000, 20_000), 5, false);
  await firstFrame(bench, large);

  const hour = Fixture.open(write(join(directory, "hour"), 1000, 36_000, 100, false));
  const places = Array.from({ length: count(bench, 20, 5) }, (_, step, all = count(bench, 20, 5)) =>
    Math.floor((hour.length * (step + 1)) / all),
  );
  const seeks = places.map((place) => timed(() => foldTo(hour, place)).ms);
  bench.add(distribution("going anywhere in an hour of 1,000 items", "ms", seeks, { of: "max", most: 150 }));
  hour.close();

  const checks = count(bench, 10_000, 1000);
  const checked = write(join(directory, "checked"), 10, checks, 100, true);
  // As its users have it: React is the one for production there.
  const start = performance.now();
  const child = Bun.spawn([process.execPath, MAIN, "play", checked, "--assert"], {
    stdout: "ignore",
    stderr: "inherit",
  });
  if ((await child.exited) !== 0) throw new Error("an expectation was not met");
  const perTenThousand = (ms: number) => (ms * 10_000) / checks;
  const wallMs = performance.now() - start;
  const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  bench.add(figure("10,000 records with a frame looked at for each", "ms", perTenThousand(wallMs), { most: 20_000 }));
  bench.add(figure("... CPU it takes", "ms", perTenThousand(cpuMs)));
}

/** The console on it, from before exec until the list is there. */
async function firstFrame(bench: Bench, path: string): Promise<void> {
  const size = Math.round(statSync(path).size / 1e6);
  const variables = musterHome(join(bench.keeper.directory(), "home"), "");
  const times: number[] = [];
  let mostMemory = 0;
  for (let round = 0; round < count(bench, 10, 2); round++) {
    const terminal = new PseudoTerminal(bench.keeper, [process.execPath, MAIN, "play", path], variables, SIZE);
    const isFrame = (lines: readonly string[]) => lines.some((line) => line.startsWith("▸ d0 "));
    times.push((await terminal.until("first frame", isFrame)) - terminal.startedMs);
    mostMemory = Math.max(mostMemory, largestMb(terminal.pid));
    await terminal.close();
  }
  bench.add(distribution(`first frame of a recording of ${size} MB`, "ms", times, { of: "p50", most: 1000 }));
  bench.add(figure("... memory it takes at most", "MB", mostMemory, { most: 300 }));
}

/** The resident memory of a process at its largest. */
function largestMb(pid: number): number {
  const [, kilobytes = ""] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1000;
}

function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const start = performance.now();
  const result = work();
  return { result, ms: performance.now() - start };
}

/** From the beginning, as where nothing was kept yet. */
function foldTo(fixture: Fixture, index: number): void {
  const service = createScriptedService(createVirtualClock(), fixture.node);
  const said = standing(fixture, 0, index).flatMap((each) => {
    const { record, place, atMs } = fixture.record(each);
    return "src" in record ? [{ record, place, atMs }] : [];
  });
  service.play(said);
}

function write(path: string, items: number, records: number, dt: number, isChecked: boolean): string {
  const fd = openSync(path, "wx");
  const line = (record: object) => `${JSON.stringify(record)}\n`;
  const all = Array.from({ length: items }, (_, index) => daemon(`d${index}`));
  let text = line({ muster: 1, host: "n1" }) + line({ dt: 0, src: "daemons", op: "reset", items: all });
  for (let index = 0; index < records; index++) {
    const pid = 1000 + index;
    text += line({ dt, src: "daemons", op: "upsert", item: daemon(`d${index % items}`, { pid }) });
    if (isChecked) text += line({ dt: 0, expect: { screen: String(pid) } });
    if (text.length < 1_000_000) continue;
    writeSync(fd, text);
    text = "";
  }
  writeSync(fd, text);
  closeSync(fd);
  return path;
}
