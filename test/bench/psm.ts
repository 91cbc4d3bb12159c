/** Group psm: the process set with 10,000 members, and a thousand exits in a second. */
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { PSM_DEFAULTS } from "#core/model/psm-settings.ts";
import type { SetChange } from "#core/psm/change.ts";
import { hostExitSources } from "#core/psm/exit-sources.ts";
import { ProcessSet } from "#core/psm/set.ts";
import { type Bench, count } from "./bench.ts";
import { cpuMs, monotonicMs, residentMegabytes } from "./clocks.ts";
import { Members } from "./members.ts";
import { exits } from "./psm-exits.ts";
import { list } from "./psm-list.ts";
import { distribution, figure } from "./rows.ts";

const MANY = 10_000;
/** Forks a second. */
const STORM_RATE = 10_000;
const settings = { ...PSM_DEFAULTS, memMax: 1e6 };

export async function psm(bench: Bench): Promise<void> {
  const many = await Members.start(bench.keeper, count(bench, MANY, 1000));
  await queries(bench, many);
  await rest(bench, many);
  await recorded(bench);
  await exits(bench, null);
  await exits(bench, STORM_RATE);
  await exits(bench, 0);
}

/** In process, without a journal: what the set itself costs. */
async function queries(bench: Bench, { pids }: Members): Promise<void> {
  const stateDirectory = bench.keeper.directory();
  const set = openSet(stateDirectory);
  const added: number[] = [];
  for (const pid of pids) added.push(await timeOf(() => set.memadd("many", pid, { argv: "waits" })));
  bench.add(distribution(`memadd, each of ${pids.length}`, "ms", added, null));
  const got: number[] = [];
  const items: number[] = [];
  for (let round = 0; round < count(bench, 100, 10); round++) {
    got.push(await timeOf(() => set.memget(null, 0)));
    items.push(await timeOf(() => set.memberItems()));
  }
  bench.add(distribution(`memget of ${pids.length}`, "ms", got, { of: "p99", most: 10 }));
  bench.add(distribution("the same as items", "ms", items, null));
  set.close();
  let again: ProcessSet | null = null;
  const reopened = await timeOf(() => {
    again = openSet(stateDirectory);
  });
  bench.add(figure(`a keeper's start with ${pids.length} living members`, "ms", reopened));
  (again as ProcessSet | null)?.close();
}

/** The whole service, with its journal, timers and socket: once what the registering left behind is collected, then asked. */
async function rest(bench: Bench, { pids }: Members): Promise<void> {
  const directory = bench.keeper.directory();
  const argv = [process.execPath, join(import.meta.dir, "psm-keeper.ts"), directory];
  const child = bench.keeper.process(Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
  child.stdin.write(pids.join(" "));
  child.stdin.end();
  const { value } = await child.stdout.getReader().read();
  const said = new TextDecoder().decode(value).trim();
  if (said !== "rests") throw new Error(said);
  await Bun.sleep(15_000);
  const seconds = count(bench, 20, 3);
  const begun = cpuMs(child.pid);
  await Bun.sleep(seconds * 1000);
  const percent = (cpuMs(child.pid) - begun) / (seconds * 10);
  bench.add(figure(`CPU of a service at rest with ${pids.length} members`, "%", percent, { most: 0.1 }));
  bench.add(figure("its memory", "MB", residentMegabytes(child.pid)));
  await list(bench, directory, pids.length);
  child.kill("SIGTERM");
  await child.exited;
}

/** From the moment its parent has collected it to its status in the store. */
async function recorded(bench: Bench): Promise<void> {
  const members = await Members.start(bench.keeper, 1000);
  const storedMs = new Map<number, number>();
  const { promise: allStored, resolve } = Promise.withResolvers<void>();
  const set = openSet(bench.keeper.directory(), (changes) => {
    const nowMs = monotonicMs();
    for (const change of changes) if (change.type === "memberExited") storedMs.set(change.entry.pid, nowMs);
    if (storedMs.size === members.pids.length) resolve();
  });
  for (const pid of members.pids) set.memadd("web", pid, { argv: "web" });
  const collected = await members.pace(1);
  await allStored;
  set.close();
  const delays = members.pids.map((pid) => (storedMs.get(pid) ?? Number.NaN) - (collected.get(pid) ?? Number.NaN));
  bench.add(distribution("1,000 exits in a second: collected to recorded", "ms", delays, { of: "p99", most: 5 }));
}

function openSet(stateDirectory: string, onChange: (changes: readonly SetChange[]) => void = () => {}): ProcessSet {
  const set = ProcessSet.open({
    node: "n1",
    stateDirectory,
    procRoot: "/proc",
    clock: systemClock,
    settings,
    exits: hostExitSources("/proc", MANY),
    onChange,
    onRepaired: () => {},
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  if (!set) throw new Error("another process keeps the set");
  return set;
}

/** Milliseconds; the loop turns afterwards, for what was allocated to go. */
async function timeOf(body: () => unknown): Promise<number> {
  const begunMs = monotonicMs();
  body();
  const elapsedMs = monotonicMs() - begunMs;
  await new Promise((resolve) => setImmediate(resolve));
  return elapsedMs;
}
