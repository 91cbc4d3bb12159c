import { afterAll, expect, test } from "bun:test";
import {
  chmodSync,
  fstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import {
  duplicate,
  Fd,
  isCloseOnExec,
  OPEN,
  openFd,
  pipe,
  readAt,
  readSome,
  setCloseOnExec,
  setNonBlocking,
  statFd,
  truncate,
  writeAll,
} from "#ffi/fd.ts";
import { joinDevice, splitDevice } from "#ffi/fd-status.ts";
import { countDescriptors, isRoot, NOBODY, runModule, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
afterAll(() => directory[Symbol.dispose]());

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("a file is made, written, read back and cut", () => {
  using fd = openFd(directory.file("a"), OPEN.READ_WRITE | OPEN.CREATE | OPEN.EXCLUSIVE, 0o640);
  writeAll(fd, bytesOf("hello world"));
  expect(textOf(readAt(fd, 100, 0))).toBe("hello world");
  expect(textOf(readAt(fd, 5, 6))).toBe("world");
  expect(readAt(fd, 5, 11)).toHaveLength(0);
  writeAll(fd, bytesOf("HELL"), 0);
  truncate(fd, 5);
  expect(textOf(readAt(fd, 100, 0))).toBe("HELLo");
  expect(statFd(fd)).toMatchObject({ size: 5, isFile: true, isDirectory: false, isFifo: false, linkCount: 1 });
  unlinkSync(directory.file("a"));
  expect(statFd(fd).linkCount).toBe(0);
});

test("statFd agrees with node:fs", () => {
  writeFileSync(directory.file("status"), "12345");
  for (const path of [directory.file("status"), directory.path, "/dev/null", "/proc/self/status"]) {
    using fd = openFd(path, OPEN.READ_ONLY);
    const ours = statFd(fd);
    const theirs = fstatSync(fd.number, { bigint: true });
    expect(ours.device).toBe(theirs.dev);
    expect(ours.inode).toBe(theirs.ino);
    expect(ours.mode).toBe(Number(theirs.mode));
    expect(ours.uid).toBe(Number(theirs.uid));
    expect(ours.isDirectory).toBe(theirs.isDirectory());
    expect(ours.modifiedMs).toBe(Number(theirs.mtimeMs));
  }
});

test("device numbers split and join", () => {
  for (const device of [
    { major: 8, minor: 1 },
    { major: 0xabcde, minor: 0x12345 },
    { major: 0, minor: 0xfffff },
  ]) {
    expect(splitDevice(joinDevice(device))).toEqual(device);
  }
});

test("every descriptor is close-on-exec unless told otherwise", () => {
  using fd = openFd("/dev/null", OPEN.READ_ONLY);
  const ends = pipe();
  using read = ends.read;
  using write = ends.write;
  using again = duplicate(fd);
  for (const each of [fd, read, write, again]) expect(isCloseOnExec(each)).toBe(true);
  setCloseOnExec(fd, false);
  expect(isCloseOnExec(fd)).toBe(false);
  setCloseOnExec(fd, true);
  expect(isCloseOnExec(fd)).toBe(true);
});

test("a closed handle throws EBADF and names its file, whatever is called", () => {
  const fd = openFd("/dev/null", OPEN.READ_WRITE);
  fd.close();
  fd.close();
  expect(fd.isClosed).toBe(true);
  const uses = [
    () => fd.number,
    () => readAt(fd, 1, 0),
    () => readSome(fd, 1),
    () => writeAll(fd, new Uint8Array(1)),
    () => truncate(fd, 0),
    () => statFd(fd),
    () => isCloseOnExec(fd),
    () => setCloseOnExec(fd, true),
    () => duplicate(fd),
  ];
  for (const use of uses) expect(sysErrorOf(use)).toMatchObject({ errnoName: "EBADF", subject: "/dev/null" });
});

test("a number closed behind our back is EBADF, not a crash", () => {
  const fd = Fd.adopt(1_000_000, "adopted");
  expect(sysErrorOf(() => readSome(fd, 1))).toMatchObject({ errnoName: "EBADF", call: "read", subject: "adopted" });
  expect(sysErrorOf(() => statFd(fd)).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => fd.close()).errnoName).toBe("EBADF");
});

test.each([-1, 1.5, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])("adopt refuses %p", (number) => {
  expect(sysErrorOf(() => Fd.adopt(number, "x")).errnoName).toBe("EBADF");
});

test("open reports what the kernel says", () => {
  writeFileSync(directory.file("plain"), "");
  symlinkSync("plain", directory.file("link"));
  symlinkSync("loop", directory.file("loop"));
  const cases: [string, number, string][] = [
    [directory.file("missing"), OPEN.READ_ONLY, "ENOENT"],
    [directory.path, OPEN.READ_WRITE, "EISDIR"],
    [directory.file("plain/below"), OPEN.READ_ONLY, "ENOTDIR"],
    [directory.file("plain"), OPEN.READ_ONLY | OPEN.DIRECTORY, "ENOTDIR"],
    [directory.file("plain"), OPEN.READ_WRITE | OPEN.CREATE | OPEN.EXCLUSIVE, "EEXIST"],
    [directory.file("link"), OPEN.READ_ONLY | OPEN.NOFOLLOW, "ELOOP"],
    [directory.file("loop"), OPEN.READ_ONLY, "ELOOP"],
    [directory.file("n".repeat(300)), OPEN.READ_ONLY, "ENAMETOOLONG"],
    ["", OPEN.READ_ONLY, "ENOENT"],
    ["a\0b", OPEN.READ_ONLY, "EINVAL"],
  ];
  for (const [path, flags, errnoName] of cases) {
    expect(sysErrorOf(() => openFd(path, flags))).toMatchObject({ call: "open", errnoName });
  }
});

test("reading a directory is EISDIR", () => {
  using fd = openFd(directory.path, OPEN.READ_ONLY);
  expect(sysErrorOf(() => readAt(fd, 10, 0))).toMatchObject({ errnoName: "EISDIR", call: "pread" });
});

test("writing what is open for reading is EBADF; a full device is ENOSPC", () => {
  using readOnly = openFd("/dev/null", OPEN.READ_ONLY);
  expect(sysErrorOf(() => writeAll(readOnly, new Uint8Array(1))).errnoName).toBe("EBADF");
  expect(sysErrorOf(() => truncate(readOnly, 1)).errnoName).toBe("EINVAL");
  using full = openFd("/dev/full", OPEN.WRITE_ONLY);
  expect(sysErrorOf(() => writeAll(full, new Uint8Array(1))).errnoName).toBe("ENOSPC");
});

test("a FIFO can be opened without waiting, is seen as one and has no positions", () => {
  const path = directory.file("fifo");
  expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
  expect(sysErrorOf(() => openFd(path, OPEN.WRITE_ONLY | OPEN.NONBLOCK)).errnoName).toBe("ENXIO");
  using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK);
  expect(statFd(fd)).toMatchObject({ isFifo: true, isFile: false });
  expect(sysErrorOf(() => readAt(fd, 1, 0)).errnoName).toBe("ESPIPE");
  expect(readSome(fd, 1)).toHaveLength(0);
});

