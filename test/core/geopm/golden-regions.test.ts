/**
 * Regions as the real library left them, stage by stage: read with every field, and written by us byte for byte. Time
 * stamps, thread ids and the path of the host list are of the day they were made. MUSTER_GOLDEN names their directory.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agentTable, type GeopmLine } from "#core/geopm/agents.ts";
import type { Endpoint } from "#core/geopm/endpoint.ts";
import type { EndpointUser } from "#core/geopm/endpoint-user.ts";
import { HOSTLIST_PATH, type Layout, layoutOfSize, OLD_LAYOUT, STAMP } from "#core/geopm/layout.ts";
import { copyRegion, policyOf, type RegionCopy, sampleOf } from "#core/geopm/region-file.ts";
import { OPEN, openFd } from "#ffi/fd.ts";
import { GeopmRoom } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";

const GOLDEN = join(process.env.MUSTER_GOLDEN ?? join(import.meta.dir, "../../../golden"), "geopm");
const goldenTest = test.skipIf(!existsSync(GOLDEN));
const SKIPPED = existsSync(GOLDEN) ? "" : " (skipped: MUSTER_GOLDEN names no directory with golden regions)";

const regionOf = (path: string): RegionCopy => {
  using fd = openFd(path, OPEN.READ_ONLY);
  const copy = copyRegion(fd);
  if (typeof copy === "string") throw new Error(`${path} ${copy}`);
  return copy;
};

interface Stage {
  readonly stage: string;
  readonly policy: { count: number; values: readonly (number | "nan")[]; ts_sec?: number };
  readonly sample: {
    agent: string;
    profile: string;
    hostlist_path: string;
    count: number;
    values: readonly (number | "nan")[];
  };
}

const numbers = (values: readonly (number | "nan")[]): number[] =>
  values.map((value) => (value === "nan" ? Number.NaN : value));

describe("read as their manifest says", () => {
  for (const line of ["dev", "rc1", "v11"]) {
    goldenTest(`${line}${SKIPPED}`, () => {
      const directory = join(GOLDEN, line, "shm");
      const stages: Stage[] = JSON.parse(readFileSync(join(directory, "manifest.json"), "utf8"));
      expect(stages.length).toBeGreaterThan(4);
      for (const { stage, policy, sample } of stages) {
        const [left, right] = ["policy", "sample"].map((side) => regionOf(join(directory, `${stage}.${side}.bin`)));
        if (!left || !right) throw new Error(stage);
        expect([stage, left.lock.isHeld]).toEqual([stage, stage.includes("locked")]);
        const { count, values } = policyOf(left);
        expect([stage, count, ...values]).toEqual([stage, policy.count, ...numbers(policy.values)]);
        const found = sampleOf(right);
        expect([stage, found.agent, found.profile]).toEqual([stage, sample.agent, sample.profile]);
        expect([stage, found.hostlistPath]).toEqual([stage, sample.hostlist_path]);
        expect([stage, found.count, ...found.values]).toEqual([stage, sample.count, ...numbers(sample.values)]);
      }
    });
  }

  goldenTest(`a profile in double quotes${SKIPPED}`, () => {
    const copy = regionOf(join(GOLDEN, "dev/shm/13_env_attach_quoted_profile.sample.bin"));
    expect(sampleOf(copy)).toMatchObject({ agent: "power_governor", profile: '"dgemm"', count: 3 });
  });
});

/** Without what differs from day to day; whether there is a stamp, an owner and a path stays. */
function comparable(path: string, layout: Layout): Buffer {
  const bytes = Buffer.from(readFileSync(path));
  expect(layoutOfSize(bytes.length)).toBe(layout);
  const mask = (start: number, length: number) =>
    bytes.fill(bytes.subarray(start, start + length).some(Boolean) ? 1 : 0, start, start + length);
  mask(8, 4);
  mask(layout.base + STAMP, 16);
  if (path.includes("sample")) mask(layout.base + HOSTLIST_PATH.offset + 1, HOSTLIST_PATH.bytes - 1);
  return bytes;
}

