/**
 * Regions as the real library left them, stage by stage: read with every field, and written by us byte for byte. Time
 * stamps, thread ids and the path of the host list are of the day they were made; the rest of that path, which stays
 * behind when a controller detaches, is left out.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentTable, type GeopmLine } from "#core/geopm/agents.ts";
import type { Endpoint } from "#core/geopm/endpoint.ts";
import type { EndpointUser } from "#core/geopm/endpoint-user.ts";
import { HOSTLIST_PATH, type Layout, layoutOfSize, OLD_LAYOUT, STAMP } from "#core/geopm/layout.ts";
import { copyRegion, policyOf, type RegionCopy, sampleOf } from "#core/geopm/region-file.ts";
import { OPEN, openFd } from "#ffi/fd.ts";
import { GeopmRoom } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";

/** A file: its length, and where bytes stand that are not zero. */
interface Dump {
  readonly bytes: number;
  readonly runs: readonly (readonly [offset: number, hex: string])[];
}

interface Stage {
  readonly line: "dev" | "rc1" | "v11";
  readonly stage: string;
  readonly policy: Dump;
  readonly sample: Dump;
  /** Decoded by another program. */
  readonly fields?: {
    readonly policy: { count: number; values: readonly (number | "nan")[] };
    readonly sample: {
      readonly agent: string;
      readonly profile: string;
      readonly hostlist_path: string;
      readonly count: number;
      readonly values: readonly (number | "nan")[];
    };
  };
}

const STAGES: readonly Stage[] = readFileSync(join(import.meta.dir, "golden/regions.ndjson"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const stagesOf = (line: Stage["line"]): Stage[] => STAGES.filter((stage) => stage.line === line);

function bytesOf({ bytes, runs }: Dump): Buffer {
  const file = Buffer.alloc(bytes);
  for (const [offset, hex] of runs) file.write(hex, offset, "hex");
  return file;
}

function regionOf(room: GeopmRoom, dump: Dump): RegionCopy {
  const path = room.directory.file("dump");
  writeFileSync(path, bytesOf(dump));
  using fd = openFd(path, OPEN.READ_ONLY);
  const copy = copyRegion(fd);
  if (typeof copy === "string") throw new Error(copy);
  return copy;
}

const numbers = (values: readonly (number | "nan")[]): number[] =>
  values.map((value) => (value === "nan" ? Number.NaN : value));

describe("read field by field", () => {
  for (const line of ["dev", "rc1", "v11"] as const) {
    test(line, () => {
      using room = new GeopmRoom();
      expect(stagesOf(line).length).toBeGreaterThan(4);
      for (const { stage, policy, sample, fields } of stagesOf(line)) {
        const [left, right] = [regionOf(room, policy), regionOf(room, sample)];
        expect([stage, left.lock.isHeld]).toEqual([stage, stage.includes("locked")]);
        if (!fields) continue;
        const { count, values } = policyOf(left);
        expect([stage, count, ...values]).toEqual([stage, fields.policy.count, ...numbers(fields.policy.values)]);
        const found = sampleOf(right);
        expect([stage, found.agent, found.profile]).toEqual([stage, fields.sample.agent, fields.sample.profile]);
        expect([stage, found.hostlistPath]).toEqual([stage, fields.sample.hostlist_path]);
        expect([stage, found.count, ...found.values]).toEqual([
          stage,
          fields.sample.count,
          ...numbers(fields.sample.values),
        ]);
      }
    });
  }

  test("a profile in double quotes", () => {
    using room = new GeopmRoom();
    const stage = stagesOf("dev").find(({ fields }) => fields === undefined);
    if (!stage) throw new Error("no such stage");
    expect(sampleOf(regionOf(room, stage.sample))).toMatchObject({
      agent: "power_governor",
      profile: '"dgemm"',
      count: 3,
    });
  });
});

/** Without what differs from day to day: whether there is a stamp, an owner and a path stays. */
function comparable(file: Buffer, side: "policy" | "sample", layout: Layout): Buffer {
  const bytes = Buffer.from(file);
  expect(layoutOfSize(bytes.length)).toBe(layout);
  const mark = (start: number, length: number) => {
    const isThere = bytes.subarray(start, start + length).some(Boolean);
    bytes.fill(isThere ? 1 : 0, start, start + length);
  };
  mark(8, 4);
  mark(layout.base + STAMP, 16);
  const path = layout.base + HOSTLIST_PATH.offset;
  if (side === "sample") bytes.fill(0, path + 1, path + HOSTLIST_PATH.bytes);
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
    test(play.line, async () => {
      using room = new GeopmRoom();
      const stages = stagesOf(play.line).filter(({ fields }) => fields);
      const agents = agentTable(play.agents);
      const layout = layoutOfSize(stages[0]?.policy.bytes ?? 0) ?? OLD_LAYOUT;
      const endpoint = room.open(room.name, { agents, layout });
      const attach = (agent: string, profile: string) => room.attach(agent, { profile, agents, manner: play.manner });
      let compared = 0;
      const compare = (name: string) => {
        const stage = stages.find((each) => each.stage === name);
        if (!stage) throw new Error(`no stage ${name}`);
        for (const side of ["policy", "sample"] as const) {
          const ours = comparable(readFileSync(endpoint.place[`${side}Path`]), side, layout);
          const golden = comparable(bytesOf(stage[side]), side, layout);
          expect([name, side, ours.compare(golden)]).toEqual([name, side, 0]);
        }
        compared++;
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
      expect(compared).toBe(stages.length);
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
