/** Names out of a directory: all of them, or the first of many. */
import { expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { directoryNames } from "#ffi/directory-names.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

test("every name, of one byte and of 255, in any alphabet", () => {
  using directory = new TemporaryDirectory();
  expect(directoryNames(directory.path)).toEqual({ names: [], isCut: false });
  const names = [
    "a",
    ".hidden",
    "n".repeat(255),
    "größe",
    ...Array.from({ length: 3000 }, (_, index) => `entry-${index}`),
  ];
  for (const name of names) writeFileSync(directory.file(name), "");
  const told = directoryNames(directory.path);
  expect([...told.names].sort()).toEqual(names.sort());
  expect(told.isCut).toBe(false);
});

test("no more than are wanted, and whether there are", () => {
  using directory = new TemporaryDirectory();
  for (const name of ["a", "b", "c"]) mkdirSync(directory.file(name));
  expect(directoryNames(directory.path, 3)).toEqual({ names: expect.any(Array), isCut: false });
  const { names, isCut } = directoryNames(directory.path, 2);
  expect([names.length, isCut]).toEqual([2, true]);
  rmSync(directory.file("a"), { recursive: true });
  expect(directoryNames(directory.path, 2).isCut).toBe(false);
});

test("what is no directory, and what is not there", () => {
  using directory = new TemporaryDirectory();
  writeFileSync(directory.file("file"), "");
  expect(() => directoryNames(directory.file("file"))).toThrow(expect.objectContaining({ errnoName: "ENOTDIR" }));
  expect(() => directoryNames(directory.file("none"))).toThrow(expect.objectContaining({ errnoName: "ENOENT" }));
  expect(() => directoryNames(directory.path, -1)).toThrow(expect.objectContaining({ errnoName: "EINVAL" }));
});
