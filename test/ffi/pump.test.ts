import { afterAll, expect, test } from "bun:test";
import { duplicate, type Fd, OPEN, openFd, pipe, readSome, writeAll } from "#ffi/fd.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { EPOLL, watchFd, watchKept } from "#ffi/pump.ts";
import {
  countDescriptors,
  countThreads,
  runModule,
  SLOW,
  settled,
  sysErrorOf,
  TemporaryDirectory,
} from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const ONE = new Uint8Array(1);

/** The first event of a descriptor. */
function firstEvent(fd: Fd | number, events: number): Promise<number> {
  return new Promise((resolve) => {
    const watch = watchFd(fd, events, (received) => {
      watch[Symbol.dispose]();
      resolve(received);
    });
  });
}

test("tells readiness, hang-up, and of a number as of a handle", async () => {
  const { read, write } = pipe();
  const ready = firstEvent(read, EPOLL.IN);
  writeAll(write, ONE);
  expect(await ready).toBe(EPOLL.IN);
  expect(await firstEvent(read.number, EPOLL.IN)).toBe(EPOLL.IN);
  write.close();
  expect(await firstEvent(read, EPOLL.IN)).toBe(EPOLL.IN | EPOLL.HUP);
  readSome(read, 1);
  expect(await firstEvent(read, 0)).toBe(EPOLL.HUP);
  read.close();
});

test("comes again as long as the condition lasts, and not once it is over", async () => {
  const { read, write } = pipe();
  writeAll(write, new Uint8Array(3));
  let calls = 0;
  await new Promise<void>((resolve) => {
    const watch = watchFd(read, EPOLL.IN, () => {
      calls++;
      readSome(read, 1);
      if (calls < 3) return;
      watch[Symbol.dispose]();
      resolve();
    });
  });
  expect(calls).toBe(3);
  read.close();
  write.close();
});

test("a kept descriptor is watched as it is: no other one, and it stays open when the watch ends", async () => {
  const { read, write } = pipe();
  // The pump's own descriptors are there already.
  const other = watchFd(read, 0, () => {});
  const before = countDescriptors();
  const seen = new Promise<number>((resolve) => {
    const watch = watchKept(read, EPOLL.IN | EPOLL.ONESHOT, (events) => {
      watch[Symbol.dispose]();
      watch[Symbol.dispose]();
      resolve(events);
    });
  });
  expect(countDescriptors()).toBeLessThanOrEqual(before);
  writeAll(write, ONE);
  expect(await seen).toBe(EPOLL.IN);
  expect(readSome(read, 1)).toHaveLength(1);
  other[Symbol.dispose]();
  read.close();
  write.close();
});

test("a kept descriptor that was closed too early takes nobody else's watch with it", async () => {
  const { read, write } = pipe();
  const watch = watchKept(read, EPOLL.IN, () => {});
  read.close();
  const next = pipe();
  const ready = firstEvent(next.read, EPOLL.IN);
  watch[Symbol.dispose]();
  writeAll(next.write, ONE);
  expect(await ready).toBe(EPOLL.IN);
  for (const fd of [write, next.read, next.write]) fd.close();
});

test("a process tells twice, by the edge: that it has exited, and that it was collected", async () => {
  const child = Bun.spawn(
    [
      "perl",
      "-e",
      'my $p = fork(); exec "sleep", "1000" if !$p; $| = 1; print "$p\\n"; <STDIN>; waitpid $p, 0; <STDIN>',
    ],
    {
      stdin: "pipe",
      stdout: "pipe",
    },
  );
  const { value } = await child.stdout.getReader().read();
  using pidfd = PidFd.open(Number(new TextDecoder().decode(value)));
  if (!pidfd) throw new Error("it has ended");
  const told: number[] = [];
  const { promise: collected, resolve } = Promise.withResolvers<void>();
  const { promise: exited, resolve: exit } = Promise.withResolvers<void>();
  const watch = watchKept(pidfd.fd, (EPOLL.IN | EPOLL.EDGE) >>> 0, (events) => {
    told.push(events);
    if ((events & EPOLL.HUP) !== 0) resolve();
    else exit();
  });
  pidfd.sendSignal(9);
  await exited;
  child.stdin.write("\n");
  child.stdin.flush();
  await collected;
  watch[Symbol.dispose]();
  expect(told).toEqual([EPOLL.IN, EPOLL.IN | EPOLL.HUP]);
  child.kill();
});

test("a one-shot watch comes once until it is armed again", async () => {
  const { read, write } = pipe();
  const arrivals: (() => void)[] = [];
  const arrival = () => new Promise<void>((resolve) => arrivals.push(resolve));
  let calls = 0;
  using watch = watchFd(read, EPOLL.IN | EPOLL.ONESHOT, () => {
    calls++;
    arrivals.shift()?.();
  });
  const first = arrival();
  writeAll(write, ONE);
  await first;
  writeAll(write, ONE);
  // Another watch of the same pipe does hear of it.
  expect(await firstEvent(read, EPOLL.IN)).toBe(EPOLL.IN);
  expect(calls).toBe(1);
  const second = arrival();
  watch.rearm();
  await second;
  expect(calls).toBe(2);
  watch[Symbol.dispose]();
  watch.rearm();
  read.close();
  write.close();
});

