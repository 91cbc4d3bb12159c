import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { pipe, readSome } from "#ffi/fd.ts";
import { isKernelAtLeast } from "#ffi/kernel-release.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { POLL, pollSync } from "#ffi/poll.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { type Child, spawnChild } from "#ffi/spawn.ts";
import { isRoot, NOBODY, rejectionOf, runModule, sysErrorOf } from "./workbench.ts";

function shell(script: string): Child {
  return spawnChild({
    file: "/bin/sh",
    argv: ["sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["null", "null", "inherit"],
  });
}

/** A pid that no process has: of a child that was collected. */
function deadPid(): number {
  using child = shell("exit 0");
  child.pidfd.waitSync(-1);
  child.pidfd.reap();
  return child.pid;
}

test("opens a living process and sees it end", () => {
  using child = shell("exec sleep 1000");
  using pidfd = PidFd.open(child.pid);
  if (pidfd === null) throw new Error("no such process");
  expect(pidfd.pid).toBe(child.pid);
  expect(pidfd.isAlive()).toBe(true);
  expect(pidfd.waitSync(0)).toBe(false);
  expect(pidfd.sendSignal(0)).toBe(true);
  expect(pidfd.reap()).toBeNull();
  expect(pidfd.exitStatus()).toBeNull();
  expect(pidfd.sendSignal(SIGNALS.SIGTERM)).toBe(true);
  expect(pidfd.waitSync(-1)).toBe(true);
  // A zombie has exited, but can still be opened and signalled.
  expect(pidfd.isAlive()).toBe(false);
  expect(pidfd.sendSignal(0)).toBe(true);
  using again = PidFd.open(child.pid);
  expect(again?.isAlive()).toBe(false);
  expect(pidfd.reap()).toBe(SIGNALS.SIGTERM);
  expect(pidfd.sendSignal(SIGNALS.SIGTERM)).toBe(false);
  expect(sysErrorOf(() => pidfd.reap()).errnoName).toBe("ECHILD");
  expect(PidFd.open(child.pid)).toBeNull();
});

test.each([0, -1, -5, 1.5, Number.NaN, 2 ** 31, 2 ** 32 + 1])("open refuses pid %p", (pid) => {
  expect(sysErrorOf(() => PidFd.open(pid))).toMatchObject({ errnoName: "EINVAL", call: "pidfd_open" });
});

test.each([-1, 65, 1.5, Number.NaN, 2 ** 32 + 9])("sendSignal refuses signal %p", (signal) => {
  using self = PidFd.open(process.pid);
  expect(sysErrorOf(() => self?.sendSignal(signal)).errnoName).toBe("EINVAL");
});

test("a closed handle throws, whatever is called", async () => {
  const pidfd = PidFd.open(process.pid);
  if (pidfd === null) throw new Error("we live");
  pidfd.close();
  pidfd.close();
  const uses = [
    () => pidfd.sendSignal(0),
    () => pidfd.isAlive(),
    () => pidfd.waitSync(0),
    () => pidfd.info(),
    () => pidfd.exitStatus(),
    () => pidfd.reap(),
  ];
  for (const use of uses) expect(sysErrorOf(use).errnoName).toBe("EBADF");
  expect((await rejectionOf(pidfd.exited())).errnoName).toBe("EBADF");
});

test("adopt refuses a descriptor that is not a pidfd only when it is used", () => {
  const { read, write } = pipe();
  write.close();
  using notOne = PidFd.adopt(read, 1);
  expect(sysErrorOf(() => notOne.sendSignal(0)).errnoName).toBe("EBADF");
  expect(notOne.info()).toBeNull();
});

test("tells wait statuses as wait(2) does", () => {
  for (const [script, status] of [
    ["exit 0", 0],
    ["exit 42", 42 << 8],
    ["exit 255", 255 << 8],
    ["kill -9 $$", 9],
    ["ulimit -c 0; kill -SEGV $$", 11],
  ] as const) {
    using child = shell(script);
    child.pidfd.waitSync(-1);
    expect([script, child.pidfd.reap()]).toEqual([script, status]);
  }
});

test.skipIf(!isKernelAtLeast(6, 13))("needs Linux 6.13: info tells ids, parent and cgroup", () => {
  using self = PidFd.open(process.pid);
  const info = self?.info();
  expect(info).toMatchObject({ pid: process.pid, tgid: process.pid, ppid: process.ppid });
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  expect(info?.uids).toEqual({ real: uid, effective: uid, saved: uid, fileSystem: uid });
  expect(info?.gids).toEqual({ real: gid, effective: gid, saved: gid, fileSystem: gid });
});

test.skipIf(!isRoot)("needs root for a child of another user: info tells each kind of id", () => {
  using child = spawnChild({
    file: "/bin/sleep",
    argv: ["sleep", "1000"],
    env: {},
    stdio: ["null", "null", "null"],
    credentials: { uid: 12345, gid: 23456, groups: [] },
  });
  expect(child.pidfd.info()).toMatchObject({
    ppid: process.pid,
    uids: { real: 12345, effective: 12345, saved: 12345, fileSystem: 12345 },
    gids: { real: 23456, effective: 23456, saved: 23456, fileSystem: 23456 },
  });
  child.pidfd.sendSignal(SIGNALS.SIGKILL);
  child.pidfd.waitSync(-1);
  child.pidfd.reap();
});

test("exited resolves at the end of the process, zombie or not, for every waiter", async () => {
  using child = shell("exec sleep 1000");
  const waits = [child.pidfd.exited(), child.pidfd.exited(), child.pidfd.exited()];
  child.pidfd.sendSignal(SIGNALS.SIGKILL);
  expect(await Promise.all(waits)).toEqual([true, true, true]);
  expect(await child.pidfd.exited()).toBe(true);
  child.pidfd.reap();
  expect(await child.pidfd.exited()).toBe(true);
});

test("exited is false when aborted, and the process is left alone", async () => {
  using child = shell("exec sleep 1000");
  expect(await child.pidfd.exited(AbortSignal.abort())).toBe(false);
  const controller = new AbortController();
  const waiting = child.pidfd.exited(controller.signal);
  setImmediate(() => controller.abort());
  expect(await waiting).toBe(false);
  expect(child.pidfd.isAlive()).toBe(true);
  child.pidfd.sendSignal(SIGNALS.SIGKILL);
  await child.pidfd.exited();
  child.pidfd.reap();
});

test.skipIf(!isKernelAtLeast(6, 15))(
  "needs Linux 6.15: reaped tells the status of a process that is no child",
  async () => {
    const { read, write } = pipe();
    // The grandchild is collected by the shell between us, when its line of input ends.
    const inner = "sh -c 'exec sleep 1000' & echo $!; wait $!; exit 0";
    using child = spawnChild({
      file: "/bin/sh",
      argv: ["sh", "-c", inner],
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["null", write, "null"],
    });
    write.close();
    const grandchild = Number(new TextDecoder().decode(readSome(read, 100)));
    read.close();
    using pidfd = PidFd.open(grandchild);
    if (pidfd === null) throw new Error("no grandchild");
    const status = pidfd.reaped();
    expect(await pidfd.reaped(AbortSignal.abort())).toBeNull();
    expect(sysErrorOf(() => pidfd.reap()).errnoName).toBe("ECHILD");
    pidfd.sendSignal(SIGNALS.SIGTERM);
    expect(await status).toBe(SIGNALS.SIGTERM);
    expect(pidfd.exitStatus()).toBe(SIGNALS.SIGTERM);
    expect(pidfd.info()).toBeNull();
    // Where it ended is where who has not ended is, for it was never moved.
    using self = PidFd.open(child.pid);
    expect(pidfd.groupId()).not.toBeNull();
    expect(pidfd.groupId()).toBe(self?.groupId() ?? null);
    await child.pidfd.exited();
    child.pidfd.reap();
  },
);

test.skipIf(!isRoot)("needs root to become another user: signalling init is EPERM", async () => {
  const { output } = await runModule(
    `const { PidFd } = await import("./ffi/pidfd.ts");
     try { PidFd.open(1).sendSignal(0); } catch (error) { console.log(error.message); }`,
    { uid: NOBODY },
  );
  expect(output).toBe("pidfd_send_signal pid 1: EPERM (Operation not permitted)\n");
});

test("open of a pid nobody has is null", () => {
  expect(PidFd.open(deadPid())).toBeNull();
  expect(PidFd.open(Number(readFileSync("/proc/sys/kernel/pid_max", "utf8")) + 1)).toBeNull();
});

test("pollSync: readiness, time-out, hang-up and bad arguments", () => {
  const { read, write } = pipe();
  expect(pollSync(read, POLL.IN, 0)).toBe(0);
  expect(pollSync(read, POLL.IN, 3)).toBe(0);
  expect(pollSync(write, POLL.OUT, -1)).toBe(POLL.OUT);
  write.close();
  expect(pollSync(read, POLL.IN, -1)).toBe(POLL.HUP);
  for (const bad of [-2, 0.5, Number.NaN, 2 ** 31]) {
    expect(sysErrorOf(() => pollSync(read, POLL.IN, bad)).errnoName).toBe("EINVAL");
  }
  expect(sysErrorOf(() => pollSync(read, -1, 0)).errnoName).toBe("EINVAL");
  read.close();
  expect(sysErrorOf(() => pollSync(read, POLL.IN, 0)).errnoName).toBe("EBADF");
});
