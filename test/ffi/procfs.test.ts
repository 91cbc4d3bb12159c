import { afterAll, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { OPEN, openFd, statFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import {
  bootTimeMs,
  clockTicksPerSecond,
  holdsLock,
  indexLocks,
  isInitialPidNamespace,
  isInitialUserNamespace,
  listPids,
  lockHolders,
  lockKey,
  pageSize,
  parseLockLine,
  parseProcessStat,
  processIdentityTicks,
  readLocks,
  readProcessStat,
} from "#ffi/procfs.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { isRoot, NOBODY, runModule, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

/** A tree that stands in for /proc. */
function fakeProc(files: Record<string, string>): string {
  const root = directory.file(`proc-${fakes++}`);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    const parts = path.split("/");
    mkdirSync([root, ...parts.slice(0, -1)].join("/"), { recursive: true });
    writeFileSync(`${root}/${path}`, text);
  }
  return root;
}
let fakes = 0;

const FIELDS = "S 1 2 3 0 -1 4194560 1 2 3 4 55 66 0 0 20 0 1 0 777 8888 99 18446744073709551615";

test("reads our own stat line", () => {
  const stat = readProcessStat("/proc", process.pid);
  expect(stat).toMatchObject({ pid: process.pid, parentPid: process.ppid, kernelThread: false });
  expect(stat?.startTicks).toBe(processIdentityTicks("/proc", process.pid) ?? "");
  expect(stat?.residentPages).toBeGreaterThan(100);
});

test("takes a line apart, whatever the name holds", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 15 }), fc.constantFrom(") S 1 (", "a b", "((", ") ", "\n")), (comm) => {
      expect(parseProcessStat(`4242 (${comm}) ${FIELDS}\n`)).toEqual({
        pid: 4242,
        comm,
        state: "S",
        parentPid: 1,
        processGroup: 2,
        session: 3,
        startTicks: "777",
        userTicks: 55,
        systemTicks: 66,
        residentPages: 99,
        kernelThread: false,
        threads: 1,
        forkNoExec: false,
        exitStatus: null,
      });
    }),
  );
});

test("a name with every trap, as a process of its own", () => {
  const name = ") R 1 (x";
  symlinkSync("/bin/sleep", directory.file(name));
  using child = spawnChild({
    file: directory.file(name),
    argv: ["sleep", "1000"],
    env: {},
    stdio: ["null", "null", "null"],
  });
  expect(readProcessStat("/proc", child.pid)).toMatchObject({ comm: name, parentPid: process.pid });
  expect(processIdentityTicks("/proc", child.pid)).toMatch(/^[0-9]+$/);
  child.pidfd.sendSignal(9);
  child.pidfd.waitSync(-1);
  expect(readProcessStat("/proc", child.pid)).toMatchObject({ state: "Z", residentPages: 0 });
  child.pidfd.reap();
  expect(readProcessStat("/proc", child.pid)).toBeNull();
  expect(processIdentityTicks("/proc", child.pid)).toBeNull();
});

test("arbitrary text is a stat line or null, never an exception", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseProcessStat(text);
      parseProcessStat(`1 (x) ${text}`);
      parseLockLine(text);
      parseLockLine(`1: FLOCK  ADVISORY  WRITE ${text}`);
    }),
  );
  for (const text of ["", "1 (x)", "1 (x) S", "x (x) S 1 2 3", `1 (x) ${FIELDS.replace("777", "-7")}`]) {
    expect(parseProcessStat(text)).toBeNull();
  }
});

test("kernel threads are told apart", () => {
  const root = fakeProc({ "2/stat": `2 (kthreadd) ${FIELDS.replace("4194560", "2129984")}` });
  expect(readProcessStat(root, 2)?.kernelThread).toBe(true);
  expect(processIdentityTicks(root, 2)).toBe("777");
  expect(processIdentityTicks(fakeProc({ "2/stat": "rubbish" }), 2)).toBeNull();
});

test.each([0, -1, 1.5, Number.NaN])("pid %p is EINVAL", (pid) => {
  expect(sysErrorOf(() => readProcessStat("/proc", pid)).errnoName).toBe("EINVAL");
  expect(sysErrorOf(() => holdsLock("/proc", pid, 0n, 0n)).errnoName).toBe("EINVAL");
});

test("boot time and constants of the system", () => {
  expect(bootTimeMs("/proc")).toBeGreaterThan(1e12);
  expect(bootTimeMs(fakeProc({ stat: "cpu 1 2\nbtime 1700000000\n" }))).toBe(1_700_000_000_000);
  expect(bootTimeMs(fakeProc({}))).toBe(0);
  expect(clockTicksPerSecond()).toBe(100);
  expect(pageSize()).toBeGreaterThanOrEqual(4096);
});

test("takes lock lines apart", () => {
  expect(parseLockLine("1: FLOCK  ADVISORY  WRITE 4242 fd:2a:18446744073709551615 0 EOF")).toEqual({
    type: "FLOCK",
    access: "WRITE",
    pid: 4242,
    device: { major: 0xfd, minor: 0x2a },
    inode: 18446744073709551615n,
    isBlocked: false,
  });
  expect(parseLockLine("12:  -> POSIX  ADVISORY  READ  7 00:13:99 128 128")).toMatchObject({
    type: "POSIX",
    access: "READ",
    isBlocked: true,
  });
  expect(parseLockLine("3: OFDLCK ADVISORY  READ  -1 00:06:1 0 EOF")).toMatchObject({ type: "OFDLCK", pid: -1 });
  expect(parseLockLine("3: FLOCK ADVISORY  WRITE 7 <none>:0 0 EOF")).toBeNull();
});

