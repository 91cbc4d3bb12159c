/**
 * Group endpoint: both sides of GEOPM endpoints, beside the C++ library built from its sources (gcc 12 -O2) on a machine
 * like the one of README.md; a release that could be installed as a peer has no owner's side.
 */
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import { listEndpoints } from "#core/geopm/listing.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import { type Bench, count } from "./bench.ts";
import { cpuMs, monotonicMs } from "./clocks.ts";
import { median } from "./figures.ts";
import { attachTo, endpointAt } from "./geopm-room.ts";
import { distribution, figure } from "./rows.ts";

const MOST_NS = 150;
const LIBRARY = "C++ library";
const ENDPOINTS = 100;
const MOST_MS = 5;
const MOST_PERCENT = 0.5;
const TURNS = 7;

export async function endpoint(bench: Bench): Promise<void> {
  const directory = bench.keeper.directory();
  const prefix = join("/dev/shm", `muster-bench-${process.pid}-`);
  await operations(bench, `${prefix}op`, directory);
  const owner = bench.keeper.process(
    Bun.spawn([process.execPath, join(import.meta.dir, "geopm-owner.ts"), prefix, String(ENDPOINTS)], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  await nextLine(owner.stdout.getReader());
  try {
    await latency(bench, prefix, directory);
    await rest(bench, owner.pid);
    listing(bench);
  } finally {
    owner.kill("SIGTERM");
    await owner.exited;
  }
}

async function operations(bench: Bench, name: string, directory: string): Promise<void> {
  const waits = new EndpointWaits(systemClock);
  const rounds = count(bench, 1_000_000, 20_000);
  const measure = (what: string, library: number, operation: () => void) => {
    const samples = Array.from({ length: TURNS }, () => nanosecondsOf(rounds, operation));
    bench.add(figure(what, "ns", median(samples), { most: MOST_NS }, { name: LIBRARY, value: library }));
  };
  for (const [agent, policies, samples] of [
    ["power_governor", 1, 3],
    ["frequency_map", 65, 0],
  ] as const) {
    using owner = endpointAt(name, waits);
    owner.open();
    using user = await attachTo(name, agent, { policies, samples }, directory);
    owner.agent();
    const policy = new Float64Array(policies).fill(1.5);
    const sample = new Float64Array(samples).fill(2.5);
    const [policyRoom, sampleRoom] = [new Float64Array(policies), new Float64Array(samples)];
    measure(`writePolicy, ${policies} values`, policies === 1 ? 46.9 : 45.5, () => owner.writePolicy(policy));
    measure(`readPolicyInto, ${policies} values`, policies === 1 ? 41 : 63.9, () => user.readPolicyInto(policyRoom));
    if (samples === 0) continue;
    measure(`readSampleInto, ${samples} values`, 45.7, () => owner.readSampleInto(sampleRoom));
    measure(`readSample, ${samples} values, in memory of their own`, 45.7, () => owner.readSample());
    measure(`writeSample, ${samples} values`, 42.7, () => user.writeSample(sample));
  }
}

function nanosecondsOf(rounds: number, operation: () => void): number {
  const begun = Bun.nanoseconds();
  for (let round = 0; round < rounds; round++) operation();
  return (Bun.nanoseconds() - begun) / rounds;
}

/** Each time another of the endpoints, all of which are waited for. */
async function latency(bench: Bench, prefix: string, directory: string): Promise<void> {
  const argv = [process.execPath, join(import.meta.dir, "geopm-controller.ts"), directory];
  const controller = bench.keeper.process(Bun.spawn(argv, { stdio: ["pipe", "pipe", "inherit"] }));
  const reader = controller.stdout.getReader();
  const samples: number[] = [];
  const turns = count(bench, 200, 10);
  for (let turn = -5; turn < turns; turn++) {
    // The waits before have come to rest.
    await Bun.sleep(Math.random() * 150);
    controller.stdin.write(`${prefix}${(turn + 5) % ENDPOINTS}\n`);
    await controller.stdin.flush();
    const milliseconds = Number(await nextLine(reader));
    if (turn >= 0) samples.push(milliseconds);
  }
  controller.kill("SIGKILL");
  await controller.exited;
  bench.add(
    distribution("attached to policy visible (C++ library: p50 152 ms)", "ms", samples, { of: "p50", most: MOST_MS }),
  );
}

async function rest(bench: Bench, pid: number): Promise<void> {
  // What the last controller woke goes to rest again.
  await Bun.sleep(count(bench, 2000, 500));
  const begunMs = monotonicMs();
  const beforeMs = cpuMs(pid);
  await Bun.sleep(count(bench, 20_000, 1000));
  const percent = ((cpuMs(pid) - beforeMs) / (monotonicMs() - begunMs)) * 100;
  bench.add(figure(`CPU at rest, waiting on ${ENDPOINTS} endpoints`, "%", percent, { most: MOST_PERCENT }));
}

function listing(bench: Bench): void {
  const host = { procRoot: "/proc", shmRoot: "/dev/shm", runtimeRoot: "/run/user", directories: [] };
  const samples = Array.from({ length: count(bench, 20, 3) }, () => {
    const begunMs = monotonicMs();
    const found = listEndpoints(host).length;
    if (found < ENDPOINTS) throw new Error(`${found} endpoints were found`);
    return monotonicMs() - begunMs;
  });
  bench.add(distribution(`a list of ${ENDPOINTS} endpoints, with who has them mapped`, "ms", samples, null));
}

interface Chunks {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
}

async function nextLine(reader: Chunks): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.endsWith("\n")) {
    const { value, done } = await reader.read();
    if (done || value === undefined) throw new Error("a program of the bench has ended");
    text += decoder.decode(value, { stream: true });
  }
  return text.trim();
}
