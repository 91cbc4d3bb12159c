import { expect, test } from "bun:test";
import {
  childGroups,
  GroupEventsFile,
  groupId,
  groupProcesses,
  isGroupGone,
  makeGroup,
  parseKeyed,
  readGroupFile,
  removeGroup,
  writeGroupFile,
} from "#ffi/cgroup.ts";
import { parseCgroupMounts } from "#ffi/cgroup-mount.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcText } from "#ffi/proc-file.ts";
import { EPOLL, watchKept } from "#ffi/pump.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { collect } from "./children.ts";
import { isRoot, sysErrorOf } from "./workbench.ts";

const mount = parseCgroupMounts(readProcText("/proc/self/mountinfo") ?? "").v2Mount;
const root = test.skipIf(!isRoot || mount === null);
const NEED = "needs root and cgroup v2";
let made = 0;

/** A group of the test's own. */
function ownGroup(): { path: string } & Disposable {
  const path = `${mount}/muster.ffi-${process.pid}-${made++}`;
  makeGroup(path);
  return { path, [Symbol.dispose]: () => removeGroup(path) };
}

const sleeper = () =>
  spawnChild({ file: "/bin/sleep", argv: ["sleep", "1000"], env: {}, stdio: ["null", "null", "null"] });

root(`${NEED}: who is in a group, and in those below`, () => {
  using group = ownGroup();
  makeGroup(`${group.path}/inner`);
  makeGroup(`${group.path}/cgroup.inner`);
  expect(sysErrorOf(() => makeGroup(group.path)).errnoName).toBe("EEXIST");
  const child = sleeper();
  writeGroupFile(`${group.path}/inner`, "cgroup.procs", String(child.pid));
  expect([...(groupProcesses(group.path) ?? [])]).toEqual([child.pid]);
  expect(childGroups(group.path).toSorted()).toEqual(["cgroup.inner", "inner"]);
  using pidfd = PidFd.open(child.pid);
  expect(pidfd?.info()?.cgroupId ?? groupId(`${group.path}/inner`)).toBe(groupId(`${group.path}/inner`));
  expect(removeGroup(group.path)).toBe(false);
  writeGroupFile(group.path, "cgroup.kill", "1");
  expect(collect(child)).toBe(9);
  expect(removeGroup(group.path)).toBe(true);
  expect(removeGroup(group.path)).toBe(true);
});

root(`${NEED}: the end of the last process is an event`, async () => {
  using group = ownGroup();
  const child = sleeper();
  writeGroupFile(group.path, "cgroup.procs", String(child.pid));
  using events = new GroupEventsFile(group.path);
  expect(events.read()).toEqual({ isPopulated: true, isFrozen: false });
  const { promise, resolve } = Promise.withResolvers<void>();
  using _watch = watchKept(events.fd, EPOLL.PRI, () => {
    if (events.read()?.isPopulated === false) resolve();
  });
  child.pidfd.sendSignal(9);
  await promise;
  collect(child);
  expect(groupProcesses(group.path)).toEqual(new Set());
  removeGroup(group.path);
  expect(events.read()).toBeNull();
});

root(`${NEED}: a group that is gone has nothing, and says so`, () => {
  const { path, ...group } = ownGroup();
  removeGroup(path);
  expect([groupProcesses(path), childGroups(path), readGroupFile(path, "cpu.stat")]).toEqual([null, [], null]);
  for (const call of [() => writeGroupFile(path, "cgroup.kill", "1"), () => groupId(path)]) {
    expect(isGroupGone(sysErrorOf(call))).toBe(true);
  }
  group[Symbol.dispose]();
});

test("flat keyed files", () => {
  expect([...parseKeyed("populated 1\nfrozen 0\nbroken\nx -1\n\nusage_usec 12345678901\n")]).toEqual([
    ["populated", 1],
    ["frozen", 0],
    ["usage_usec", 12345678901],
  ]);
});