test("finds the holder, the waiter and who may have taken a lock", async () => {
  const path = directory.file("locked");
  using fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE);
  const { device, inode } = statFd(fd);
  const mine = () => indexLocks(readLocks("/proc")).get(lockKey(device, inode)) ?? [];
  expect(mine()).toEqual([]);
  expect(holdsLock("/proc", process.pid, device, inode)).toBe(false);
  tryLock(fd, "exclusive");
  expect(mine()).toMatchObject([{ type: "FLOCK", access: "WRITE", pid: process.pid, isBlocked: false }]);
  // A child that inherits the descriptor holds the lock as much as we do.
  using child = spawnChild({
    file: "/bin/sleep",
    argv: ["sleep", "1000"],
    env: {},
    stdio: ["null", "null", "null"],
    inherit: [{ fd, as: 9 }],
  });
  expect(lockHolders("/proc", device, inode).sort()).toEqual([process.pid, child.pid].sort());
  fd.close();
  expect(lockHolders("/proc", device, inode)).toEqual([child.pid]);
  // The taker's pid is told still, although it holds nothing any more.
  expect(mine()).toMatchObject([{ pid: process.pid }]);
  expect(holdsLock("/proc", process.pid, device, inode)).toBe(false);
  expect(holdsLock("/proc", child.pid, device, inode)).toBe(true);
  child.pidfd.sendSignal(9);
  child.pidfd.waitSync(-1);
  child.pidfd.reap();
  expect(holdsLock("/proc", child.pid, device, inode)).toBe(false);
});

test.skipIf(!isRoot)(
  "needs root to become another user: what may not be looked into is null and left out",
  async () => {
    using fd = openFd(directory.file("foreign"), OPEN.READ_WRITE | OPEN.CREATE);
    tryLock(fd, "exclusive");
    const { device, inode } = statFd(fd);
    const { output } = await runModule(
      `const { holdsLock, lockHolders } = await import("./ffi/procfs.ts");
     console.log(holdsLock("/proc", ${process.pid}, ${device}n, ${inode}n), lockHolders("/proc", ${device}n, ${inode}n));`,
      { uid: NOBODY },
    );
    expect(output).toBe("null []\n");
  },
);

test("a tree without what is asked for is empty, not an error; one that is a file is an error", () => {
  const root = fakeProc({ "12/stat": "", "x/stat": "", "0/stat": "", locks: "rubbish\n\n1: \n" });
  expect(readLocks(root)).toEqual([]);
  expect(readLocks(`${root}/missing`)).toEqual([]);
  expect(listPids(root)).toEqual([12]);
  expect(listPids(`${root}/missing`)).toEqual([]);
  expect(sysErrorOf(() => listPids(`${root}/locks`)).errnoName).toBe("ENOTDIR");
  expect(sysErrorOf(() => readLocks(`${root}/locks`)).errnoName).toBe("ENOTDIR");
  expect(sysErrorOf(() => listPids("/a\0b")).errnoName).toBe("EINVAL");
});

test("ten thousand locks are read and looked up", () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `${index}: FLOCK  ADVISORY  WRITE 7 fd:00:${index} 0 EOF`);
  const locks = readLocks(fakeProc({ locks: lines.join("\n") }));
  expect(locks).toHaveLength(10_000);
  expect(indexLocks(locks).get(lockKey({ major: 0xfd, minor: 0 }, 9_999n))).toMatchObject([{ inode: 9_999n }]);
});

test("namespaces are judged by their inode", () => {
  const root = fakeProc({});
  expect(isInitialPidNamespace(root)).toBe(false);
  mkdirSync(`${root}/self/ns`, { recursive: true });
  symlinkSync("pid:[4026531836]", `${root}/self/ns/pid`);
  symlinkSync("user:[4026532000]", `${root}/self/ns/user`);
  expect(isInitialPidNamespace(root)).toBe(true);
  expect(isInitialUserNamespace(root)).toBe(false);
});

test.skipIf(!isRoot)("needs root for unshare: a pid namespace of its own is not the initial one", async () => {
  const { output } = await runModule(`console.log((await import("./ffi/procfs.ts")).isInitialPidNamespace("/proc"))`, {
    wrapper: ["unshare", "--pid", "--fork", "--mount-proc"],
  });
  expect(output).toBe("false\n");
});

test("who lives is told also where no descriptor is left, as often as asked", async () => {
  const { output, errors } = await runModule(
    `const { listPids, readProcessStat } = await import("./ffi/procfs.ts");
     const { openSync, closeSync } = require("node:fs");
     const { pid, startTicks } = readProcessStat("/proc", process.pid);
     const taken = [];
     try { for (;;) taken.push(openSync("/dev/null")); } catch (error) { console.log(error.code); }
     for (let round = 0; round < 3; round++) {
       console.log(readProcessStat("/proc", pid).startTicks === startTicks, listPids("/proc").includes(pid));
     }
     try { openSync("/dev/null"); } catch (error) { console.log(error.code); }`,
    { wrapper: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  );
  expect([errors, output]).toEqual(["", "EMFILE\ntrue true\ntrue true\ntrue true\nEMFILE\n"]);
});

test("the start of a process is told to a clock tick, not to a second", async () => {
  const beforeMs = Date.now();
  const child = Bun.spawn(["sleep", "10"]);
  const afterMs = Date.now();
  const ticks = Number(readProcessStat("/proc", child.pid)?.startTicks);
  child.kill();
  const startedMs = bootTimeMs("/proc") + (ticks * 1000) / clockTicksPerSecond();
  expect(startedMs).toBeGreaterThan(beforeMs - 50);
  expect(startedMs).toBeLessThan(afterMs + 50);
});