test("arguments that C would cut to size are EINVAL", () => {
  using fd = openFd(directory.file("plain"), OPEN.READ_WRITE | OPEN.CREATE);
  const bad = [-1, 0.5, Number.NaN, 2 ** 60];
  for (const value of bad) {
    expect(sysErrorOf(() => readAt(fd, value, 0)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => readSome(fd, value)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => openFd("/dev/null", value)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => openFd("/dev/null", 0, value)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => truncate(fd, value)).errnoName).toBe("EINVAL");
    expect(sysErrorOf(() => readAt(fd, 1, value)).errnoName).toBe("EINVAL");
  }
  expect(sysErrorOf(() => writeAll(fd, "text" as unknown as Uint8Array)).errnoName).toBe("EINVAL");
  expect(sysErrorOf(() => openFd(undefined as unknown as string, 0)).errnoName).toBe("EINVAL");
});

test("a pipe carries bytes, ends, breaks, and answers EAGAIN only when told not to wait", () => {
  const { read, write } = pipe();
  writeAll(write, bytesOf("one"));
  expect(textOf(readSome(read, 100))).toBe("one");
  setNonBlocking(read);
  expect(sysErrorOf(() => readSome(read, 1)).errnoName).toBe("EAGAIN");
  setNonBlocking(write);
  expect(sysErrorOf(() => writeAll(write, new Uint8Array(1 << 20))).errnoName).toBe("EAGAIN");
  write.close();
  expect(readSome(read, 1 << 20).length).toBeGreaterThan(0);
  expect(readSome(read, 1)).toHaveLength(0);
  read.close();
  const broken = pipe();
  broken.read.close();
  expect(sysErrorOf(() => writeAll(broken.write, new Uint8Array(1))).errnoName).toBe("EPIPE");
  broken.write.close();
});

test("large content goes through whole", () => {
  const content = new Uint8Array(3_000_000).map((_, index) => index % 251);
  using fd = openFd(directory.file("large"), OPEN.READ_WRITE | OPEN.CREATE | OPEN.TRUNCATE);
  writeAll(fd, content);
  writeAll(fd, content, content.length);
  expect(Buffer.compare(readAt(fd, content.length, content.length), content)).toBe(0);
  expect(statSync(directory.file("large")).size).toBe(content.length * 2);
  writeAll(fd, new Uint8Array(0));
  expect(readFileSync(directory.file("large")).length).toBe(content.length * 2);
});

test("nothing stays open after ten thousand files", () => {
  openFd("/dev/null", OPEN.READ_ONLY).close();
  const before = countDescriptors();
  for (let round = 0; round < 10_000; round++) {
    using fd = openFd("/dev/null", OPEN.READ_ONLY);
    fd.number;
  }
  expect(countDescriptors()).toBeLessThanOrEqual(before);
});

test.skipIf(!isRoot)("needs root to become another user: a file of mode 000 is EACCES", async () => {
  const path = directory.file("secret");
  writeFileSync(path, "");
  chmodSync(path, 0);
  chmodSync(directory.path, 0o755);
  mkdirSync(directory.file("closed"), { mode: 0o700 });
  const code = `
    const { openFd } = await import("./ffi/fd.ts");
    for (const path of ${JSON.stringify([path, directory.file("closed/x")])}) {
      try { openFd(path, 0); } catch (error) { console.log(error.errnoName, error.call, error.subject === path); }
    }`;
  const { output } = await runModule(code, { uid: NOBODY });
  expect(output).toBe("EACCES open true\nEACCES open true\n");
});
