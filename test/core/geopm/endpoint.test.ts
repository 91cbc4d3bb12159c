import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { agentTable, pluginAgent } from "#core/geopm/agents.ts";
import { GeopmRoom, refusalIn, refusalOf } from "#test/harness/geopm.ts";

const files = (room: GeopmRoom): string[] => readdirSync(room.host.shmRoot).sort();

describe("open and close", () => {
  test("two regions of 4160 bytes, zeros but for the kind of the lock, open to everyone", () => {
    using room = new GeopmRoom();
    const umask = process.umask(0o077);
    room.open();
    process.umask(umask);
    expect(files(room)).toEqual(["ep-policy", "ep-sample"]);
    for (const file of files(room)) {
      const bytes = readFileSync(`${room.host.shmRoot}/${file}`);
      const expected = Buffer.alloc(4160);
      expected[16] = 130;
      expect(bytes).toEqual(expected);
      expect(statSync(`${room.host.shmRoot}/${file}`).mode & 0o777).toBe(0o666);
    }
  });

  test("both files go with close, which may come twice, and before open", () => {
    using room = new GeopmRoom();
    const endpoint = room.endpoint();
    endpoint.close();
    endpoint.open();
    expect(endpoint.isOpen).toBe(true);
    endpoint.close();
    endpoint.close();
    expect([endpoint.isOpen, ...files(room)]).toEqual([false]);
    endpoint.open();
    expect(files(room)).toHaveLength(2);
  });

  test("17 when it is there, and nothing of the first changes", () => {
    using room = new GeopmRoom();
    room.open();
    const refusal = refusalOf(() => room.open());
    expect([refusal.number, refusal.errno]).toEqual([17, "EEXIST"]);
    expect(files(room)).toHaveLength(2);
  });

  test("17 when only the sample is there: no policy is left behind", () => {
    using room = new GeopmRoom();
    writeFileSync(`${room.name}-sample`, "");
    expect(refusalOf(() => room.open()).number).toBe(17);
    expect(files(room)).toEqual(["ep-sample"]);
  });

  test("2 where there is no such directory, -3 for a name with a NUL", () => {
    using room = new GeopmRoom();
    expect(refusalOf(() => room.open(`${room.host.shmRoot}/none/ep`)).number).toBe(2);
    expect(refusalOf(() => room.endpoint("a\0b")).number).toBe(-3);
  });

  test("opened again it is wiped, and the controller forgotten", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await room.attach("power_governor");
    expect(endpoint.agent()).toBe("power_governor");
    endpoint.open();
    expect(endpoint.agent()).toBe("");
  });

  test("what cannot be removed is told, and nobody owns it any more", () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const { shmRoot } = room.host;
    renameSync(shmRoot, `${shmRoot}.away`);
    symlinkSync(shmRoot, shmRoot);
    expect(refusalOf(() => endpoint.close()).errno).toBe("ELOOP");
    unlinkSync(shmRoot);
    renameSync(`${shmRoot}.away`, shmRoot);
    expect([endpoint.isOpen, ...files(room)]).toEqual([false, "ep-policy", "ep-sample"]);
    const next = room.endpoint();
    next.open("takeOver");
    next.close();
    expect(files(room)).toEqual([]);
    expect(readFileSync("/proc/self/maps", "utf8")).not.toContain(`${shmRoot}/`);
  });

  test("files that took the place of ours are not removed", () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    renameSync(`${room.name}-policy`, `${room.name}-moved`);
    writeFileSync(`${room.name}-policy`, "another");
    endpoint.close();
    expect(files(room)).toEqual(["ep-moved", "ep-policy"]);
  });

  test("hundreds come and go, and leave no descriptor and no mapping", async () => {
    using room = new GeopmRoom();
    const left = () => [
      readdirSync("/proc/self/fd").length,
      readFileSync("/proc/self/maps", "utf8")
        .split("\n")
        .filter((line) => line.includes(room.host.shmRoot)).length,
    ];
    const cycle = async () => {
      using endpoint = room.endpoint();
      endpoint.open();
      (await room.attach("monitor")).detach();
      expect(refusalOf(() => room.open()).number).toBe(17);
    };
    await cycle();
    const [descriptors = 0] = left();
    for (let round = 0; round < 300; round++) await cycle();
    const [after = 0, maps] = left();
    expect(after).toBeLessThanOrEqual(descriptors);
    expect([maps, ...files(room)]).toEqual([0]);
  });

  test("before open everything is -1", async () => {
    using room = new GeopmRoom();
    const endpoint = room.endpoint();
    const calls = [
      () => endpoint.agent(),
      () => endpoint.profile(),
      () => endpoint.hostnames(),
      () => endpoint.writePolicy([]),
      () => endpoint.readSample(),
      () => endpoint.inspectPolicy(),
      () => endpoint.inspectSample(),
    ];
    expect(calls.map((call) => refusalOf(call).number)).toEqual(calls.map(() => -1));
    expect((await refusalIn(endpoint.waitForAgentAttach(1))).number).toBe(-1);
    expect((await refusalIn(endpoint.waitForAgentDetach(1))).number).toBe(-1);
  });
});

