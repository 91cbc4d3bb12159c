/** Registering from within a program, and a program that is registered before its first instruction. */
import { expect, test } from "bun:test";
import { type Register, type RunOptions, regself, runMember } from "#core/psm/regself.ts";
import { SysError } from "#ffi/sys-error.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { refusal, TestSet } from "#test/harness/process-set.ts";

const registerIn =
  ({ set }: TestSet): Register =>
  async (category, pid, argv) => {
    set.memadd(category, pid, { argv, callerPid: process.pid });
  };

function run(own: TestSet, more: Partial<RunOptions>): Promise<Awaited<ReturnType<typeof runMember>>> {
  return runMember({
    category: "web",
    file: "/bin/sh",
    argv: ["sh", "-c", "exit 3"],
    env: { PATH: "/usr/bin:/bin" },
    register: registerIn(own),
    unregister: async (category, pid) => {
      own.set.memrem(category, pid);
    },
    isDetached: true,
    ...more,
  });
}

test.each([
  ["mountd", "mountd"],
  [10, "mountd"],
  [99, "_unknown_"],
] as const)("regself(%p) registers this process in %s", async (category, expected) => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await regself(category, registerIn(own));
  expect(own.set.member(null, process.pid)).toMatchObject({ category: expected, pid: process.pid });
});

test("regself of what is no category asks nobody", async () => {
  const asked: string[] = [];
  const promise = regself("a/b", async (category) => {
    asked.push(category);
  });
  await expect(promise).rejects.toMatchObject({ errno: "EINVAL" });
  expect(asked).toEqual([]);
});

test("a program registers itself, not whoever started it", async () => {
  const code = `import { regself } from "#core/psm/regself.ts"; regself("web", async (category, pid) => console.log(category, pid))`;
  const child = Bun.spawn([process.execPath, "-e", code], { cwd: `${import.meta.dir}/../../..`, stdout: "pipe" });
  expect(await new Response(child.stdout).text()).toBe(`web ${child.pid}\n`);
});

test("a program is a member before its first instruction, under the argv it will have", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const comms: string[] = [];
  const member = await run(own, {
    register: async (category, pid, argv) => {
      const entry = own.set.memadd(category, pid, { argv });
      comms.push(entry.comm ?? "");
    },
  });
  expect(own.set.member("web", member.pid).argv).toBe("sh -c exit 3");
  expect(await member.ended()).toBe(3 << 8);
  expect((await own.untilExited(member.pid)).exit?.status).toBe(3 << 8);
  // It was not yet the shell when it was registered.
  expect(comms).not.toEqual(["sh"]);
});

test("who cannot be registered is not run", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const file = directory.file("trace");
  const refuse = async () => {
    throw new Error("the set is full");
  };
  await expect(run(own, { argv: ["sh", "-c", `echo > ${file}`], register: refuse })).rejects.toThrow("the set is full");
  expect(await Bun.file(file).exists()).toBe(false);
});

test("what cannot be executed does not stay registered", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const outcome = await run(own, { file: "/no/such/program" }).catch((thrown: unknown) => thrown);
  expect(outcome).toBeInstanceOf(SysError);
  expect(outcome).toMatchObject({ errnoName: "ENOENT", call: "execve" });
  expect(own.set.members("web", 0)).toEqual([]);
});

test("a member that was run can be signalled, and its status says so", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const member = await run(own, { file: "/bin/sleep", argv: ["sleep", "1000"] });
  expect(member.signal(15)).toBe(true);
  expect(await member.ended()).toBe(15);
  expect(refusal(() => own.set.memadd("web", member.pid))).not.toBe("");
});
