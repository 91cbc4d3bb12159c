import { describe, expect, test } from "bun:test";
import { chownSync, lchownSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conditionOf, conditionText } from "#core/geopm/condition.ts";
import { endpointDirectories, inspectEndpoint, type ListedEndpoint, listEndpoints } from "#core/geopm/listing.ts";
import { findMapHolders } from "#ffi/map-holders.ts";
import { GeopmRoom, refusalOf } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";

/** Processes that may not be looked into leave some things open. */
const isAllSeen = findMapHolders("/proc", new Set(["none"])).hidden.length === 0;
const rootTest = test.skipIf(process.getuid?.() !== 0);
const seeingTest = test.skipIf(!isAllSeen);
const WHY = isAllSeen ? "" : " (skipped: the memory of some processes may not be looked at here)";
const STALE_SECONDS = 10;

const list = (room: GeopmRoom, directories: readonly string[] = []) => listEndpoints({ ...room.host, directories });

function only(room: GeopmRoom): ListedEndpoint {
  const [found, ...others] = list(room);
  if (!found || others.length > 0) throw new Error(`${others.length + 1} endpoints instead of one`);
  return found;
}

/** What an owner leaves that was killed. */
function leave(room: GeopmRoom, name = room.name): void {
  const region = Buffer.alloc(4160);
  region[16] = 130;
  for (const suffix of ["policy", "sample"]) writeFileSync(`${name}-${suffix}`, region);
}

describe("where they are found", () => {
  test("in shared memory, in the directory of each user, and where it is told to look", () => {
    using room = new GeopmRoom();
    const mine = join(room.host.runtimeRoot, "1234");
    const elsewhere = room.directory.file("elsewhere");
    for (const path of [mine, elsewhere]) mkdirSync(path);
    for (const path of [room.name, join(mine, "user"), join(elsewhere, "far")]) leave(room, path);
    const names = () => list(room, [elsewhere, "/nonexistent"]).map(({ name }) => name);
    expect(names()).toEqual([room.name, join(mine, "user"), join(elsewhere, "far")]);
    expect(endpointDirectories({ ...room.host, directories: [mine] })).toEqual([room.host.shmRoot, mine]);
  });

  test("but not files that are only called so", () => {
    using room = new GeopmRoom();
    writeFileSync(`${room.host.shmRoot}/security-policy`, "allow all");
    writeFileSync(`${room.host.shmRoot}/a-sample`, "");
    expect(list(room)).toEqual([]);
    expect(inspectEndpoint(`${room.host.shmRoot}/security`, { ...room.host, directories: [] })?.problem).toContain(
      "9 bytes",
    );
    expect(inspectEndpoint(`${room.host.shmRoot}/none`, { ...room.host, directories: [] })).toBeNull();
  });

  test("half an endpoint, and one whose other half is something else, with what is wrong", () => {
    using room = new GeopmRoom();
    leave(room);
    leave(room, `${room.name}2`);
    Bun.spawnSync(["rm", `${room.name}-sample`]);
    writeFileSync(`${room.name}2-policy`, new Uint8Array(100));
    expect(list(room).map(({ problem }) => problem)).toEqual([
      "ep-sample is missing",
      "ep2-policy has 100 bytes: 4160 are right, or 4136 of GEOPM before 2021",
    ]);
    expect(list(room).map((found) => conditionOf(found, STALE_SECONDS))).toEqual(["broken", "broken"]);
  });
});

