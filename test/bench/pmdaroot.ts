/** Group pmdaroot: muster's server beside PCP's pmdaroot, asked by the same client library about the same containers. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { connectRoot } from "#core/pmdaroot/client.ts";
import { EngineState, hasNamespaces, hexId, PlainContainer } from "#test/harness/containers.ts";
import { MusterRoot } from "#test/harness/muster-root.ts";
import { PMCD, RealPmdaroot } from "#test/harness/pcp.ts";
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { median } from "./figures.ts";
import type { Load } from "./pmdaroot-load.ts";
import { distribution, figure } from "./rows.ts";
import { inTurns } from "./turns.ts";

const SIZES = [1, 100, 1000] as const;
/** Differences below it are the machine's: the same server's rates differ as much between two runs. */
const LEVEL = 0.7;
const TWO_ORDERS = 100;
const HOST_NAMES = 8000;
const LONGEST_LOOKUP_MS = 0.3;

export async function pmdaroot(bench: Bench): Promise<void> {
  if (!hasNamespaces || !existsSync(PMCD)) {
    bench.missing("pmdaroot, the server and its client library", "as root: apt-get install pcp");
    return;
  }
  for (const size of SIZES) await lookUps(bench, size);
  await appearance(bench);
  await processes(bench);
}

class Stage implements AsyncDisposable {
  readonly state = new EngineState();
  readonly #stack = new AsyncDisposableStack();
  readonly names: string[] = [];
  readonly ids: string[] = [];

  /** Real processes, a few for all: what is measured is the look-up. */
  static async open(bench: Bench, size: number): Promise<Stage> {
    const stage = new Stage();
    bench.keeper.defer(() => stage.state[Symbol.dispose]());
    const pids: number[] = [];
    for (let index = 0; index < 3; index++) {
      pids.push(stage.#stack.use(await PlainContainer.start(`bench-host-${index}`)).pid);
    }
    for (let index = 0; index < size; index++) {
      const id = hexId(`docker-${index}`);
      stage.state.docker(id, `dk${index}`, pids[index % pids.length] ?? 0);
      mkdirSync(stage.state.directory.file(`cgroup/unified/system.slice/docker-${id}.scope`), { recursive: true });
      stage.names.push(`dk${index}`);
      stage.ids.push(id);
    }
    return stage;
  }

  /** It looks for a name among the cgroups of this tree. */
  real(): Promise<RealPmdaroot> {
    const PCP_CGROUP_DIR = this.state.directory.file("cgroup");
    return RealPmdaroot.start(this.state, { PCP_CGROUP_DIR, PCP_CGROUP_CHECK_PATH: join(PCP_CGROUP_DIR, "memory") });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function load(path: string, what: string, amount: number, names: readonly string[]): Promise<Load> {
  const argv = [process.execPath, join(import.meta.dir, "pmdaroot-load.ts"), path, what, String(amount)];
  const child = Bun.spawn(argv, { stdin: Buffer.from(names.join("\n")), stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await new Response(child.stdout).text());
}

async function lookUps(bench: Bench, size: number): Promise<void> {
  await using stage = await Stage.open(bench, size);
  const first = { ours: 0, real: 0 };
  const firstAnswer = async <Server extends { readonly path: string }>(start: () => Promise<Server>) => {
    const begunMs = monotonicMs();
    const server = await start();
    using client = await connectRoot({ path: server.path, clock: systemClock });
    await client.containerProcessId("dk0");
    return { server, elapsedMs: monotonicMs() - begunMs };
  };
  const begunReal = await firstAnswer(() => stage.real());
  await using real = begunReal.server;
  const begunOurs = await firstAnswer(() => MusterRoot.start(stage.state));
  await using ours = begunOurs.server;
  first.real = begunReal.elapsedMs;
  first.ours = begunOurs.elapsedMs;
  const label = `${size} container${size === 1 ? "" : "s"}`;
  const limit = size === 1000 ? { most: 200 } : {};
  bench.add(
    figure(`start to first answer, ${label}`, "ms", first.ours, limit, { name: "pmdaroot", value: first.real }),
  );
  for (const [by, names] of [
    ["name", stage.names],
    ["id", stage.ids],
  ] as const) {
    for (const what of ["pid", "cgroup", "host"] as const) {
      const loads = { ours: [] as Load[], real: [] as Load[] };
      const runner = (who: keyof typeof loads, path: string) => async () => {
        const result = await load(path, what, count(bench, 1000, 200), names);
        if (result.errors > 0) throw new Error(`${who}: ${result.errors} errors`);
        loads[who].push(result);
        return result.rate;
      };
      const rates = await inTurns(count(bench, 3, 1), 1, {
        ours: runner("ours", ours.path),
        real: runner("real", real.path),
      });
      const peer = { name: "pmdaroot", value: median(rates.real) };
      const row = figure(
        `${what} by ${by}, ${label}`,
        "/s",
        median(rates.ours),
        least(what, by, size, peer.value),
        peer,
      );
      bench.add(row);
      if (what === "host") continue;
      const p99 = median(loads.ours.map((each) => each.p99));
      const realP99 = { name: "pmdaroot", value: median(loads.real.map((each) => each.p99)) };
      bench.add(figure(`... p99`, "ms", p99, { most: LONGEST_LOOKUP_MS }, realP99));
    }
  }
}

/** What is promised of a rate. */
function least(what: string, by: string, size: number, real: number): { readonly least?: number } {
  if (what === "host") return { least: HOST_NAMES };
  if (size === 1) return { least: LEVEL * real };
  // By id it is an index there too.
  return size === 1000 && by === "name" ? { least: TWO_ORDERS * real } : {};
}

/** From the moment its state is there to the first answer about it, asked again and again. */
async function appearance(bench: Bench): Promise<void> {
  await using stage = await Stage.open(bench, 1000);
  await using ours = await MusterRoot.start(stage.state);
  using client = await connectRoot({ path: ours.path, clock: systemClock });
  const samples: number[] = [];
  for (let round = 0; round < count(bench, 100, 10); round++) {
    const name = `new${round}`;
    stage.state.docker(hexId(name), name, process.pid);
    const begunMs = monotonicMs();
    for (;;) {
      const pid = await client.containerProcessId(name).catch(() => null);
      if (pid !== null) break;
    }
    samples.push(monotonicMs() - begunMs);
  }
  bench.add(
    distribution("a container beside 1000 others appears to it is answered", "ms", samples, { of: "max", most: 20 }),
  );
}

async function processes(bench: Bench): Promise<void> {
  await using stage = await Stage.open(bench, 1);
  await using real = await stage.real();
  await using ours = await MusterRoot.start(stage.state);
  const rounds = count(bench, 1000, 100);
  const lost = { ours: 0, real: 0 };
  const runner = (who: keyof typeof lost, path: string) => async () => {
    const result = await load(path, "process", rounds, []);
    lost[who] += result.lost + result.errors;
    return result.p50;
  };
  const turns = count(bench, 9, 1);
  const took = await inTurns(turns, 1, { ours: runner("ours", ours.path), real: runner("real", real.path) });
  const peer = { name: "pmdaroot", value: median(took.real) };
  bench.add(figure("start, terminate, wait", "ms", median(took.ours), { most: peer.value / LEVEL }, peer));
  const all = rounds * (turns + 1);
  const percent = (part: number) => (part * 100) / all;
  const realLost = { name: "pmdaroot", value: percent(lost.real) };
  bench.add(figure(`statuses lost in ${all} rounds`, "%", percent(lost.ours), { most: 0 }, realLost));
}