interface Play {
  readonly line: "dev" | "rc1" | "v11";
  readonly agents: GeopmLine;
  readonly manner: "current" | "seed";
}

const PLAYS: readonly Play[] = [
  { line: "dev", agents: "3", manner: "current" },
  { line: "rc1", agents: "2.0rc1", manner: "seed" },
  { line: "v11", agents: "1.1", manner: "seed" },
];

describe("written byte for byte", () => {
  for (const play of PLAYS) {
    goldenTest(`${play.line}${SKIPPED}`, async () => {
      using room = new GeopmRoom();
      const directory = join(GOLDEN, play.line, "shm");
      const agents = agentTable(play.agents);
      const layout = layoutOfSize(readFileSync(join(directory, "00_opened.policy.bin")).length) ?? OLD_LAYOUT;
      const endpoint = room.open(room.name, { agents, layout });
      const attach = (agent: string, profile: string) => room.attach(agent, { profile, agents, manner: play.manner });
      let compared = 0;
      const compare = (stage: string) => {
        const { policyPath, samplePath } = endpoint.place;
        for (const [side, path] of [
          ["policy", policyPath],
          ["sample", samplePath],
        ] as const) {
          const golden = comparable(join(directory, `${stage}.${side}.bin`), layout);
          expect([stage, side, comparable(path, layout).compare(golden)]).toEqual([stage, side, 0]);
          compared++;
        }
      };
      compare("00_opened");
      const user = await attach("power_balancer", "golden-prof");
      compare("01_attached");
      endpoint.agent();
      endpoint.writePolicy([150.5, Number.NaN, 3, 0.25]);
      compare("02_policy_written");
      user.writeSample([1, 2.5, Number.NaN, -4]);
      compare("03_sample_written");
      if (play.line === "v11") {
        user.detach();
        compare("04_detached");
      } else {
        await playOn(endpoint, user, attach, compare);
      }
      const dumps = readdirSync(directory).filter((name) => name.endsWith(".bin") && !name.startsWith("13_"));
      expect(compared).toBe(dumps.length);
    });
  }
});

async function playOn(
  endpoint: Endpoint,
  first: EndpointUser,
  attach: (agent: string, profile: string) => Promise<EndpointUser>,
  compare: (stage: string) => void,
): Promise<void> {
  endpoint.writePolicy([200, Number.NaN, Number.NaN, Number.NaN]);
  compare("04_policy_rewritten");
  await using holder = await MutexPeer.start(endpoint.place.policyPath);
  await using waiter = await MutexPeer.start(endpoint.place.policyPath);
  await holder.tell("lock");
  compare("05_policy_locked_uncontended");
  const taken = waiter.tell("lock");
  while (readFileSync(endpoint.place.policyPath).readInt32LE(0) !== 2) await new Promise(setImmediate);
  compare("06_policy_locked_with_waiter");
  await holder.tell("unlock");
  await taken;
  await waiter.tell("unlock");
  first.detach();
  compare("07_detached");
  const monitor = await attach("monitor", "p2");
  compare("08_reattached_monitor");
  endpoint.agent();
  endpoint.writePolicy([]);
  compare("09_monitor_empty_policy_written");
  monitor.writeSample([]);
  compare("10_monitor_empty_sample_written");
  monitor.detach();
  await attach("frequency_map", "fm");
  endpoint.agent();
  const length = endpoint.agents.get("frequency_map")?.policy.length ?? 0;
  const policy = Array.from({ length }, (_, index) =>
    index === 0 ? 1.5e9 : index > 1 && index % 2 === 1 ? index : Number.NaN,
  );
  endpoint.writePolicy(policy);
  compare("11_frequency_map_full_policy");
  compare("12_controller_crashed_no_detach");
}
