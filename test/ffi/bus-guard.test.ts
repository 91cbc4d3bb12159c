import { afterAll, expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { BusGuard } from "#ffi/bus-guard.ts";
import { OPEN, openFd } from "#ffi/fd.ts";
import { Mapping } from "#ffi/mapping.ts";
import { runModule, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const PAGE = 4096;

function mapOf(name: string, length = 2 * PAGE): Mapping {
  writeFileSync(directory.file(name), new Uint8Array(length).fill(7));
  using fd = openFd(directory.file(name), OPEN.READ_WRITE);
  return new Mapping(fd, { writable: true });
}

test("what was cut off reads as zeros and takes stores, and the loss is told", () => {
  using mapping = mapOf("cut");
  using guard = new BusGuard(mapping.bytes);
  expect([mapping.bytes[0], mapping.bytes[PAGE], guard.isLost]).toEqual([7, 7, false]);
  truncateSync(mapping.path, 0);
  expect([mapping.bytes[0], guard.isLost]).toEqual([0, true]);
  mapping.bytes[PAGE] = 9;
  expect(mapping.bytes[PAGE]).toBe(9);
});

test("the part of the file that is left stays the file's", () => {
  using mapping = mapOf("half");
  using guard = new BusGuard(mapping.bytes);
  truncateSync(mapping.path, PAGE);
  expect([mapping.bytes[PAGE], guard.isLost]).toEqual([0, true]);
  using other = new Mapping(openFd(mapping.path, OPEN.READ_WRITE), { writable: true });
  mapping.bytes[1] = 42;
  expect(other.bytes[1]).toBe(42);
});

test("each of many is guarded for itself", () => {
  const mappings = [mapOf("a"), mapOf("b"), mapOf("c")];
  const guards = mappings.map((mapping) => new BusGuard(mapping.bytes));
  guards[2]?.[Symbol.dispose]();
  guards[2]?.[Symbol.dispose]();
  truncateSync(directory.file("b"), 0);
  expect(mappings[1]?.bytes[5]).toBe(0);
  expect(guards.map((guard) => guard.isLost)).toEqual([false, true, false]);
  for (const guard of guards) guard[Symbol.dispose]();
  for (const mapping of mappings) mapping.close();
});

test("any other SIGBUS still ends the process", async () => {
  const path = JSON.stringify(directory.file("fatal"));
  const { exitCode, output } = await runModule(
    `import { truncateSync, writeFileSync } from "node:fs";
     import { BusGuard } from "#ffi/bus-guard.ts";
     import { OPEN, openFd } from "#ffi/fd.ts";
     import { Mapping } from "#ffi/mapping.ts";
     writeFileSync(${path}, new Uint8Array(8192));
     const one = new Mapping(openFd(${path}, OPEN.READ_WRITE), { writable: true });
     const other = new Mapping(openFd(${path}, OPEN.READ_WRITE), { writable: true });
     const guard = new BusGuard(one.bytes);
     truncateSync(${path}, 0);
     console.log("guarded", one.bytes[0], guard.isLost);
     console.log("not", other.bytes[0]);`,
    { env: { BUN_CRASH_REPORT_URL: "", DO_NOT_TRACK: "1" } },
  );
  expect(output).toBe("guarded 0 true\n");
  expect(exitCode).not.toBe(0);
});
