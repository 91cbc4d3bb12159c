/** Who is in a job, and which process is its first, for those who were not there when it was made. */
import { describe, expect, test } from "bun:test";
import Database from "better-sqlite3";
import { JobsView } from "#core/pagg/job/view.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, ownGroup, TestJobs } from "#test/harness/job-set.ts";
import { endLeader, leaderless } from "#test/harness/leaderless.ts";
import { Perl } from "#test/harness/perl.ts";

const isRoot = process.getuid?.() === 0;
const ticksOf = (pid: number) => Number(processIdentityTicks("/proc", pid));

/** Two processes that did not start in the same tick, the older one first. */
async function pair(): Promise<readonly [Perl, Perl]> {
  const older = await Perl.run("1");
  for (;;) {
    const younger = await Perl.run("1");
    if (ticksOf(younger.pid) > ticksOf(older.pid)) return [older, younger];
    await younger[Symbol.asyncDispose]();
  }
}

describe.each(["cgroup", "tracker"] as const)("a job held by its %s", (containment) => {
  const useGroups = containment === "cgroup";
  const run = test.skipIf(useGroups ? groupsMissing !== null : !isRoot);

  run("its first process is the one it was made for, though an older one came later", async () => {
    using directory = new TemporaryDirectory();
    const group = ownGroup();
    const view = new JobsView({ stateDirectory: directory.path, procRoot: "/proc" });
    await using processes = new AsyncDisposableStack();
    const [older, first] = await pair();
    for (const one of [older, first]) processes.use(one);
    const seen = async () => (await view.entries()).map(({ prime }) => prime?.pid);
    const before = new TestJobs(directory, { group, useGroups });
    const jid = before.set.create({ pid: first.pid, uid: 0 });
    before.set.attachpid(older.pid, jid);
    expect(before.set.getprimepid(jid)).toBe(first.pid);
    expect(await seen()).toEqual([first.pid]);
    before.set.close();
    using after = new TestJobs(directory, { group, useGroups });
    expect(after.set.getpidlst(jid, 10)).toEqual([older.pid, first.pid]);
    expect(after.set.getprimepid(jid)).toBe(first.pid);
    first.tell("POSIX::_exit(0)");
    await first.ended();
    expect(await seen()).toEqual([older.pid]);
    view.close();
  });
});

test.skipIf(!isRoot)(
  "needs root: a process whose first thread has ended is in its job after a restart, too",
  async () => {
    using directory = new TemporaryDirectory();
    await using peer = await leaderless();
    const before = new TestJobs(directory, { useGroups: false });
    const jid = before.set.create({ pid: peer.pid, uid: 0 });
    await endLeader(peer);
    expect(before.set.members(jid)).toEqual([peer.pid]);
    before.set.close();
    using after = new TestJobs(directory, { useGroups: false });
    expect(after.set.members(jid)).toEqual([peer.pid]);
  },
);

test.skipIf(!isRoot)(
  "needs root: jobs written by an earlier version go on, and their processes are found",
  async () => {
    using directory = new TemporaryDirectory();
    await using peer = await Perl.run("1");
    const before = new TestJobs(directory, { useGroups: false });
    const jid = before.set.create({ pid: peer.pid, uid: 0 });
    before.set.close();
    const database = new Database(directory.file("jobs.db"));
    database.exec("ALTER TABLE process DROP COLUMN number; PRAGMA user_version = 1");
    database.close();
    const view = new JobsView({ stateDirectory: directory.path, procRoot: "/proc" });
    expect(await view.members(jid)).toEqual([peer.pid]);
    view.close();
    using after = new TestJobs(directory, { useGroups: false });
    expect(after.set.getpidlst(jid, 10)).toEqual([peer.pid]);
  },
);
