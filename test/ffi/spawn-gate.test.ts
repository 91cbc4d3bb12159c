import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { pipe } from "#ffi/fd.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { collect, newChildren, PLAIN, readAll } from "./children.ts";
import { countDescriptors, runModule, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

test("a gated child waits; released, it runs", () => {
  const marker = directory.file("released");
  const child = spawnChild({ ...PLAIN, file: "/bin/sh", argv: ["sh", "-c", `: > ${marker}`], gate: true });
  expect(child.pidfd.isAlive()).toBe(true);
  expect(sysErrorOf(() => child.execed()).errnoName).toBe("EDEADLK");
  expect(existsSync(marker)).toBe(false);
  child.release();
  child.release();
  child.execed();
  child.execed();
  expect(collect(child)).toBe(0);
  expect(existsSync(marker)).toBe(true);
});

test("a gated child that is given up never runs, and is collected", () => {
  const marker = directory.file("given-up");
  const before = countDescriptors();
  const child = spawnChild({ ...PLAIN, file: "/bin/sh", argv: ["sh", "-c", `: > ${marker}`], gate: true });
  const { pid } = child;
  child[Symbol.dispose]();
  child[Symbol.dispose]();
  expect(existsSync(marker)).toBe(false);
  expect(processIdentityTicks("/proc", pid)).toBeNull();
  expect(countDescriptors()).toBeLessThanOrEqual(before);
});

test("gated children do not hold each other's gates, locks or pipes", () => {
  const { read, write } = pipe();
  const make = () => spawnChild({ ...PLAIN, gate: true });
  const [first, second, third] = [make(), make(), make()];
  write.close();
  // All three still wait: had one kept the write end, this would not end.
  expect(readAll(read)).toBe("");
  read.close();
  first[Symbol.dispose]();
  second.release();
  second.execed();
  expect(collect(second)).toBe(0);
  third[Symbol.dispose]();
  expect(newChildren()).toEqual([]);
});

test("when the parent dies at the gate, nothing runs and nothing stays", async () => {
  const marker = directory.file("orphan");
  const { output } = await runModule(`
    const { spawnChild } = await import("./ffi/spawn.ts");
    const child = spawnChild({ file: "/bin/sh", argv: ["sh", "-c", ": > ${marker}"], env: {},
      stdio: ["null", "inherit", "null"], gate: true, newSession: true });
    console.log(child.pid);
    process.kill(process.pid, "SIGKILL");`);
  // The output ended, so the child, which had inherited it, is gone too.
  using orphan = PidFd.open(Number(output));
  if (orphan !== null) expect(orphan.waitSync(10_000)).toBe(true);
  expect(existsSync(marker)).toBe(false);
});

test("a failure before the gate is told by execed, whether released or not in time", () => {
  const child = spawnChild({ ...PLAIN, cwd: "/no/such/directory", gate: true });
  child.pidfd.waitSync(-1);
  child.release();
  expect(sysErrorOf(() => child.execed())).toMatchObject({ call: "chdir", errnoName: "ENOENT" });
  child[Symbol.dispose]();
  expect(sysErrorOf(() => child.pidfd.isAlive()).errnoName).toBe("EBADF");
});
