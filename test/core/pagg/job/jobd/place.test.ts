/** Where the socket lies: never over a living one's, always over a dead one's, and gone with the server. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type MusterError, toMusterError } from "#core/model/error.ts";
import { openPlace } from "#core/pagg/job/jobd/place.ts";
import { OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { bindUnix, connectUnix, listenOn } from "#ffi/unix-socket.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";

let directory: TemporaryDirectory;
let path: string;

beforeEach(() => {
  directory = new TemporaryDirectory();
  path = directory.file("jobd/jobd-socket");
});
afterEach(() => directory[Symbol.dispose]());

function refusal(open: () => unknown): MusterError {
  try {
    open();
  } catch (thrown) {
    return toMusterError(thrown);
  }
  throw new Error("it was not refused");
}

const mode = (file: string) => lstatSync(file).mode & 0o7777;

test("directory, socket and lock have jobd's modes whatever the umask; the socket goes, the lock stays", () => {
  const umask = process.umask(0o077);
  try {
    const place = openPlace(path);
    expect(mode(directory.file("jobd"))).toBe(0o755);
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(mode(path)).toBe(0o777);
    expect(mode(directory.file("jobd/lock"))).toBe(0o600);
    connectUnix(path).close();
    place.close();
  } finally {
    process.umask(umask);
  }
  expect(existsSync(path)).toBe(false);
  expect(existsSync(directory.file("jobd/lock"))).toBe(true);
  openPlace(path).close();
});

test("a directory that was there keeps its mode", () => {
  mkdirSync(directory.file("jobd"));
  chmodSync(directory.file("jobd"), 0o750);
  openPlace(path).close();
  expect(mode(directory.file("jobd"))).toBe(0o750);
});

test("a second server at the same place is refused and leaves the first alone", () => {
  const first = openPlace(path);
  expect(refusal(() => openPlace(path))).toMatchObject({ code: "LOCK_HELD", target: path });
  connectUnix(path).close();
  first.close();
});

test("the lock of another server in the directory is respected", () => {
  mkdirSync(directory.file("jobd"));
  using lock = openFd(directory.file("jobd/lock"), OPEN.READ_WRITE | OPEN.CREATE, 0o600);
  expect(tryLock(lock, "exclusive")).toBe(true);
  expect(refusal(() => openPlace(path))).toMatchObject({ code: "LOCK_HELD", hint: expect.stringContaining("fuser") });
  expect(existsSync(path)).toBe(false);
});

test("a socket that somebody listens at without the lock is not taken away", () => {
  mkdirSync(directory.file("jobd"));
  using other = bindUnix(path);
  listenOn(other, 1);
  expect(refusal(() => openPlace(path)).code).toBe("LOCK_HELD");
  connectUnix(path).close();
});

test("the socket of a dead server is replaced", () => {
  mkdirSync(directory.file("jobd"));
  bindUnix(path).close();
  const place = openPlace(path);
  connectUnix(path).close();
  place.close();
});

test("a file that is no socket is not taken away", () => {
  mkdirSync(directory.file("jobd"));
  writeFileSync(path, "precious");
  expect(refusal(() => openPlace(path))).toMatchObject({ code: "NOT_ALLOWED_NOW", errno: "EEXIST" });
  expect(readFileSync(path, "utf8")).toBe("precious");
  // And the lock was given back.
  rmSync(path);
  openPlace(path).close();
});

test("what took the socket's name meanwhile stays when the server ends", () => {
  const place = openPlace(path);
  renameSync(path, directory.file("moved"));
  writeFileSync(path, "another's");
  place.close();
  expect(readFileSync(path, "utf8")).toBe("another's");
});

test("a lock file that was removed under its holder keeps nobody in or out", () => {
  const place = openPlace(path);
  rmSync(directory.file("jobd/lock"));
  // Still refused: it listens.
  expect(refusal(() => openPlace(path)).code).toBe("LOCK_HELD");
  place.close();
  openPlace(path).close();
});

test.each([
  ["too long", (base: string) => `${base}/${"x".repeat(110)}`, "ENAMETOOLONG"],
  ["below a file", (base: string) => `${base}/file/deeper/socket`, "ENOTDIR"],
])("a path that is %s is an error that names it", (_, pathOf, errno) => {
  writeFileSync(directory.file("file"), "");
  const wrong = pathOf(directory.path);
  expect(refusal(() => openPlace(wrong))).toMatchObject({ target: wrong, errno });
});