describe("a controller", () => {
  test("is seen with agent, profile and hosts, and not after it has detached", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    expect([endpoint.agent(), endpoint.profile(), endpoint.hostnames()]).toEqual(["", "", []]);
    const user = await room.attach("power_balancer", { profile: '"dgemm"' });
    expect([endpoint.agent(), endpoint.profile()]).toEqual(["power_balancer", '"dgemm"']);
    expect(endpoint.hostnames()).toEqual(["node-a", "node-b"]);
    expect(statSync(user.hostlistPath).mode & 0o777).toBe(0o600);
    user.detach();
    user.detach();
    expect([endpoint.agent(), endpoint.profile(), endpoint.hostnames()]).toEqual(["", "", []]);
    expect(existsSync(user.hostlistPath)).toBe(false);
  });

  test("gets what the owner writes, and the owner what it writes", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_balancer");
    endpoint.agent();
    endpoint.writePolicy([150.5, Number.NaN, Number.POSITIVE_INFINITY, -0]);
    const policy = user.readPolicy();
    expect([...policy.values]).toEqual([150.5, Number.NaN, Number.POSITIVE_INFINITY, -0]);
    expect(policy.ageSeconds).toBeGreaterThanOrEqual(0);
    expect(policy.ageSeconds).toBeLessThan(60);
    user.writeSample([1, 2.5, Number.NaN, Number.NEGATIVE_INFINITY]);
    const sample = endpoint.readSample();
    expect([...sample.values]).toEqual([1, 2.5, Number.NaN, Number.NEGATIVE_INFINITY]);
    expect(sample.ageSeconds).toBeLessThan(60);
    expect(endpoint.inspectPolicy()).toMatchObject({
      count: 4,
      values: new Float64Array([150.5, Number.NaN, Number.POSITIVE_INFINITY, -0]),
    });
  });

  test("has NaN samples before its first, and before 3.0 those of the one before", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const first = await room.attach("power_governor");
    endpoint.agent();
    expect([...endpoint.readSample().values]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    first.writeSample([1, 2, 3]);
    first.detach();
    await room.attach("power_balancer", { manner: "seed" });
    endpoint.agent();
    expect(refusalOf(() => endpoint.readSample()).number).toBe(-3);
    expect([...endpoint.inspectSample().values]).toEqual([1, 2, 3]);
  });

  test("reads NaN and the age of the machine before there is a policy", async () => {
    using room = new GeopmRoom();
    room.open();
    const user = await room.attach("power_balancer");
    const { values, ageSeconds } = user.readPolicy();
    expect([...values]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
    expect(ageSeconds).toBeGreaterThan(1);
  });

  test("finds the policy of the one before", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    (await room.attach("power_governor")).detach();
    const first = await room.attach("power_governor");
    endpoint.agent();
    endpoint.writePolicy([99]);
    first.detach();
    expect([...(await room.attach("power_governor")).readPolicy().values]).toEqual([99]);
  });

  test("waits for an endpoint that is still to be made", async () => {
    using room = new GeopmRoom();
    const attached = room.attach("monitor", { timeoutSeconds: 30 });
    writeFileSync(`${room.name}-policy`, "");
    const endpoint = room.endpoint();
    expect((await refusalIn(room.attach("monitor"))).number).toBe(-1);
    endpoint.close();
    renameSync(`${room.name}-policy`, `${room.name}-x`);
    endpoint.open();
    await attached;
    expect(endpoint.agent()).toBe("monitor");
  });

  test("2 when the endpoint is not there in time, and after it has detached -1", async () => {
    using room = new GeopmRoom();
    expect((await refusalIn(room.attach("monitor", { timeoutSeconds: 0.01 }))).number).toBe(2);
    room.open();
    const user = await room.attach("monitor");
    user.detach();
    expect(refusalOf(() => user.readPolicy()).number).toBe(-1);
    expect(refusalOf(() => user.writeSample([])).number).toBe(-1);
  });

  test("-3 for names that do not fit, and then nobody is attached", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const long = { agent: "a".repeat(256), profile: "é".repeat(128), path: `/${"p".repeat(511)}` };
    expect((await refusalIn(room.attach(long.agent))).number).toBe(-3);
    expect((await refusalIn(room.attach(""))).number).toBe(-3);
    expect((await refusalIn(room.attach("monitor", { profile: long.profile }))).number).toBe(-3);
    expect((await refusalIn(room.attach("monitor", { profile: "a\0b" }))).number).toBe(-3);
    expect((await refusalIn(room.attach("monitor", { hostlist: { path: long.path } }))).number).toBe(-3);
    expect(endpoint.agent()).toBe("");
    const longest = pluginAgent("a".repeat(255), []);
    const other = room.open(`${room.name}2`, { agents: agentTable("3", [longest]) });
    await room.attach(longest.name, { name: `${room.name}2`, profile: "é".repeat(127) });
    expect([other.agent(), other.profile()]).toEqual([longest.name, "é".repeat(127)]);
  });

  test("2 where there is no directory for the host list, and nobody is attached", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const nowhere = { directory: room.directory.file("none") };
    expect((await refusalIn(room.attach("monitor", { hostlist: nowhere }))).number).toBe(2);
    expect(endpoint.agent()).toBe("");
  });
});

