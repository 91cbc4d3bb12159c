import { describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { GeopmRoom, refusalIn, refusalOf } from "#test/harness/geopm.ts";

const BASE = 64;

function poke(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, "r+");
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

const region = (bytes = 4160, kind = 130): Buffer => {
  const content = Buffer.alloc(bytes);
  if (bytes > 20) content.writeUInt32LE(kind, 16);
  return content;
};

describe("what is no region is not mapped", () => {
  const cases: readonly (readonly [string, (path: string) => void, number])[] = [
    ["too short", (path) => writeFileSync(path, region(4159)), -3],
    ["too long", (path) => writeFileSync(path, region(8192)), -3],
    ["one byte", (path) => writeFileSync(path, "x"), -3],
    ["empty", (path) => writeFileSync(path, ""), -1],
    ["without a lock yet", (path) => writeFileSync(path, region(4160, 0)), -1],
    ["a robust lock", (path) => writeFileSync(path, region(4160, 0x92)), -3],
    ["a lock of one process", (path) => writeFileSync(path, region(4160, 2)), -3],
    ["a directory", (path) => mkdirSync(path), 21],
    ["a device", (path) => symlinkSync("/dev/zero", path), -3],
    ["a pipe", (path) => Bun.spawnSync(["mkfifo", path]), -3],
    ["nothing", () => {}, 2],
  ];
  for (const [what, make, number] of cases) {
    test(`${what}: ${number}`, async () => {
      using room = new GeopmRoom();
      writeFileSync(`${room.name}-policy`, region());
      make(`${room.name}-sample`);
      const endpoint = room.endpoint();
      expect(refusalOf(() => endpoint.open("join")).number).toBe(number);
      expect(endpoint.isOpen).toBe(false);
      expect((await refusalIn(room.attach("monitor"))).number).toBe(number);
    });
  }

  test("zeros with the kind of the lock are one, as the real library has it", async () => {
    using room = new GeopmRoom();
    for (const suffix of ["policy", "sample"]) writeFileSync(`${room.name}-${suffix}`, region());
    const endpoint = room.endpoint();
    endpoint.open("join");
    await room.attach("power_governor");
    expect(endpoint.agent()).toBe("power_governor");
  });
});

describe("what others write there", () => {
  test("counts beyond the array are told, and read no further than it", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    endpoint.agent();
    for (const count of [382n, 0x1_0000_0003n, 0xffff_ffff_ffff_ffffn]) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(count);
      poke(endpoint.place.samplePath, BASE + 1040, bytes);
      poke(endpoint.place.policyPath, BASE + 16, bytes);
      expect(refusalOf(() => endpoint.readSample()).number).toBe(-3);
      expect(refusalOf(() => user.readPolicy()).number).toBe(-3);
      expect(endpoint.inspectSample().values).toHaveLength(381);
      expect(endpoint.inspectSample().count).toBe(Number(count));
      expect(endpoint.inspectPolicy().values.length).toBeLessThanOrEqual(509);
    }
  });

  test("names without an end are cut where the array ends", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    poke(endpoint.place.samplePath, BASE + 16, Buffer.alloc(1024, "a"));
    const { agent, profile, hostlistPath } = endpoint.inspectSample();
    expect([agent.length, profile.length, hostlistPath.length]).toEqual([255, 255, 511]);
    expect(refusalOf(() => endpoint.agent()).number).toBe(-3);
    expect(refusalOf(() => endpoint.hostnames()).errno).toBe("ENAMETOOLONG");
  });

  test("names that are not UTF-8 are shown with marks in their place", () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    poke(endpoint.place.samplePath, BASE + 16, Uint8Array.of(0x61, 0xff, 0xfe, 0));
    poke(endpoint.place.samplePath, BASE + 272, Uint8Array.of(0xc3, 0));
    expect(endpoint.inspectSample()).toMatchObject({ agent: "a\ufffd\ufffd", profile: "\ufffd" });
  });

  test("any NaN is NaN, and every double comes through", () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    poke(endpoint.place.samplePath, BASE + 1040, Uint8Array.of(4));
    const values = Buffer.alloc(32);
    values.writeBigUInt64LE(0xfff8_0000_0000_0001n, 0);
    values.writeBigUInt64LE(0x7ff0_0000_0000_0001n, 8);
    values.writeBigUInt64LE(0xfff0_0000_0000_0000n, 16);
    values.writeBigUInt64LE(1n, 24);
    poke(endpoint.place.samplePath, BASE + 1048, values);
    const read = [Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY, Number.MIN_VALUE];
    expect([...endpoint.inspectSample().values]).toEqual(read);
  });

  test("times of the future and of nonsense are numbers", () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    poke(endpoint.place.samplePath, BASE, Buffer.alloc(16, 0xff));
    expect(endpoint.inspectSample().ageSeconds).toBeGreaterThan(0);
    poke(endpoint.place.samplePath, BASE, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x7f));
    expect(endpoint.inspectSample().ageSeconds).toBeLessThan(-1e15);
    poke(endpoint.place.samplePath, BASE, Buffer.alloc(16));
    expect(endpoint.inspectSample().ageSeconds).toBeNull();
  });
});

describe("a file that is cut off while it is in use", () => {
  test("is 5 for owner and controller, and ends no process", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    endpoint.agent();
    for (const path of [endpoint.place.policyPath, endpoint.place.samplePath]) truncateSync(path, 0);
    const calls = [
      () => endpoint.agent(),
      () => endpoint.hostnames(),
      () => endpoint.writePolicy([1]),
      () => endpoint.readSample(),
      () => endpoint.inspectPolicy(),
      () => user.readPolicy(),
      () => user.writeSample([1, 2, 3]),
      () => user.detach(),
    ];
    expect(calls.map((call) => refusalOf(call).number)).toEqual(calls.map(() => 5));
    expect(readFileSync(endpoint.place.samplePath)).toHaveLength(0);
    endpoint.close();
  });

  test("ends a wait", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const waiting = refusalIn(endpoint.waitForAgentAttach(60));
    truncateSync(endpoint.place.samplePath, 0);
    expect((await waiting).number).toBe(5);
  });

  test("within its array is found by who touches it there", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("monitor");
    truncateSync(endpoint.place.samplePath, 4096);
    expect(refusalOf(() => endpoint.inspectSample()).number).toBe(5);
    // Its names are in the part that is left.
    user.detach();
    expect(readFileSync(endpoint.place.samplePath)[BASE + 16]).toBe(0);
  });
});

test("a region removed and made anew while mapped goes on for who had it", async () => {
  using room = new GeopmRoom();
  const endpoint = room.open();
  const user = await room.attach("power_governor");
  rmSync(`${room.name}-sample`);
  writeFileSync(`${room.name}-sample`, region());
  user.writeSample([1, 2, 3]);
  expect(endpoint.agent()).toBe("power_governor");
  expect([...endpoint.readSample().values]).toEqual([1, 2, 3]);
});
