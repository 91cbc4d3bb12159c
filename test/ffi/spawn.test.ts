import { afterAll, expect, test } from "bun:test";
import { chmodSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { duplicate, OPEN, openFd, pipe, statFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { type SpawnOptions, spawnChild } from "#ffi/spawn.ts";
import { collect, newChildren, PLAIN, readAll } from "./children.ts";
import { countDescriptors, isRoot, runModule, SLOW, settled, sysErrorOf, TemporaryDirectory } from "./workbench.ts";

const directory = new TemporaryDirectory();
chmodSync(directory.path, 0o777);
afterAll(() => directory[Symbol.dispose]());

/** What a shell script says that is started with these options. */
function say(script: string, options: Partial<SpawnOptions> = {}): string {
  const { read, write } = pipe();
  const child = spawnChild({
    ...PLAIN,
    file: "/bin/sh",
    argv: ["sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    stdio: ["null", write, write],
    ...options,
  });
  write.close();
  const text = readAll(read);
  read.close();
  expect(collect(child)).toBe(0);
  return text;
}

test("arguments and environment arrive as given, and no others", () => {
  const argv = ["name", "-c", 'printf "<%s>" "$0" "$@"; env', "zero", "", "a b", "ü\n", "$HOME"];
  const text = say("", { argv, env: { ONLY: "one=two", EMPTY: "" } });
  expect(text.slice(0, text.lastIndexOf(">") + 1)).toBe("<zero><><a b><ü\n><$HOME>");
  expect(text).toContain("ONLY=one=two\n");
  expect(text).toContain("EMPTY=\n");
  expect(text).not.toContain("PATH=/");
});

test("an environment is what it is at every start, whether it may change or not", () => {
  const env: Record<string, string> = { PATH: "/usr/bin:/bin", WORD: "one" };
  expect(say("echo $WORD", { env })).toBe("one\n");
  env.WORD = "two";
  expect(say("echo $WORD", { env })).toBe("two\n");
  const frozen = Object.freeze({ ...env, WORD: "three" });
  for (let round = 0; round < 3; round++) {
    Bun.gc(true);
    expect(say("echo $WORD", { env: frozen })).toBe("three\n");
  }
});

test("directory, umask and session are as told", () => {
  expect(say("pwd; umask", { cwd: "/usr", umask: 0o027 })).toBe("/usr\n0027\n");
  const [pid, group, session] = say("cut -d' ' -f1,5,6 /proc/self/stat; :", { newSession: true }).trim().split(" ");
  expect(group).toBe(session);
  expect(Number(pid)).not.toBe(Number(session));
  expect(say("cut -d' ' -f6 /proc/self/stat; :")).toBe(`${readProcessStat("/proc", process.pid)?.session}\n`);
});

test("no signal is ignored, blocked or pending, although Bun ignores two", () => {
  expect(readFileSync("/proc/self/status", "utf8")).not.toMatch(/SigIgn:\t0{16}/);
  const status = say("", { file: "/bin/cat", argv: ["cat", "/proc/self/status"] });
  for (const set of ["SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt"])
    expect(status).toContain(`${set}:\t${"0".repeat(16)}`);
});

test("only standard and named descriptors are open", () => {
  const lists = "",
    names = { file: "/bin/ls", argv: ["ls", "/proc/self/fd"], env: { LC_ALL: "C" } };
  // ls has the directory itself open.
  expect(say(lists, names)).toBe("0\n1\n2\n3\n");
  using fd = openFd(directory.file("kept"), OPEN.READ_WRITE | OPEN.CREATE);
  const inherit = [
    { fd, as: 200 },
    { fd, as: 5 },
  ];
  expect(say(lists, { ...names, inherit })).toBe("0\n1\n2\n200\n3\n5\n");
});

test("descriptors reach their numbers even when sources and targets overlap", () => {
  const files = Array.from({ length: 6 }, (_, index) =>
    openFd(directory.file(`f${index}`), OPEN.READ_WRITE | OPEN.CREATE),
  );
  // Every source is given to the number of another source: a ring.
  const inherit = files.map((fd, index) => ({ fd, as: files[(index + 1) % files.length]?.number ?? -1 }));
  const script = inherit.map(({ as }) => `readlink /proc/self/fd/${as}`).join("\n");
  expect(say(script, { inherit })).toBe(files.map(({ path }) => `${path}\n`).join(""));
  for (const fd of files) fd.close();
});

test("standard descriptors can be a file, nothing, or our own", () => {
  const path = directory.file("both");
  using out = openFd(path, OPEN.WRITE_ONLY | OPEN.CREATE);
  const script = "readlink /proc/self/fd/0; readlink /proc/$$/fd/2 >&2; readlink /proc/$$/fd/0";
  const child = spawnChild({
    ...PLAIN,
    file: "/bin/sh",
    argv: ["sh", "-c", script],
    stdio: ["inherit", out, out],
    env: { PATH: "/usr/bin:/bin" },
  });
  expect(collect(child)).toBe(0);
  using own = duplicate(0);
  const [, second = "", third = ""] = readFileSync(path, "utf8").split("\n");
  expect(second).toBe(path);
  expect(third).toBe(readlinkSync(`/proc/self/fd/${own.number}`));
});

test("an inherited lock is the child's as long as it lives", () => {
  const path = directory.file("lock");
  const fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE);
  tryLock(fd, "exclusive");
  using child = spawnChild({ ...PLAIN, file: "/bin/sleep", argv: ["sleep", "1000"], inherit: [{ fd, as: 3 }] });
  fd.close();
  using other = openFd(path, OPEN.READ_WRITE);
  expect(tryLock(other, "shared")).toBe(false);
  child.pidfd.sendSignal(9);
  child.pidfd.waitSync(-1);
  expect(tryLock(other, "shared")).toBe(true);
  child.pidfd.reap();
});

test.skipIf(!isRoot)("needs root to take other ids: uid, gid and groups are exactly those given", () => {
  const credentials = { uid: 1234, gid: 2345, groups: [7, 3456, 2 ** 32 - 2] };
  const status = say("cat /proc/self/status", { credentials });
  expect(status).toContain("Uid:\t1234\t1234\t1234\t1234\n");
  expect(status).toContain("Gid:\t2345\t2345\t2345\t2345\n");
  expect(status).toContain("Groups:\t7 3456 4294967294 \n");
  expect(status).toContain("CapEff:\t0000000000000000\n");
  const alone = say("cat /proc/self/status", { credentials: { uid: 0, gid: 5, groups: [] } });
  expect(alone).toContain("Groups:\t \n");
  expect(process.getuid?.()).toBe(0);
  expect(readFileSync("/proc/self/status", "utf8")).toContain("Uid:\t0\t0\t0\t0\n");
});

test.skipIf(!isRoot)(
  "needs root to take other ids: the directory is entered as the new user, after the descriptors",
  () => {
    const secret = directory.file("secret");
    writeFileSync(secret, "content");
    chmodSync(secret, 0o600);
    using fd = openFd(secret, OPEN.READ_ONLY);
    const credentials = { uid: 1234, gid: 1234, groups: [] };
    expect(say("cat <&4", { credentials, inherit: [{ fd, as: 4 }] })).toBe("content");
    expect(sysErrorOf(() => spawnChild({ ...PLAIN, credentials, cwd: "/root" }))).toMatchObject({
      call: "chdir",
      subject: "/root",
      errnoName: "EACCES",
    });
    expect(sysErrorOf(() => spawnChild({ ...PLAIN, credentials, file: "/root/x" }))).toMatchObject({
      call: "execve",
      subject: "/root/x",
      errnoName: "EACCES",
    });
  },
);

test("a failing stage is told with its errno, and leaves no child and no descriptor", () => {
  writeFileSync(directory.file("plain"), "#!/no/such/interpreter\n", { mode: 0o755 });
  writeFileSync(directory.file("text"), "no program", { mode: 0o644 });
  const cases: [Partial<SpawnOptions>, string, string, string][] = [
    [{ file: "/no/such/program" }, "execve", "ENOENT", "/no/such/program"],
    [{ file: directory.file("plain") }, "execve", "ENOENT", directory.file("plain")],
    [{ file: directory.file("text") }, "execve", "EACCES", directory.file("text")],
    [{ file: "/" }, "execve", "EACCES", "/"],
    [{ argv: ["x", "y".repeat(1 << 20)] }, "execve", "E2BIG", "/bin/true"],
    [{ cwd: "/no/such/directory" }, "chdir", "ENOENT", "/no/such/directory"],
    [{ cwd: directory.file("text") }, "chdir", "ENOTDIR", directory.file("text")],
    [{ cwd: "" }, "chdir", "ENOENT", ""],
    [{ inherit: [{ fd: openFd("/dev/null", OPEN.READ_ONLY), as: 65535 }] }, "dup2", "EINVAL", "/bin/true"],
  ];
  expect(collect(spawnChild(PLAIN))).toBe(0);
  const before = countDescriptors();
  for (const [options, call, errnoName, subject] of cases) {
    expect(sysErrorOf(() => spawnChild({ ...PLAIN, ...options }))).toMatchObject({ call, errnoName, subject });
  }
  expect(countDescriptors()).toBeLessThanOrEqual(before);
  expect(newChildren()).toEqual([]);
});

test.skipIf(!isRoot)(
  "needs root to stop being root: taking ids without the right to is the stage setgroups",
  async () => {
    const { output } = await runModule(
      `const { spawnChild } = await import("./ffi/spawn.ts");
     try {
       spawnChild({ file: "/bin/true", argv: ["true"], env: {}, stdio: ["null", "null", "null"],
         credentials: { uid: 0, gid: 0, groups: [] } });
     } catch (error) { console.log(error.call, error.errnoName); }`,
      { uid: 65534 },
    );
    expect(output).toBe("setgroups EPERM\n");
  },
);

test("what makes no sense is EINVAL before anything is started", () => {
  using fd = openFd("/dev/null", OPEN.READ_ONLY);
  const before = countDescriptors();
  const cases: Partial<SpawnOptions>[] = [
    { file: "true" },
    { file: "/bin/tr\0ue" },
    { argv: ["a\0b"] },
    { env: { "A=B": "c" } },
    { env: { "": "c" } },
    { env: { A: "b\0c" } },
    { cwd: "/\0" },
    { umask: 0o1000 },
    { umask: -1 },
    { umask: 1.5 },
    { credentials: { uid: -1, gid: 0, groups: [] } },
    { credentials: { uid: 2 ** 32 - 1, gid: 0, groups: [] } },
    { credentials: { uid: 0, gid: 2 ** 32, groups: [] } },
    { credentials: { uid: 0, gid: 0, groups: [Number.NaN] } },
    { credentials: { uid: 0, gid: 0, groups: new Array(65537).fill(1) } },
    { inherit: [{ fd, as: 2 }] },
    { inherit: [{ fd, as: 65536 }] },
    {
      inherit: [
        { fd, as: 4 },
        { fd, as: 4 },
      ],
    },
    { stdio: ["null", "null"] as unknown as SpawnOptions["stdio"] },
  ];
  for (const options of cases) {
    expect(sysErrorOf(() => spawnChild({ ...PLAIN, ...options })).errnoName).toBe("EINVAL");
  }
  const closed = openFd("/dev/null", OPEN.READ_ONLY);
  closed.close();
  expect(sysErrorOf(() => spawnChild({ ...PLAIN, stdio: [closed, "null", "null"] })).errnoName).toBe("EBADF");
  expect(countDescriptors()).toBeLessThanOrEqual(before);
});

test(
  "two hundred at once leave no zombie and no descriptor",
  async () => {
    collect(spawnChild(PLAIN));
    const before = countDescriptors();
    const children = Array.from({ length: 200 }, (_, index) =>
      spawnChild({ ...PLAIN, file: "/bin/sh", argv: ["sh", "-c", `exit ${index}`] }),
    );
    const statuses = await Promise.all(
      children.map(async (child) => {
        await child.pidfd.exited();
        const status = child.pidfd.reap();
        child[Symbol.dispose]();
        return status;
      }),
    );
    expect(statuses).toEqual(children.map((_, index) => index << 8));
    expect(newChildren()).toEqual([]);
    await settled(() => countDescriptors() <= before);
  },
  SLOW,
);

test("Bun's own children are not disturbed", async () => {
  const own = Array.from({ length: 20 }, (_, index) => Bun.spawn(["sh", "-c", `exit ${index}`]).exited);
  const ours = Array.from({ length: 20 }, () => spawnChild(PLAIN));
  expect(await Promise.all(own)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  for (const child of ours) expect(collect(child)).toBe(0);
});

test("the umask and directory of this process stay as they were", () => {
  const before = [process.cwd(), process.umask()];
  say(":", { cwd: "/", umask: 0o777 });
  expect([process.cwd(), process.umask()]).toEqual(before);
  using file = openFd(directory.file("umask"), OPEN.WRITE_ONLY | OPEN.CREATE, 0o666);
  expect(statFd(file).mode & 0o777).toBe(0o666 & ~process.umask());
});
