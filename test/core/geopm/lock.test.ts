import { describe, expect, test } from "bun:test";
import type { LockRecovered } from "#core/geopm/region.ts";
import { isInitialPidNamespace } from "#ffi/procfs.ts";
import { GeopmRoom, refusalIn, refusalOf } from "#test/harness/geopm.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";

const initialTest = test.skipIf(!isInitialPidNamespace("/proc"));
const WHY = "needs the machine's first pid namespace";
const OK = 0;

describe("a lock that is held", () => {
  test("by one that lives and does not give it back is 110, and is not taken from it", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await using peer = await MutexPeer.start(endpoint.place.samplePath);
    expect(await peer.tell("lock")).toBe(OK);
    const refusal = refusalOf(() => endpoint.agent());
    expect([refusal.number, refusal.code]).toEqual([110, "LOCK_HELD"]);
    expect(refusal.message).toContain(`the lock of ${endpoint.place.samplePath} is held`);
    // The policy has a lock of its own.
    endpoint.writePolicy([]);
    expect(refusalOf(() => endpoint.profile()).number).toBe(110);
    expect(await peer.tell("unlock")).toBe(OK);
    expect(endpoint.agent()).toBe("");
  });

  initialTest(`${WHY}: names the process that holds it, also one that is stopped`, async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await using peer = await MutexPeer.start(endpoint.place.samplePath);
    await peer.tell("lock");
    peer.signal("SIGSTOP");
    expect(refusalOf(() => endpoint.agent()).message).toContain(`by process ${peer.pid}`);
    peer.signal("SIGCONT");
  });

  test("while a controller attaches, the wait for it goes on", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const attached = endpoint.waitForAgentAttach(60);
    await room.attach("monitor");
    await using peer = await MutexPeer.start(endpoint.place.samplePath);
    await peer.tell("lock");
    const waiting = endpoint.waitForAgentDetach(0.02);
    expect((await refusalIn(waiting)).number).toBe(-1);
    await peer.tell("unlock");
    await attached;
  });
});

describe("a holder that was killed", () => {
  initialTest(`${WHY}: is relieved of its lock, which is told, and glibc can take it again`, async () => {
    using room = new GeopmRoom();
    const recovered: LockRecovered[] = [];
    const endpoint = room.open(room.name, {
      onLockRecovered: (event) => {
        recovered.push(event);
        // Not under the lock: whoever is told may use the endpoint.
        endpoint.agent();
      },
    });
    const peer = await MutexPeer.start(endpoint.place.samplePath);
    const owner = await peer.tell("tid");
    await peer.tell("lock");
    await peer.kill();
    expect(endpoint.agent()).toBe("");
    expect(recovered).toEqual([{ path: endpoint.place.samplePath, owner }]);
    await using other = await MutexPeer.start(endpoint.place.samplePath);
    expect(await other.tell("lock")).toBe(OK);
    expect(await other.tell("unlock")).toBe(OK);
    expect(endpoint.agent()).toBe("");
    expect(recovered).toHaveLength(1);
  });

  initialTest(`${WHY}: does not hang one of glibc's that waits for it`, async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const victim = await MutexPeer.start(endpoint.place.policyPath);
    await victim.tell("lock");
    await using waiter = await MutexPeer.start(endpoint.place.policyPath);
    const taken = waiter.tell("lock");
    await victim.kill();
    endpoint.writePolicy([]);
    expect(await taken).toBe(OK);
    await waiter.tell("unlock");
    endpoint.writePolicy([]);
  });

  test("but may live where we cannot see it keeps the lock, and the reason is said", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open(room.name, { host: { ...room.host, procRoot: "/proc/self" } });
    const peer = await MutexPeer.start(endpoint.place.policyPath);
    await peer.tell("lock");
    await peer.kill();
    expect(refusalOf(() => endpoint.writePolicy([])).message).toContain("its holder cannot be judged");
  });

  initialTest(`${WHY}: does not keep a controller from detaching`, async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("monitor");
    const peer = await MutexPeer.start(endpoint.place.samplePath);
    await peer.tell("lock");
    await peer.kill();
    user.detach();
    expect(endpoint.agent()).toBe("");
  });
});
