import { afterAll, expect, test } from "bun:test";
import { duplicate, type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { type LockMode, lockBlocking, tryLock, unlock, waitLock } from "#ffi/flock.ts";
import {
  countDescriptors,
  countThreads,
  rejectionOf,
  runModule,
  SLOW,
  settled,
  sysErrorOf,
  TemporaryDirectory,
} from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

let files = 0;
function openTwice(): { first: Fd; second: Fd; path: string } & Disposable {
  const path = directory.file(`lock-${files++}`);
  const first = openFd(path, OPEN.READ_WRITE | OPEN.CREATE);
  const second = openFd(path, OPEN.READ_ONLY);
  return {
    first,
    second,
    path,
    [Symbol.dispose]() {
      first.close();
      second.close();
    },
  };
}

/** Turns of the event loop, so that what was started is under way. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("exclusive excludes, shared shares, unlock frees", () => {
  using files = openTwice();
  const { first, second } = files;
  expect(tryLock(first, "exclusive")).toBe(true);
  expect(tryLock(second, "exclusive")).toBe(false);
  expect(tryLock(second, "shared")).toBe(false);
  expect(tryLock(first, "shared")).toBe(true);
  expect(tryLock(second, "shared")).toBe(true);
  expect(tryLock(second, "exclusive")).toBe(false);
  unlock(first);
  lockBlocking(second, "exclusive");
  expect(tryLock(first, "shared")).toBe(false);
  second.close();
  expect(tryLock(first, "exclusive")).toBe(true);
});

test("a duplicate shares the lock and keeps it after the first descriptor is closed", () => {
  using files = openTwice();
  const copy = duplicate(files.first);
  expect(tryLock(files.first, "exclusive")).toBe(true);
  expect(tryLock(copy, "exclusive")).toBe(true);
  files.first.close();
  expect(tryLock(files.second, "shared")).toBe(false);
  copy.close();
  expect(tryLock(files.second, "shared")).toBe(true);
});

test("misuse is a SysError", async () => {
  using files = openTwice();
  const wrong = "both" as LockMode;
  expect(sysErrorOf(() => tryLock(files.first, wrong)).errnoName).toBe("EINVAL");
  expect((await rejectionOf(waitLock(files.first, wrong))).errnoName).toBe("EINVAL");
  files.first.close();
  expect(sysErrorOf(() => tryLock(files.first, "shared")).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => unlock(files.first)).errnoName).toBe("EBADF");
  expect((await rejectionOf(waitLock(files.first, "shared"))).errnoName).toBe("EBADF");
});

test("waitLock takes a free lock at once", async () => {
  using files = openTwice();
  expect(await waitLock(files.first, "exclusive")).toBe(true);
  expect(tryLock(files.second, "shared")).toBe(false);
});

test("waitLock gets the lock when its holder lets go, while the loop goes on", async () => {
  using files = openTwice();
  tryLock(files.first, "exclusive");
  const waiting = waitLock(files.second, "exclusive");
  await turns(20);
  unlock(files.first);
  expect(await waiting).toBe(true);
  expect(tryLock(files.first, "shared")).toBe(false);
});

test("many waiters get a lock one after the other", async () => {
  const path = directory.file("queue");
  let holders = 0;
  let most = 0;
  const turn = async () => {
    using fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE);
    expect(await waitLock(fd, "exclusive")).toBe(true);
    most = Math.max(most, ++holders);
    await turns(1);
    holders--;
  };
  await Promise.all(Array.from({ length: 50 }, turn));
  expect(most).toBe(1);
});

test("an aborted wait holds nothing, now or later", async () => {
  using files = openTwice();
  tryLock(files.first, "exclusive");
  expect(await waitLock(files.second, "exclusive", AbortSignal.abort())).toBe(false);
  const controller = new AbortController();
  const waiting = waitLock(files.second, "exclusive", controller.signal);
  await turns(5);
  controller.abort();
  expect(await waiting).toBe(false);
  unlock(files.first);
  await turns(5);
  expect(tryLock(files.first, "exclusive")).toBe(true);
});

test("closing the descriptor during the wait does not lend it another file's lock", async () => {
  using files = openTwice();
  tryLock(files.first, "exclusive");
  const waiting = rejectionOf(waitLock(files.second, "exclusive"));
  await turns(5);
  files.second.close();
  unlock(files.first);
  expect((await waiting).errnoName).toBe("EBADF");
  expect(tryLock(files.first, "exclusive")).toBe(true);
});

test(
  "thousands of waits aborted at every moment leave no thread, no descriptor and no lock",
  async () => {
    using files = openTwice();
    const { first, second } = files;
    const round = async (index: number) => {
      tryLock(first, "exclusive");
      const controller = new AbortController();
      const waiting = waitLock(second, "exclusive", controller.signal);
      for (let tick = 0; tick < index % 7; tick++) await null;
      if (index % 5 === 0) await turns(1);
      if (index % 3 === 0) unlock(first);
      controller.abort();
      expect(await waiting).toBe(false);
      if (index % 3 !== 0) unlock(first);
      expect(tryLock(first, "exclusive")).toBe(true);
      unlock(first);
    };
    for (let index = 0; index < 50; index++) await round(index);
    const descriptors = countDescriptors();
    const threads = countThreads();
    for (let index = 0; index < 3000; index++) await round(index);
    // A joined thread may be listed for an instant more, and Bun has workers of its own.
    expect(countThreads()).toBeLessThanOrEqual(threads + 4);
    await settled(() => countDescriptors() <= descriptors);
  },
  SLOW,
);

test("the signal that calls a wait off is given back afterwards", async () => {
  const { output } = await runModule(`
    const { openFd, OPEN } = await import("./ffi/fd.ts");
    const { tryLock, unlock, waitLock } = await import("./ffi/flock.ts");
    const { readFileSync } = await import("node:fs");
    const caught = () => /SigCgt:.*/.exec(readFileSync("/proc/self/status", "utf8"))[0];
    const path = ${JSON.stringify(directory.file("signal"))};
    const first = openFd(path, OPEN.READ_WRITE | OPEN.CREATE), second = openFd(path, OPEN.READ_ONLY);
    tryLock(first, "exclusive");
    const before = caught();
    const waiting = waitLock(second, "shared");
    while (caught() === before) await new Promise(setImmediate);
    unlock(first);
    await waiting;
    console.log(caught() === before);`);
  expect(output).toBe("true\n");
});

test("a waiting program does not end before it has the lock, and ends after", async () => {
  const path = directory.file("alive");
  using holder = openFd(path, OPEN.READ_WRITE | OPEN.CREATE);
  tryLock(holder, "exclusive");
  const child = runModule(`
    const { openFd, OPEN } = await import("./ffi/fd.ts");
    const { waitLock } = await import("./ffi/flock.ts");
    const fd = openFd(${JSON.stringify(path)}, OPEN.READ_WRITE);
    waitLock(fd, "exclusive").then((taken) => console.log("taken", taken));`);
  // The child waits, as /proc/locks tells; then it may have the lock.
  const { indexLocks, lockKey, readLocks } = await import("#ffi/procfs.ts");
  const { statFd } = await import("#ffi/fd.ts");
  const { device, inode } = statFd(holder);
  const waits = () =>
    indexLocks(readLocks("/proc"))
      .get(lockKey(device, inode))
      ?.some((lock) => lock.isBlocked);
  while (!waits()) await turns(1);
  unlock(holder);
  expect(await child).toMatchObject({ output: "taken true\n", exitCode: 0 });
});
