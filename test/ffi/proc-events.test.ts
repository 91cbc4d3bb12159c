import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ProcessEvent, ProcessEvents, type ProcessEventType } from "#ffi/proc-events.ts";
import { parseConnectorMessage } from "#ffi/process-event.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { countDescriptors, runModule, SLOW, settled, sysErrorOf } from "./workbench.ts";

/** Why events are not to be had here, or null. */
const missing = (() => {
  try {
    ProcessEvents.open({ events: ["exit"], onEvents: () => {}, onLoss: () => {} }).close();
    return null;
  } catch (error) {
    return String(error);
  }
})();
const need = "needs the proc connector of the initial namespaces";

/** A listener, and the batches up to an event that satisfies. */
function listen(events: ProcessEventType[], options: { bufferBytes?: number } = {}) {
  const seen: ProcessEvent[] = [];
  let losses = 0;
  let wake = () => {};
  const source = ProcessEvents.open({
    events,
    onEvents: (batch) => {
      seen.push(...batch);
      wake();
    },
    onLoss: () => {
      losses++;
      wake();
    },
    ...options,
  });
  const until = async (satisfied: () => boolean) => {
    while (!satisfied()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { source, seen, until, losses: () => losses };
}

const isExitOf = (pid: number) => (event: ProcessEvent) => event.type === "exit" && event.pid === pid;

test.skipIf(missing !== null)(`${need}: a process is told from fork to exit`, async () => {
  const { source, seen, until } = listen(["fork", "exec", "exit"]);
  using child = spawnChild({ file: "/bin/sh", argv: ["sh", "-c", "exit 3"], env: {}, stdio: ["null", "null", "null"] });
  await until(() => seen.some(isExitOf(child.pid)));
  source.close();
  source.close();
  child.pidfd.reap();
  const own = seen.filter((event) =>
    "childPid" in event ? event.childPid === child.pid : "pid" in event && event.pid === child.pid,
  );
  expect(own).toEqual([
    { type: "fork", parentPid: process.pid, parentTgid: process.pid, childPid: child.pid, timeNs: expect.any(Number) },
    { type: "exec", pid: child.pid },
    { type: "exit", pid: child.pid, status: 3 << 8, parentPid: process.pid, timeNs: expect.any(Number) },
  ]);
  const times = own.flatMap((event) => ("timeNs" in event ? [event.timeNs] : []));
  expect(times).toEqual(times.toSorted((one, other) => one - other));
});

test.skipIf(missing !== null)(`${need}: drained, it has told of everything that has happened`, () => {
  const { source, seen } = listen(["fork", "exit"]);
  for (let round = 0; round < 50; round++) {
    using child = spawnChild({ file: "/bin/true", argv: ["true"], env: {}, stdio: ["null", "null", "null"] });
    source.drain();
    expect(seen.some((event) => event.type === "fork" && event.childPid === child.pid)).toBe(true);
    child.pidfd.waitSync(-1);
    child.pidfd.reap();
  }
  source.close();
  source.drain();
});

test.skipIf(missing !== null)(`${need}: with threads, their starts and ends are told too`, async () => {
  const balance = new Map<string, number>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const source = ProcessEvents.open({
    events: ["fork", "exit"],
    threads: true,
    onEvents: (batch) => {
      for (const event of batch) {
        if (!("tgid" in event) || event.tgid !== process.pid) continue;
        balance.set(event.type, (balance.get(event.type) ?? 0) + 1);
        if (event.type === "threadExit") resolve();
      }
    },
    onLoss: () => {},
  });
  const worker = new Worker("data:text/javascript,postMessage(0)");
  await new Promise((begun) => worker.addEventListener("message", begun, { once: true }));
  worker.terminate();
  await promise;
  source.close();
  expect(balance.get("threadStart")).toBeGreaterThan(0);
});

test.skipIf(missing !== null)(`${need}: only the wanted types come`, async () => {
  const { source, seen, until } = listen(["exit"]);
  using child = spawnChild({
    file: "/bin/sh",
    argv: ["sh", "-c", "kill -9 $$"],
    env: {},
    stdio: ["null", "null", "null"],
  });
  await until(() => seen.some(isExitOf(child.pid)));
  source.close();
  child.pidfd.reap();
  expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(["exit"]));
  expect(seen.find(isExitOf(child.pid))).toMatchObject({ status: 9 });
});

test.skipIf(missing !== null)(`${need}: threads are not processes`, async () => {
  const { source, seen, until } = listen(["fork", "exit"]);
  const child = Bun.spawn(["sh", "-c", "exit 0"]);
  const worker = new Worker("data:text/javascript,postMessage(0)");
  await new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }));
  worker.terminate();
  await until(() => seen.some(isExitOf(child.pid)));
  source.close();
  const forks = seen.filter((event) => event.type === "fork" && event.parentTgid === process.pid);
  expect(forks).toMatchObject([{ childPid: child.pid }]);
});

test.skipIf(missing !== null)(
  `${need}: a storm of forks is told without a gap`,
  async () => {
    const { source, seen, until, losses } = listen(["fork", "exit"]);
    const count = 4000;
    using child = spawnChild({
      file: "/bin/bash",
      argv: ["bash", "-c", `for ((i = 0; i < ${count}; i++)); do (:); done`],
      env: {},
      stdio: ["null", "null", "null"],
    });
    const forked = () =>
      seen.flatMap((event) => (event.type === "fork" && event.parentTgid === child.pid ? [event.childPid] : []));
    const exited = () => {
      const children = new Set(forked());
      // Each once: under load a pid may be given to a stranger, and end with him again.
      const ended = seen.flatMap((event) => (event.type === "exit" && children.has(event.pid) ? [event.pid] : []));
      return new Set(ended).size;
    };
    const children = () => new Set(forked()).size;
    // The last child's exit may be told after its parent's.
    await until(() => losses() > 0 || (seen.some(isExitOf(child.pid)) && exited() >= children()));
    await child.pidfd.exited();
    child.pidfd.reap();
    // Without privilege the buffer is small, and a loss is allowed as long as it is told.
    if (source.isBufferForced || losses() === 0) {
      expect(losses()).toBe(0);
      expect([forked().length, exited()]).toEqual([count, children()]);
    }
    source.close();
  },
  SLOW,
);