describe("symbolic links", () => {
  test("of one's own, and of root, lead where they lead", () => {
    using room = new GeopmRoom();
    const far = room.directory.file("far");
    leave(room, far);
    for (const suffix of ["policy", "sample"]) symlinkSync(`${far}-${suffix}`, `${room.name}-${suffix}`);
    expect(only(room)).toMatchObject({ name: room.name, problem: null });
  });

  rootTest("of others tell nothing of what is not theirs: not even whether it is there", () => {
    using room = new GeopmRoom();
    const far = room.directory.file("far");
    leave(room, far);
    writeFileSync(room.directory.file("secret"), "nine bytes");
    const target = (path: string) => {
      rmSync(`${room.name}-sample`, { force: true });
      symlinkSync(path, `${room.name}-sample`);
      lchownSync(`${room.name}-sample`, 1234, 1234);
      return only(room).problem;
    };
    leave(room);
    const toldOfNone = target(room.directory.file("none"));
    expect(toldOfNone).toContain("ep-sample is a symbolic link of uid 1234");
    expect(target(room.directory.file("secret"))).toBe(toldOfNone);
    expect(target(`${far}-sample`)).toBe(toldOfNone);
    chownSync(`${far}-sample`, 1234, 1234);
    expect(target(`${far}-sample`)).toBeNull();
  });
});

describe("who lives", () => {
  test("an owner that nobody has attached to", () => {
    using room = new GeopmRoom();
    room.open();
    const found = only(room);
    expect(found).toMatchObject({
      keeperPid: process.pid,
      uid: process.getuid?.() ?? -1,
      problem: null,
      heldLock: null,
    });
    expect(found.processes.map(({ pid }) => pid)).toEqual([process.pid]);
    expect(found.state).toEqual({ isAttached: false, isOwned: true, isControlled: false, isUntouched: true });
    expect(conditionOf(found, STALE_SECONDS)).toBe("waiting");
  });

  test("an owner and a controller, with all they wrote", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    endpoint.agent();
    endpoint.writePolicy([123]);
    user.writeSample([1, 2, 3]);
    const found = only(room);
    expect(found.state).toEqual({ isAttached: true, isOwned: true, isControlled: true, isUntouched: false });
    expect(found.sample).toMatchObject({ agent: "power_governor", profile: "prof", count: 3 });
    expect([...(found.policy?.values ?? []), ...(found.sample?.values ?? [])]).toEqual([123, 1, 2, 3]);
    expect(conditionOf(found, STALE_SECONDS)).toBe("attached");
    expect(conditionOf(found, -1)).toBe("stale");
    expect(conditionText("stale", found.state)).toStartWith("its controller lives");
    const unseen = { ...found, state: { ...found.state, isControlled: null } };
    expect(conditionOf(unseen, -1)).toBe("stale");
    expect(conditionText("stale", unseen.state)).toEndWith("whether its controller lives cannot be told");
  });

  seeingTest(`an owner whose controller died${WHY}`, () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const bytes = readFileSync(endpoint.place.samplePath);
    bytes.write("monitor", 64 + 16);
    writeFileSync(endpoint.place.samplePath, bytes, { flag: "r+" });
    const found = only(room);
    expect(found.state).toMatchObject({ isAttached: true, isOwned: true, isControlled: false });
    expect(conditionOf(found, STALE_SECONDS)).toBe("abandoned");
  });

  seeingTest(`nobody any more${WHY}`, () => {
    using room = new GeopmRoom();
    leave(room);
    const found = only(room);
    expect(found.state).toEqual({ isAttached: false, isOwned: false, isControlled: false, isUntouched: true });
    expect(conditionOf(found, STALE_SECONDS)).toBe("orphaned");
  });

  seeingTest(`a controller whose owner is gone: it is younger than the files${WHY}`, async () => {
    using room = new GeopmRoom();
    leave(room);
    const bytes = readFileSync(`${room.name}-sample`);
    bytes.write("monitor", 64 + 16);
    writeFileSync(`${room.name}-sample`, bytes, { flag: "r+" });
    // Starts of processes are told in steps of 10 ms.
    const { birthtimeMs } = statSync(`${room.name}-sample`);
    while (Date.now() < birthtimeMs + 50) await new Promise(setImmediate);
    await using peer = await MutexPeer.start(`${room.name}-sample`);
    const found = only(room);
    expect(found.processes.map(({ pid }) => pid)).toEqual([peer.pid]);
    expect(found.state).toMatchObject({ isAttached: true, isOwned: false, isControlled: true });
    expect(conditionOf(found, STALE_SECONDS)).toBe("orphaned");
  });

  test("a lock that is held is told, and listing does not wait for it", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await using peer = await MutexPeer.start(endpoint.place.policyPath);
    await peer.tell("lock");
    const found = only(room);
    expect(found.heldLock).toEqual({ path: endpoint.place.policyPath, owner: await peer.tell("tid") });
    expect(conditionOf(found, STALE_SECONDS)).toBe("stuck");
    expect(readFileSync(endpoint.place.policyPath).readInt32LE(0)).toBe(1);
  });
});

