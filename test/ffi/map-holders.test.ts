import { afterAll, expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OPEN, openFd } from "#ffi/fd.ts";
import { findMapHolders, judgeHolder, mapKey, ownMapKey } from "#ffi/map-holders.ts";
import { Mapping } from "#ffi/mapping.ts";
import { addressOf } from "#ffi/memory.ts";
import { isInitialPidNamespace } from "#ffi/procfs.ts";
import { threadId } from "#ffi/thread-id.ts";
import { MutexPeer } from "#test/harness/mutex-peers.ts";
import { isRoot, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const initialTest = test.skipIf(!isInitialPidNamespace("/proc"));
const WHY = "needs the machine's first pid namespace";

function mapOf(name: string): { mapping: Mapping; key: string } {
  const path = join("/dev/shm", `muster-test-${process.pid}-${name}`);
  writeFileSync(path, new Uint8Array(8192));
  using fd = openFd(path, OPEN.READ_WRITE);
  const mapping = new Mapping(fd, { writable: true });
  return { mapping, key: ownMapKey("/proc", Number(addressOf(mapping.bytes))) ?? "" };
}

function drop(mapping: Mapping): void {
  process.getBuiltinModule("node:fs").rmSync(mapping.path, { force: true });
  mapping.close();
}

test("who has a file mapped is found by its device and inode", async () => {
  const { mapping, key } = mapOf("holders");
  try {
    const { dev, ino } = statSync(mapping.path, { bigint: true });
    expect(key).toBe(mapKey(dev, ino));
    await using peer = await MutexPeer.start(mapping.path);
    const found = findMapHolders("/proc", new Set([key, "ff:ff 1"]));
    expect(found.pids.get(key)?.toSorted()).toEqual([process.pid, peer.pid].toSorted());
    expect(found.pids.get("ff:ff 1")).toEqual([]);
  } finally {
    drop(mapping);
  }
});

test("what is not mapped has no key, and no file needs no walk", () => {
  expect(ownMapKey("/proc", 4096)).toBeNull();
  expect(findMapHolders("/nowhere", new Set())).toEqual({ pids: new Map(), hidden: [] });
});

initialTest(`${WHY}: a thread lives as long as it has the file mapped`, async () => {
  const { mapping, key } = mapOf("judge");
  try {
    const peer = await MutexPeer.start(mapping.path);
    const owner = await peer.tell("tid");
    expect(judgeHolder("/proc", owner, key)).toEqual({ state: "alive", pid: peer.pid });
    expect(judgeHolder("/proc", threadId(), key)).toEqual({ state: "alive", pid: process.pid });
    await peer.kill();
    expect(judgeHolder("/proc", owner, key)).toEqual({ state: "dead" });
    // The number is somebody's, who does not have the file: it was given away again.
    const stranger = Bun.spawn(["sleep", "100"]);
    expect(judgeHolder("/proc", stranger.pid, key)).toEqual({ state: "dead" });
    stranger.kill();
  } finally {
    drop(mapping);
  }
});

initialTest(`${WHY}: one without a number may be anybody else who has it mapped`, async () => {
  const { mapping, key } = mapOf("nameless");
  try {
    const { hidden } = findMapHolders("/proc", new Set([key]));
    expect(judgeHolder("/proc", 0, key).state).toBe(hidden.length > 0 ? "unknown" : "dead");
    await using peer = await MutexPeer.start(mapping.path);
    expect(judgeHolder("/proc", 0, key)).toMatchObject({ state: "unknown" });
    expect(peer.pid).toBeGreaterThan(0);
  } finally {
    drop(mapping);
  }
});

initialTest.skipIf(!isRoot)(
  `${WHY} and root: a thread is known by its number in a pid namespace of its own`,
  async () => {
    const { mapping, key } = mapOf("nested");
    try {
      await using peer = await MutexPeer.start(mapping.path, ["unshare", "--pid", "--fork", "--kill-child"]);
      const inner = await peer.tell("tid");
      expect(inner).toBeLessThan(100);
      expect(judgeHolder("/proc", inner, key)).toMatchObject({ state: "alive" });
    } finally {
      drop(mapping);
    }
  },
);

test("where not every process is shown nobody is called dead", () => {
  const root = directory.file("proc");
  mkdirSync(join(root, "self/ns"), { recursive: true });
  expect(judgeHolder(root, 4242, "00:17 1")).toMatchObject({ state: "unknown" });
});
