import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { OPEN, openFd, readAt, writeAll } from "#ffi/fd.ts";
import { Mapping } from "#ffi/mapping.ts";
import { countDescriptors, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

function fileOf(name: string, text: string): string {
  writeFileSync(directory.file(name), text);
  return directory.file(name);
}

test("stores reach the file, and the file's changes the memory", () => {
  const path = fileOf("shared", "hello");
  using fd = openFd(path, OPEN.READ_WRITE);
  using mapping = new Mapping(fd, { writable: true });
  expect(mapping.length).toBe(5);
  mapping.bytes[0] = "J".charCodeAt(0);
  expect(readFileSync(path, "utf8")).toBe("Jello");
  writeAll(fd, new TextEncoder().encode("y"), 4);
  expect(new TextDecoder().decode(mapping.copyOut())).toBe("Jelly");
});

test("two mappings of one file are the same memory, also after the descriptor is closed", () => {
  const fd = openFd(fileOf("twice", "12345678"), OPEN.READ_WRITE);
  using one = new Mapping(fd, { writable: true });
  using other = new Mapping(fd, { writable: true, length: 4 });
  fd.close();
  new Int32Array(one.bytes.buffer, 0, 1)[0] = 7;
  expect(Atomics.load(new Int32Array(other.bytes.buffer), 0)).toBe(7);
});

test("a store into a mapping that is only read stays out of the file", () => {
  using fd = openFd(fileOf("read", "hello"), OPEN.READ_ONLY);
  using mapping = new Mapping(fd);
  mapping.bytes[0] = 0;
  expect(new TextDecoder().decode(readAt(fd, 5, 0))).toBe("hello");
});

test("after close nothing is reachable, not even through views that were kept", () => {
  using fd = openFd(fileOf("closed", "hello"), OPEN.READ_ONLY);
  const mapping = new Mapping(fd);
  const kept = mapping.bytes;
  const part = kept.subarray(1, 3);
  const copy = mapping.copyOut();
  mapping.close();
  mapping.close();
  expect(sysErrorOf(() => mapping.bytes).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => mapping.copyOut()).errnoName).toBe("EBADF");
  expect([kept.length, part.length, kept[0]]).toEqual([0, 0, undefined]);
  expect(new TextDecoder().decode(copy)).toBe("hello");
});

test("what cannot be mapped is a SysError", () => {
  using empty = openFd(fileOf("empty", ""), OPEN.READ_ONLY);
  using readOnly = openFd(fileOf("some", "hello"), OPEN.READ_ONLY);
  using folder = openFd(directory.path, OPEN.READ_ONLY);
  expect(sysErrorOf(() => new Mapping(empty)).errnoName).toBe("EINVAL");
  for (const length of [0, -1, 6, 1.5, Number.NaN]) {
    expect(sysErrorOf(() => new Mapping(readOnly, { length })).errnoName).toBe("EINVAL");
  }
  expect(sysErrorOf(() => new Mapping(readOnly, { writable: true })).errnoName).toBe("EACCES");
  expect(["ENODEV", "EINVAL"]).toContain(sysErrorOf(() => new Mapping(folder)).errnoName);
  readOnly.close();
  expect(sysErrorOf(() => new Mapping(readOnly)).errnoName).toBe("EBADF");
});

test("a thousand mappings come and go, collected or not", () => {
  const before = countDescriptors();
  const maps = () =>
    readFileSync("/proc/self/maps", "utf8")
      .split("\n")
      .filter((line) => line.endsWith("/many")).length;
  using fd = openFd(fileOf("many", "x".repeat(10_000)), OPEN.READ_WRITE);
  for (let round = 0; round < 1000; round++) {
    using mapping = new Mapping(fd, { writable: true });
    mapping.bytes[round] = 1;
  }
  Bun.gc(true);
  expect(maps()).toBe(0);
  expect(countDescriptors()).toBeLessThanOrEqual(before + 1);
});