describe("taken over", () => {
  test("an orphan is wiped, owned and removed with its new owner", () => {
    using room = new GeopmRoom();
    leave(room);
    const policy = Buffer.alloc(32, 1);
    const bytes = readFileSync(`${room.name}-policy`);
    policy.copy(bytes, 64);
    writeFileSync(`${room.name}-policy`, bytes);
    const endpoint = room.endpoint();
    expect(refusalOf(() => endpoint.open()).number).toBe(17);
    endpoint.open("takeOver");
    expect(endpoint.inspectPolicy()).toEqual({ count: 0, values: new Float64Array(0), ageSeconds: null });
    expect(only(room)).toMatchObject({ keeperPid: process.pid, state: { isOwned: true } });
    endpoint.close();
    expect(list(room)).toEqual([]);
  });

  test("with a controller attached it goes on as it was", async () => {
    using room = new GeopmRoom();
    leave(room);
    const user = await room.attach("power_governor");
    user.writeSample([1, 2, 3]);
    const endpoint = room.endpoint();
    endpoint.open("takeOver");
    expect(endpoint.agent()).toBe("power_governor");
    expect([...endpoint.readSample().values]).toEqual([1, 2, 3]);
    endpoint.writePolicy([7]);
    expect([...user.readPolicy().values]).toEqual([7]);
  });

  test("what is missing is made, in the layout of the other half; without anything all of it", () => {
    using room = new GeopmRoom();
    const old = Buffer.alloc(4136);
    old[16] = 130;
    writeFileSync(`${room.name}-policy`, old);
    room.endpoint().open("takeOver");
    room.endpoint(`${room.name}2`).open("takeOver");
    expect(readFileSync(`${room.name}-sample`)).toHaveLength(4136);
    expect(readFileSync(`${room.name}2-sample`)).toHaveLength(4160);
  });

  test("not from another owner of muster: 16, and what that one has stays", () => {
    using room = new GeopmRoom();
    const owner = room.open();
    const refusal = refusalOf(() => room.endpoint().open("takeOver"));
    expect([refusal.number, refusal.code]).toEqual([16, "LOCK_HELD"]);
    owner.writePolicy([]);
    expect(only(room).keeperPid).toBe(process.pid);
  });

  test("not what is no endpoint, which stays as it is", () => {
    using room = new GeopmRoom();
    writeFileSync(`${room.name}-sample`, "precious");
    expect(refusalOf(() => room.endpoint().open("takeOver")).number).toBe(-3);
    expect(readFileSync(`${room.name}-sample`, "utf8")).toBe("precious");
    expect(list(room)).toEqual([]);
  });
});

describe("joined", () => {
  test("it is used beside its owner, and stays when it is closed", async () => {
    using room = new GeopmRoom();
    const owner = room.open();
    const user = await room.attach("power_governor");
    const guest = room.endpoint();
    guest.open("join");
    expect(guest.agent()).toBe("power_governor");
    guest.writePolicy([42]);
    guest.close();
    expect([...user.readPolicy().values]).toEqual([42]);
    expect(owner.agent()).toBe("power_governor");
    expect(only(room).state.isOwned).toBe(true);
  });

  test("2 when there is none", () => {
    using room = new GeopmRoom();
    expect(refusalOf(() => room.endpoint().open("join")).number).toBe(2);
  });
});
