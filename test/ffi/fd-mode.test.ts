import { afterAll, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { OPEN, openFd } from "#ffi/fd.ts";
import { setMode } from "#ffi/fd-mode.ts";
import { sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

test("a mode is set whatever the umask, and checked before", () => {
  const path = directory.file("mode");
  using fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE, 0o600);
  const umask = process.umask(0o077);
  setMode(fd, 0o666);
  process.umask(umask);
  expect(statSync(path).mode & 0o7777).toBe(0o666);
  for (const mode of [-1, 0o10000, 1.5]) expect(sysErrorOf(() => setMode(fd, mode)).errnoName).toBe("EINVAL");
  fd.close();
  expect(sysErrorOf(() => setMode(fd, 0o600)).errnoName).toBe("EBADF");
});
