/** The example module, on real processes. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleTest, TestModules } from "#test/harness/module-set.ts";
import { Perl } from "#test/harness/perl.ts";
import { refusalOf } from "#test/harness/refusal.ts";

const EXAMPLE = readFileSync(join(import.meta.dir, "../../../fixtures/modules/execs-per-user.ts"), "utf8");

interface Tally {
  uid: number;
  isLogin: boolean;
  processes: number;
  execs: number;
  failures: number;
}

moduleTest("the example counts what each user executes", async () => {
  await using modules = new TestModules();
  modules.write("execs-per-user.ts", EXAMPLE);
  const uid = process.getuid?.() === 0 ? 64321 : (process.getuid?.() ?? 0);
  await using user = await Perl.run("1", [], process.getuid?.() === 0 ? { uid, gid: uid } : {});
  const item = await modules.set.load("execs-per-user");
  expect(item.attached).toBeGreaterThan(1);
  const count = async (): Promise<Tally> => {
    const { users } = (await modules.set.paggctl("execs-per-user", "GETCOUNTS")) as unknown as { users: Tally[] };
    return users.find((tally) => tally.uid === uid) ?? { uid, isLogin: false, processes: 0, execs: 0, failures: 0 };
  };
  const before = await count();
  const { isLogin } = (await modules.set.paggctl("execs-per-user", "GETUSER", { pid: user.pid })) as unknown as Tally;
  expect(await modules.attached("execs-per-user", user.pid)).toBe(isLogin ? `login of uid ${uid}` : `uid ${uid}`);
  user.tell("for (1 .. 3) { my $p = fork() // die; if (!$p) { exec 'false' } waitpid($p, 0) }");
  expect(await user.line()).toBe("ok");
  user.tell('our $q = fork() // die; if (!$q) { sleep 1000 } print "$q\\n"');
  const last = Number(await user.line());
  // Events come in their order: when this one is shown, the others are counted.
  expect(await modules.attached("execs-per-user", last)).toBe(isLogin ? `login of uid ${uid}` : `uid ${uid}`);
  const after = await count();
  process.kill(last, "SIGKILL");
  expect(after.execs - before.execs).toBeGreaterThanOrEqual(3);
  expect(after.failures - before.failures).toBeGreaterThanOrEqual(3);
  if (uid === 64321) expect(after).toEqual({ uid, isLogin, processes: 2, execs: 3, failures: 3 });
  expect(await modules.set.paggctl("execs-per-user", "RESET")).toBeNull();
  if (uid === 64321) expect((await count()).execs).toBe(0);
  await expect(
    refusalOf(() => modules.set.paggctl("execs-per-user", "GETUSER", { pid: 0x7fff_ffff })),
  ).resolves.toMatchObject({ errno: "ESRCH" });
});