test.skipIf(missing !== null)(
  `${need}: a loss is told, and the reader goes on`,
  async () => {
    const { source, seen, until, losses } = listen(["fork", "exit"], { bufferBytes: 4096 });
    // The loop stands still meanwhile, so nobody empties the smallest of buffers.
    Bun.spawnSync(["bash", "-c", "for ((i = 0; i < 500; i++)); do (:); done"]);
    await until(() => losses() > 0);
    // With such a buffer any event may be among the lost; sooner or later one is not.
    for (let isSeen = false; !isSeen; ) {
      const before = losses();
      using child = spawnChild({ file: "/bin/true", argv: ["true"], env: {}, stdio: ["null", "null", "null"] });
      await until(() => losses() > before || seen.some(isExitOf(child.pid)));
      isSeen = seen.some(isExitOf(child.pid));
      child.pidfd.waitSync(-1);
      child.pidfd.reap();
    }
    source.close();
  },
  SLOW,
);

test.skipIf(missing !== null)(`${need}: closing within a callback is the last word; nothing stays open`, async () => {
  const before = countDescriptors();
  for (let round = 0; round < 20; round++) {
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const source = ProcessEvents.open({
      events: ["exit"],
      onEvents: () => {
        calls++;
        source.close();
        resolve();
      },
      onLoss: () => calls++,
      coalesceMs: 0,
    });
    await Bun.spawn(["true"]).exited;
    await promise;
    expect(calls).toBe(1);
  }
  await settled(() => countDescriptors() <= before);
});

test.skipIf(missing !== null)(`${need}: a program ends once its source is closed`, async () => {
  const { output, exitCode } = await runModule(`
    const { ProcessEvents } = await import("./ffi/proc-events.ts");
    ProcessEvents.open({ events: ["exit"], onEvents() {}, onLoss() {} }).close();
    console.log("closed");`);
  expect({ output, exitCode }).toEqual({ output: "closed\n", exitCode: 0 });
});

test.skipIf(process.getuid?.() !== 0)(
  "needs root for unshare: another pid namespace is EOPNOTSUPP, not silence",
  async () => {
    const { output } = await runModule(
      `const { ProcessEvents } = await import("./ffi/proc-events.ts");
     try { ProcessEvents.open({ events: ["exit"], onEvents() {}, onLoss() {} }); } catch (error) { console.log(error.errnoName); }`,
      { wrapper: ["unshare", "--pid", "--fork", "--mount-proc"] },
    );
    expect(output).toBe("EOPNOTSUPP\n");
  },
);

test("wrong options are EINVAL", () => {
  const callbacks = { onEvents: () => {}, onLoss: () => {} };
  expect(sysErrorOf(() => ProcessEvents.open({ events: [], ...callbacks })).errnoName).toBe("EINVAL");
  const unknown = ["birth"] as unknown as ProcessEventType[];
  expect(sysErrorOf(() => ProcessEvents.open({ events: unknown, ...callbacks })).errnoName).toBe("EINVAL");
  for (const bad of [-1, 0.5, Number.NaN]) {
    expect(sysErrorOf(() => ProcessEvents.open({ events: ["exit"], coalesceMs: bad, ...callbacks })).errnoName).toBe(
      "EINVAL",
    );
    expect(sysErrorOf(() => ProcessEvents.open({ events: ["exit"], bufferBytes: bad, ...callbacks })).errnoName).toBe(
      "EINVAL",
    );
  }
});

function message(what: number, ...data: number[]): Uint8Array {
  const bytes = new Uint8Array(52 + data.length * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, 1, true);
  view.setUint32(20, 1, true);
  view.setUint32(36, what, true);
  for (const [index, word] of data.entries()) view.setUint32(52 + index * 4, word, true);
  return bytes;
}

function parse(bytes: Uint8Array) {
  return parseConnectorMessage(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length);
}

test("messages are taken apart, threads left out", () => {
  expect(parse(message(1, 10, 11, 12, 12))).toEqual({
    type: "fork",
    parentPid: 10,
    parentTgid: 11,
    childPid: 12,
    timeNs: 0,
  });
  expect(parse(message(1, 10, 11, 13, 12))).toEqual({ type: "threadStart", tgid: 12 });
  expect(parse(message(0x80000000, 13, 12, 256, 17, 1, 1))).toEqual({
    type: "threadExit",
    tgid: 12,
    status: 256,
    timeNs: 0,
  });
  expect(parse(message(2, 5, 5))).toEqual({ type: "exec", pid: 5 });
  expect(parse(message(0x80000000, 5, 5, 256, 17, 1, 1))).toEqual({
    type: "exit",
    pid: 5,
    status: 256,
    parentPid: 1,
    timeNs: 0,
  });
  expect(parse(message(0x80000000, 5, 5, 256, 17))).toMatchObject({ parentPid: 0 });
  expect(parse(message(0x200, 5, 5))).toBeNull();
});

test("arbitrary bytes are a message or null, never an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(0, 1, 2, 0x80000000, 7), (bytes, what) => {
      parse(bytes);
      for (let length = 0; length <= 76; length++) parse(message(what, ...bytes).subarray(0, length));
    }),
  );
});