describe("sizes", () => {
  test("before an agent was seen only the empty policy fits; after it has gone its size still does", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    expect(refusalOf(() => endpoint.writePolicy([1])).number).toBe(-3);
    endpoint.writePolicy([]);
    endpoint.agent();
    for (const wrong of [[], [1, 2], new Array(600).fill(1)]) {
      expect(refusalOf(() => endpoint.writePolicy(wrong)).number).toBe(-3);
    }
    endpoint.writePolicy([1]);
    user.detach();
    expect(endpoint.agent()).toBe("");
    endpoint.writePolicy([2]);
    expect([...endpoint.inspectPolicy().values]).toEqual([2]);
  });

  test("-3 for a sample of another size than the agent's, on both sides", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    endpoint.agent();
    expect(refusalOf(() => endpoint.readSampleInto(new Float64Array(2))).number).toBe(-3);
    expect(refusalOf(() => user.writeSample([1, 2])).number).toBe(-3);
  });

  test("-3 when more policy values stand there than the controller has room for, fewer are filled up", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_balancer");
    endpoint.agent();
    endpoint.writePolicy([1, 2, 3, 4]);
    expect(refusalOf(() => user.readPolicyInto(new Float64Array(3))).number).toBe(-3);
    const room6 = new Float64Array(6);
    user.readPolicyInto(room6);
    expect([...room6]).toEqual([1, 2, 3, 4, Number.NaN, Number.NaN]);
  });

  test("-3 for an agent that is not known, but what it writes can be seen", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await room.attach("unheard_of", { sizes: { policies: 1, samples: 2 } });
    expect(refusalOf(() => endpoint.agent()).number).toBe(-3);
    expect((await refusalIn(endpoint.waitForAgentAttach(-1))).number).toBe(-3);
    expect(endpoint.inspectSample()).toMatchObject({ agent: "unheard_of", profile: "prof", count: 2 });
  });

  test("an agent's table may have more than a region has room for", async () => {
    using room = new GeopmRoom();
    const names = Array.from({ length: 510 }, (_, index) => `F${index}`);
    const agents = agentTable("3", [pluginAgent("wide", names, names)]);
    const endpoint = room.open(room.name, { agents });
    const user = await room.attach("wide", { sizes: { policies: 1, samples: 381 } });
    endpoint.agent();
    expect(refusalOf(() => endpoint.writePolicy(names.map(() => 1))).number).toBe(-3);
    expect(refusalOf(() => endpoint.readSample()).number).toBe(-3);
    user.writeSample(new Float64Array(381).fill(5));
    expect(endpoint.inspectSample().values).toEqual(new Float64Array(381).fill(5));
  });
});

describe("the host list", () => {
  test("2 when it is gone, 13 when it may not be read, -3 when it is something else", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const path = room.directory.file("hosts");
    const user = await room.attach("monitor", { hostlist: { path } });
    writeFileSync(path, "root:*:19000:0:99999:7:::\n");
    const refusal = refusalOf(() => endpoint.hostnames());
    expect([refusal.number, refusal.message.includes("19000")]).toEqual([-3, false]);
    if (process.getuid?.() !== 0) {
      chmodSync(path, 0);
      expect(refusalOf(() => endpoint.hostnames()).number).toBe(13);
    }
    rmSync(path);
    expect(refusalOf(() => endpoint.hostnames()).number).toBe(2);
    mkdirSync(path);
    expect(refusalOf(() => endpoint.hostnames()).number).toBe(-3);
    rmdirSync(path);
    user.detach();
  });
});
