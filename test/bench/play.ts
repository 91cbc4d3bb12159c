/** Group play: opening a large recording, going anywhere in an hour of one, and a frame that is looked at for each record. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Fixture } from "#core/playback/fixture.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { standing } from "#core/playback/superseded.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { MAIN } from "#test/harness/cli.ts";
import { daemon } from "#test/harness/items.ts";
import { type Bench, count } from "./bench.ts";
import { distribution, figure } from "./rows.ts";

export async function play(bench: Bench): Promise<void> {
  const directory = bench.keeper.directory();
  const large = write(join(directory, "large"), 1000, count(bench, 200_000, 20_000), 5, false);
  const before = process.memoryUsage.rss();
  const opened = timed(() => {
    const fixture = Fixture.open(large);
    fixture.record(0);
    return fixture;
  });
  bench.add(figure(`opening a recording of ${opened.result.length} records`, "ms", opened.ms, { most: 1000 }));
  const grown = (process.memoryUsage.rss() - before) / 1e6;
  bench.add(figure("... memory it takes", "MB", grown, { most: 300 }));
  opened.result.close();

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
  const perTenThousand = ((performance.now() - start) * 10_000) / checks;
  bench.add(figure("10,000 records with a frame looked at for each", "ms", perTenThousand, { most: 20_000 }));
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
