/** A job is dying if all of it was sent SIGKILL, and not if only some of it was. */
import { dlopen, ptr } from "bun:ffi";
import { expect, test } from "bun:test";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, refusal, TestJobs } from "#test/harness/job-set.ts";
import { endLeader, leaderless } from "#test/harness/leaderless.ts";
import { Perl } from "#test/harness/perl.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };
const CAPABILITY_VERSION_3 = 0x20080522;
const CAP_KILL = 5;

/** This thread may not signal processes of other users, until it is disposed of: capset(2). */
function withoutKill(): Disposable {
  const libc = dlopen("libc.so.6", {
    capget: { args: ["ptr", "ptr"], returns: "i32" },
    capset: { args: ["ptr", "ptr"], returns: "i32" },
  });
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  const before = new Uint32Array(6);
  if (libc.symbols.capget(ptr(header), ptr(before)) !== 0) throw new Error("capget failed");
  const set = (sets: Uint32Array) => {
    if (libc.symbols.capset(ptr(header), ptr(sets)) !== 0) throw new Error("capset failed");
  };
  const [effective = 0, ...others] = before;
  set(new Uint32Array([effective & ~(1 << CAP_KILL), ...others]));
  return {
    [Symbol.dispose]: () => {
      set(before);
      libc.close();
    },
  };
}

test.skipIf(!isRoot)("needs root: a job of which one may not be killed is not dying, until it is", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory, { useGroups: false });
  await using own = await Perl.run("1");
  await using others = await Perl.run("1", [], NOBODY);
  const jid = jobs.set.create({ pid: own.pid, uid: 0 });
  jobs.set.attachpid(others.pid, jid);
  {
    using _refused = withoutKill();
    expect(refusal(() => jobs.set.killjid(jid, 9))).toBe("EPERM");
  }
  expect(jobs.set.entry(jid)?.state).toBe("running");
  await own.ended();
  expect(jobs.set.members(jid)).toEqual([others.pid]);
  jobs.set.killjid(jid, 9);
  expect(jobs.set.entry(jid)?.state ?? "dying").toBe("dying");
  expect((await jobs.untilEnded(jid)).exit?.status).toBe(9);
});

for (const useGroups of [true, false]) {
  const missing = useGroups ? groupsMissing : isRoot ? null : "needs root";
  const held = `held by ${useGroups ? "its group" : "the tracker"}`;
  test.skipIf(missing !== null)(
    `SIGKILL to a job ${held} also ends a process whose first thread has ended${missing ? ` (skipped: ${missing})` : ""}`,
    async () => {
      using directory = new TemporaryDirectory();
      using jobs = new TestJobs(directory, { useGroups });
      await using peer = await leaderless();
      const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
      await endLeader(peer);
      jobs.set.killjid(jid, 9);
      expect(await jobs.untilEnded(jid)).toMatchObject({ exit: { status: 9 } });
    },
  );
}
