import { describe, expect, test } from "bun:test";
import { systemClock } from "#app/cli/system-clock.ts";
import { EndpointWaits } from "#core/geopm/waits.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { GeopmRoom, refusalIn } from "#test/harness/geopm.ts";

/** So long nobody waits in a test that passes. */
const LONG = 60;

describe("waiting for a controller", () => {
  test("ends when one attaches, and when it detaches", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const attached = endpoint.waitForAgentAttach(LONG);
    const user = await room.attach("power_governor");
    await attached;
    // Seen by the wait: the size of its policy is known.
    endpoint.writePolicy([1]);
    const detached = endpoint.waitForAgentDetach(-1);
    user.detach();
    await detached;
    expect(endpoint.agent()).toBe("");
  });

  test("is over at once when it is so already, whatever the time", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    await endpoint.waitForAgentDetach(0);
    await room.attach("monitor");
    await endpoint.waitForAgentAttach(0);
    await endpoint.waitForAgentAttach(-1);
    expect(endpoint.agent()).toBe("monitor");
  });

  test("is -1 when nobody came in time; a time that is no number is -3", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    for (const seconds of [0, 0.001, 0.05]) {
      const refusal = await refusalIn(endpoint.waitForAgentAttach(seconds));
      expect([refusal.number, refusal.code]).toEqual([-1, "TIMED_OUT"]);
    }
    expect((await refusalIn(endpoint.waitForAgentAttach(Number.NaN))).number).toBe(-3);
    await room.attach("monitor");
    expect((await refusalIn(endpoint.waitForAgentDetach(0.001))).number).toBe(-1);
  });

  test("for a huge time is for ever, not for none", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const waits = [1e7, 1e300, Number.POSITIVE_INFINITY].map((seconds) => endpoint.waitForAgentAttach(seconds));
    await room.attach("monitor");
    expect(await Promise.all(waits)).toHaveLength(3);
  });

  test("two at once both end; one endpoint's controller does not end the wait for another's", async () => {
    using room = new GeopmRoom();
    const [one, other] = [room.open(), room.open(`${room.name}2`)];
    const waits = Promise.all([one.waitForAgentAttach(LONG), one.waitForAgentAttach(LONG)]);
    const third = refusalIn(other.waitForAgentAttach(0.1));
    await room.attach("monitor");
    await waits;
    expect((await third).number).toBe(-1);
  });

  test("ends with an error when the endpoint is closed meanwhile", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const waiting = refusalIn(endpoint.waitForAgentAttach(LONG));
    endpoint.close();
    expect((await waiting).number).toBe(-1);
  });
});

describe("waiting for a sample", () => {
  test("ends when one is written after the call, also one with the same values", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const user = await room.attach("power_governor");
    user.writeSample([1, 2, 3]);
    const refusal = await refusalIn(endpoint.waitForSample(0.05));
    expect([refusal.number, refusal.code]).toEqual([-1, "TIMED_OUT"]);
    const waiting = endpoint.waitForSample(LONG);
    user.writeSample([1, 2, 3]);
    await waiting;
    endpoint.agent();
    expect([...endpoint.readSample().values]).toEqual([1, 2, 3]);
  });
});

describe("stopWaitLoop", () => {
  test("ends the waits that go on, without an error, and those that follow", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const waiting = endpoint.waitForAgentAttach(-1);
    endpoint.stopWaitLoop();
    await waiting;
    await endpoint.waitForAgentAttach(-1);
    expect(endpoint.agent()).toBe("");
    await room.attach("monitor");
    await endpoint.waitForAgentDetach(-1);
  });

  test("holds until resetWaitLoop", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    endpoint.stopWaitLoop();
    endpoint.resetWaitLoop();
    const waiting = endpoint.waitForAgentAttach(LONG);
    await room.attach("power_governor");
    await waiting;
    expect(endpoint.agent()).toBe("power_governor");
  });

  test("a wait that was stopped stays stopped when it is reset at once", async () => {
    using room = new GeopmRoom();
    const endpoint = room.open();
    const waiting = endpoint.waitForAgentAttach(-1);
    endpoint.stopWaitLoop();
    endpoint.resetWaitLoop();
    await waiting;
    expect(endpoint.agent()).toBe("");
  });
});

describe("EndpointWaits", () => {
  const never = () => false;

  test("looks often at first, then four times a second, all waits in one turn", async () => {
    using room = new GeopmRoom();
    room.open();
    const clock = createVirtualClock();
    const waits = new EndpointWaits(clock);
    let looks = 0;
    const aborter = new AbortController();
    const isDone = () => {
      looks++;
      return false;
    };
    const path = `${room.name}-sample`;
    const all = [0, 30, 77].map((offsetMs) => {
      clock.advance(offsetMs);
      return waits.until({ path, isDone, timeoutMs: Number.POSITIVE_INFINITY, signal: aborter.signal });
    });
    expect(clock.pending()).toBe(1);
    clock.advance(2000);
    const settled = looks;
    clock.advance(10_000);
    expect(looks - settled).toBe(3 * 40);
    expect(clock.pending()).toBe(1);
    aborter.abort();
    expect(await Promise.all(all)).toEqual([false, false, false]);
    expect(clock.pending()).toBe(0);
  });

  test("without events of the file it is looked at more often", async () => {
    const clock = createVirtualClock();
    const waits = new EndpointWaits(clock);
    let looks = 0;
    const isDone = () => {
      looks++;
      return clock.nowMs() >= 5000;
    };
    const done = waits.until({ path: "/nonexistent/file", isDone, timeoutMs: Number.POSITIVE_INFINITY });
    clock.advance(1000);
    const settled = looks;
    clock.advance(1000);
    expect(looks - settled).toBe(250);
    clock.advance(3000);
    expect(await done).toBe(true);
  });

  test("what the question throws ends the wait; one aborted before is not asked", async () => {
    const waits = new EndpointWaits(systemClock);
    const fail = () => {
      throw new Error("no answer");
    };
    await expect(waits.until({ path: "/nonexistent", isDone: fail, timeoutMs: 1 })).rejects.toThrow("no answer");
    const signal = AbortSignal.abort();
    expect(await waits.until({ path: "/nonexistent", isDone: fail, timeoutMs: 1, signal })).toBe(false);
    expect(await waits.until({ path: "/nonexistent", isDone: never, timeoutMs: 0 })).toBe(false);
  });
});
