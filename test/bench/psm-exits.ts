/** A thousand exits in a second through the whole service, alone and beside storms of forks. */
import { join } from "node:path";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import { TestService } from "#test/harness/service.ts";
import type { Bench } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { startStorm } from "./fork-storm.ts";
import { Members } from "./members.ts";
import { distribution, figure } from "./rows.ts";

const EXITS = 1000;
const STORM_SECONDS = 3;
/** What has not been told by then after the last was collected is lost. */
const PATIENCE_MS = 10_000;

/** `stormRate`: forks a second beside them, 0 as many as can be; null: none. */
export async function exits(bench: Bench, stormRate: number | null): Promise<void> {
  const home = bench.keeper.directory();
  const directory = { path: home, file: (name: string) => join(home, name), [Symbol.dispose]: () => {} };
  await using service = await TestService.open(directory, [], {
    mode: "watch",
    config: { psm: { ...PSM_DEFAULTS, memMax: 1e6 }, discover: [] },
  });
  const members = await Members.start(bench.keeper, EXITS);
  for (const pid of members.pids) {
    await service.invoke("member.add", "", { targets: [{ id: `n1/member/web/${pid}` }], arguments: { argv: "web" } });
  }
  // What was registered is told and shown before the first one ends.
  await Bun.sleep(500);
  const told = listen(service, members);
  const storm = stormRate === null ? null : await startStorm(bench.keeper, STORM_SECONDS, stormRate);
  const collected = await members.pace(1);
  await Promise.race([told.all, Bun.sleep(PATIENCE_MS)]);
  told.end();
  const seen = members.pids.filter((pid) => told.atMs.has(pid));
  const delays = seen.map((pid) => (told.atMs.get(pid) ?? Number.NaN) - (collected.get(pid) ?? Number.NaN));
  const beside = storm === null ? "" : `, beside ${Math.round(await storm.rate).toLocaleString("en")} forks/s`;
  // Where forks take a processor or both, what is promised is that no exit is lost.
  const limit = storm === null ? ({ of: "p99", most: 5 } as const) : null;
  bench.add(distribution(`1,000 exits in a second: collected to told${beside}`, "ms", delays, limit));
  bench.add(figure(`of these lost${beside}`, "x", EXITS - seen.length, { most: 0 }));
  bench.add(figure(`of these with a wrong status${beside}`, "x", told.wrong(), { most: 0 }));
}

/** When the event of each exit came, with its row in the journal, and how many told something else than how it ended. */
function listen({ service }: TestService, members: Members) {
  const atMs = new Map<number, number>();
  let wrong = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const end = service.subscribe(["events"], ({ batch }) => {
    const nowMs = monotonicMs();
    for (const event of batch) {
      if (event.src !== "events" || event.op !== "upsert" || !event.item.code.endsWith("member.exited")) continue;
      const { _pid: pid, _exitcode: status } = event.item.variables ?? {};
      atMs.set(Number(pid), nowMs);
      if (status !== members.statusOf(Number(pid))) wrong++;
    }
    if (atMs.size === members.pids.length) resolve();
  });
  return { atMs, wrong: () => wrong, all, end };
}