test("a disposed watch is silent even when its event is on the way", async () => {
  const { read, write } = pipe();
  let calls = 0;
  const silent = watchFd(read, EPOLL.IN, () => calls++);
  writeAll(write, ONE);
  silent[Symbol.dispose]();
  silent[Symbol.dispose]();
  await firstEvent(read, EPOLL.IN);
  expect(calls).toBe(0);
  read.close();
  write.close();
});

test("closing the descriptor first neither breaks the watch nor hits its number's next owner", async () => {
  const first = pipe();
  const copy = duplicate(first.write);
  let calls = 0;
  const watch = watchFd(first.read, EPOLL.IN, () => calls++);
  const number = first.read.number;
  first.read.close();
  const second = pipe();
  expect(second.read.number).toBe(number);
  const ready = firstEvent(second.read, EPOLL.IN);
  watch[Symbol.dispose]();
  writeAll(second.write, ONE);
  expect(await ready).toBe(EPOLL.IN);
  expect(calls).toBe(0);
  for (const fd of [copy, first.write, second.read, second.write]) fd.close();
});

test("what cannot be watched is a SysError and leaves nothing behind", () => {
  using file = openFd(directory.file("plain"), OPEN.READ_WRITE | OPEN.CREATE);
  const { read, write } = pipe();
  using keepsAlive = watchFd(read, EPOLL.IN, () => {});
  const before = countDescriptors();
  expect(sysErrorOf(() => watchFd(file, EPOLL.IN, () => {}))).toMatchObject({ errnoName: "EPERM", call: "epoll_ctl" });
  expect(sysErrorOf(() => watchFd(-1, EPOLL.IN, () => {})).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => watchFd(999_999, EPOLL.IN, () => {})).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => watchFd(read, -1, () => {})).errnoName).toBe("EINVAL");
  expect(sysErrorOf(() => watchFd(read, 2 ** 32, () => {})).errnoName).toBe("EINVAL");
  expect(countDescriptors()).toBeLessThanOrEqual(before);
  keepsAlive[Symbol.dispose]();
  read.close();
  write.close();
});

test("two thousand watches at once all hear, in any order", async () => {
  const pipes = Array.from({ length: 2000 }, () => pipe());
  const events = pipes.map(({ read }) => firstEvent(read, EPOLL.IN));
  for (const { write } of pipes.toReversed()) writeAll(write, ONE);
  expect(new Set(await Promise.all(events))).toEqual(new Set([EPOLL.IN]));
  for (const { read, write } of pipes) {
    read.close();
    write.close();
  }
});

test(
  "starting and stopping two thousand times leaves no thread and no descriptor",
  async () => {
    const round = async () => {
      const { read, write } = pipe();
      writeAll(write, ONE);
      await firstEvent(read, EPOLL.IN);
      read.close();
      write.close();
    };
    for (let index = 0; index < 50; index++) await round();
    const descriptors = countDescriptors();
    const threads = countThreads();
    for (let index = 0; index < 2000; index++) await round();
    await settled(() => countDescriptors() <= descriptors);
    // Bun has workers of its own that come and go.
    expect(countThreads()).toBeLessThanOrEqual(threads + 4);
  },
  SLOW,
);

test("a program with a disposed watch ends by itself; one that watches lives until its event", async () => {
  const head = `const { watchFd, EPOLL } = await import("./ffi/pump.ts"); const { pipe, writeAll } = await import("./ffi/fd.ts");
    const { read, write } = pipe();`;
  const idle = await runModule(`${head} watchFd(read, EPOLL.IN, () => {})[Symbol.dispose](); console.log("idle");`);
  expect(idle).toMatchObject({ output: "idle\n", exitCode: 0 });
  const busy = await runModule(`${head}
    const watch = watchFd(read, EPOLL.IN, () => { console.log("event"); watch[Symbol.dispose](); });
    writeAll(write, new Uint8Array(1));`);
  expect(busy).toMatchObject({ output: "event\n", exitCode: 0 });
});

test("a callback that throws is an uncaught exception, and the others go on", async () => {
  const { output, exitCode } = await runModule(`
    const { watchFd, EPOLL } = await import("./ffi/pump.ts"); const { pipe, writeAll } = await import("./ffi/fd.ts");
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    const one = pipe(), other = pipe();
    const bad = watchFd(one.read, EPOLL.IN, () => { bad[Symbol.dispose](); throw new Error("mine"); });
    const good = watchFd(other.read, EPOLL.IN, () => { good[Symbol.dispose](); console.log("good"); });
    writeAll(one.write, new Uint8Array(1));
    writeAll(other.write, new Uint8Array(1));`);
  expect(output.split("\n").sort()).toEqual(["", "good", "uncaught mine"]);
  expect(exitCode).toBe(0);
});
