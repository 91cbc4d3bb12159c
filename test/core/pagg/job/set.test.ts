/** Every request of the Job module with its errors, on processes as they are. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmdirSync } from "node:fs";
import { systemClock } from "#app/cli/system-clock.ts";
import { jidText } from "#core/model/jid.ts";
import { JOB_DEFAULTS } from "#core/model/pagg-settings.ts";
import { v2Mount } from "#core/pagg/job/base-group.ts";
import { JobSet } from "#core/pagg/job/set.ts";
import { JobsView } from "#core/pagg/job/view.ts";
import { childGroups, groupId, groupProcesses, makeGroup, writeGroupFile } from "#ffi/cgroup.ts";
import { ProcessEvents, type ProcessEventsOptions } from "#ffi/proc-events.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { spawnChild } from "#ffi/spawn.ts";
import { SysError } from "#ffi/sys-error.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, ownGroup, refusal, sweepGroup, TestJobs } from "#test/harness/job-set.ts";
import { LineReader } from "#test/harness/lines.ts";
import { Perl } from "#test/harness/perl.ts";

const MOUNT = v2Mount("/proc") ?? "";
const UNUSED_PID = 0x7fff_fff0;
const isRoot = process.getuid?.() === 0;
const FORK = `sub child { my $p = fork() // die; if (!$p) { close STDIN; sleep 1000 while 1 } print "$p\\n"; $p }`;

/** A process that forks a child that sleeps when told `child()`. */
async function parent(): Promise<Perl & { child(): Promise<number> }> {
  const perl = await Perl.run(FORK);
  // "ok" comes after each line that was evaluated.
  const child = async () => {
    perl.tell("child()");
    for (let line = await perl.line(); ; line = await perl.line()) if (line !== "ok") return Number(line);
  };
  return Object.assign(perl, { child });
}

describe.each(["cgroup", "tracker"] as const)("a job held by its %s", (containment) => {
  const useGroups = containment === "cgroup";
  const reason = useGroups ? groupsMissing : isRoot ? null : "needs root";
  const run = (name: string, body: () => Promise<void>) =>
    test.skipIf(reason !== null)(reason === null ? name : `${name} (skipped: ${reason})`, body);

  run("CREATE: its process is in it, those it forks too, those it has are not", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    const before = await peer.child();
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    expect(jid).toBe(1n);
    expect(jobs.set.entry(jid)).toMatchObject({ containment, processes: 1, total: 1, uid: 0, user: "root" });
    expect(jobs.set.entry(jid)?.command).toContain("perl -MPOSIX");
    const child = await peer.child();
    expect(jobs.set.getpidlst(jid, 10)).toEqual([child, peer.pid]);
    expect(jobs.set.getpidlst(jid, 1)).toEqual([child]);
    expect([jobs.set.getjid(child), jobs.set.getprimepid(jid), jobs.set.getpidcnt(jid)]).toEqual([jid, peer.pid, 2]);
    expect(refusal(() => jobs.set.getjid(before))).toBe("ENODATA");
    process.kill(before, 9);
    process.kill(child, 9);
    peer.tell("waitpid(-1, 0); waitpid(-1, 0); POSIX::_exit(3)");
    await peer.ended();
    const report = await jobs.untilEnded(jid);
    expect(report).toMatchObject({ reason: "exit", processes: 2, exit: { status: 3 << 8, text: "exit 3" } });
    expect(jobs.set.reports()).toEqual([report]);
    expect(jobs.changes.map(({ type }) => type).filter((type) => type !== "changed")).toEqual(["created", "ended"]);
  });

  run("the end is that of the last process to leave, told to everyone who waits", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    const given: unknown[] = [];
    const ended = [jobs.waited(jid), jobs.waited(jid)];
    jobs.set.waitjid(jid, (end) => given.push(end))();
    const child = await peer.child();
    peer.tell("POSIX::_exit(3)");
    await peer.ended();
    expect(jobs.set.getpidlst(jid, 10)).toEqual([child]);
    jobs.set.killjid(jid, 15);
    expect(await Promise.all(ended)).toEqual([{ status: 15 }, { status: 15 }]);
    expect(given).toEqual([]);
    expect(jobs.set.getjidcnt()).toBe(0);
  });

  run("a shell that collects its last child and exits at once is the last to leave", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    for (let round = 0; round < 30; round++) {
      const shell = Bun.spawn(["sh", "-c", "read go; /bin/true; exit 3"], { stdin: "pipe" });
      const ended = jobs.waited(jobs.set.create({ pid: shell.pid, uid: 0 }));
      shell.stdin.write("\n");
      shell.stdin.flush();
      expect(await ended).toEqual({ status: 3 << 8 });
      await shell.exited;
    }
  });

  run("CREATE by a member: it leaves its job, which ends with status 0", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    const first = jobs.set.create({ pid: peer.pid, uid: 0 });
    const ended = jobs.waited(first);
    const second = jobs.set.create({ pid: peer.pid, uid: 0 });
    expect([await ended, jobs.set.getjid(peer.pid)]).toEqual([{ status: 0 }, second]);
    expect(await jobs.untilEnded(first)).toMatchObject({ reason: "detach", exit: null });
    const child = await peer.child();
    expect(jobs.set.getpidlst(second, 10)).toEqual([child, peer.pid]);
  });

  run("CREATE is refused: no process, another one, a zombie, a job id in use; disabled it is 0", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    for (const pid of [UNUSED_PID, 0, -1, 1.5, Number.NaN]) {
      expect(refusal(() => jobs.set.create({ pid, uid: 0 }))).toBe("ESRCH");
    }
    expect(refusal(() => jobs.set.create({ pid: peer.pid, uid: 0, startTicks: "1" }))).toBe("ESRCH");
    const zombie = await peer.child();
    process.kill(zombie, 9);
    while (readProcessStat("/proc", zombie)?.state !== "Z") await new Promise((resolve) => setImmediate(resolve));
    expect(refusal(() => jobs.set.create({ pid: zombie, uid: 0 }))).toBe("ESRCH");
    expect(jobs.set.create({ pid: peer.pid, uid: 0, jid: 0xabcn })).toBe(0xabcn);
    const other = await peer.child();
    expect(refusal(() => jobs.set.create({ pid: other, uid: 0, jid: 0xabcn }))).toBe("EBUSY");
    expect(refusal(() => jobs.set.create({ pid: other, uid: 0, jid: -1n }))).toBe("EINVAL");
    expect(refusal(() => jobs.set.create({ pid: other, uid: 0, jid: 1n << 64n }))).toBe("EINVAL");
    expect(jobs.set.getjidcnt()).toBe(1);
    expect(jobs.set.sethid(0xffff_ffff)).toBe(0xffff_ffff);
    expect(jobs.set.create({ pid: other, uid: 0 })).toBe(0n);
    expect(jobs.set.sethid(0x1_0000_0002)).toBe(2);
    expect(jobs.set.create({ pid: other, uid: 0 })).toBe((2n << 32n) | 1n);
    expect(jobs.set.getjidlst(10)).toEqual([(2n << 32n) | 1n, 0xabcn]);
    expect(jobs.set.getjidlst(1)).toHaveLength(1);
  });

  run("ATTACHPID and DETACHPID, with their errors", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    await using late = await parent();
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    const unknown = 0x77n;
    expect(refusal(() => jobs.set.attachpid(peer.pid, jid))).toBe("EINVAL");
    expect(refusal(() => jobs.set.attachpid(peer.pid, unknown))).toBe("EINVAL");
    expect(refusal(() => jobs.set.attachpid(UNUSED_PID, unknown))).toBe("ESRCH");
    expect(refusal(() => jobs.set.attachpid(late.pid, unknown))).toBe("ENODATA");
    expect(refusal(() => jobs.set.attachpid(late.pid, jid, "1"))).toBe("ESRCH");
    expect(refusal(() => jobs.set.detachpid(late.pid))).toBe("ESRCH");
    expect(refusal(() => jobs.set.detachpid(UNUSED_PID))).toBe("ESRCH");
    expect(refusal(() => jobs.set.detachpid(peer.pid, "1"))).toBe("ESRCH");
    expect(jobs.set.getjid(peer.pid)).toBe(jid);
    const origin = readCgroup(late.pid);
    const stays = await late.child();
    expect(jobs.set.attachpid(late.pid, jid)).toBe(jid);
    expect(jobs.set.getpidlst(jid, 10)).toEqual([late.pid, peer.pid]);
    expect(jobs.set.entry(jid)?.total).toBe(2);
    expect(refusal(() => jobs.set.getjid(stays))).toBe("ENODATA");
    const child = await late.child();
    expect(jobs.set.detachpid(late.pid)).toBe(jid);
    expect(readCgroup(late.pid)).toBe(origin);
    expect(refusal(() => jobs.set.getjid(late.pid))).toBe("ENODATA");
    // What it has forked meanwhile stays, what it forks now does not come.
    expect([jobs.set.getjid(child), refusal(() => jobs.set.getjid(stays))]).toEqual([jid, "ENODATA"]);
    const outside = await late.child();
    expect(refusal(() => jobs.set.getjid(outside))).toBe("ENODATA");
    for (const pid of [stays, outside]) process.kill(pid, 9);
  });

  run("DETACHJID lets all of them out alive, and the job ends with status 0", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    const child = await peer.child();
    const ended = jobs.waited(jid);
    expect(jobs.set.detachjid(jid)).toBe(2);
    expect(await ended).toEqual({ status: 0 });
    expect(await jobs.untilEnded(jid)).toMatchObject({ reason: "detach", exit: null, processes: 2 });
    expect(refusal(() => jobs.set.detachjid(jid))).toBe("ENODATA");
    expect([peer.pid, child].map((pid) => readProcessStat("/proc", pid)?.state)).not.toContain("Z");
    process.kill(child, 9);
  });

  run("KILLJID: refused before anything is sent, 0 only asks, each one is reached", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    await using bystander = await parent();
    const jid = jobs.set.create({ pid: peer.pid, uid: 4711 });
    const children = [await peer.child(), await peer.child()];
    for (const signal of [-1, 65, 1.5]) expect(refusal(() => jobs.set.killjid(jid, signal))).toBe("EINVAL");
    expect(refusal(() => jobs.set.killjid(0x77n, 9))).toBe("ENODATA");
    const asked: number[] = [];
    const refuse = (uid: number) => {
      asked.push(uid);
      throw Object.assign(new Error("no"), { errno: "EPERM" });
    };
    expect(refusal(() => jobs.set.killjid(jid, 9, refuse))).toBe("EPERM");
    jobs.set.killjid(jid, 0);
    expect([asked, jobs.set.getpidcnt(jid)]).toEqual([[4711], 3]);
    jobs.set.killjid(jid, 9);
    expect(jobs.set.entry(jid)?.state ?? "dying").toBe("dying");
    expect((await jobs.untilEnded(jid)).exit?.status).toBe(9);
    for (const pid of children) expect(readProcessStat("/proc", pid)?.state ?? "Z").toBe("Z");
    expect(readProcessStat("/proc", bystander.pid)?.state).toMatch(/[RS]/);
  });

  run("what is asked of a job that there is not, or not any more", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    for (const jid of [0n, 0x77n, -1n, 1n << 70n]) {
      expect(refusal(() => jobs.set.waitjid(jid, () => {}))).toBe("ENODATA");
      expect(refusal(() => jobs.set.getpidcnt(jid))).toBe("ENODATA");
      expect(refusal(() => jobs.set.getpidlst(jid, 1))).toBe("ENODATA");
      expect(jobs.set.getpidlst(jid, 0)).toEqual([]);
      expect(refusal(() => jobs.set.getuser(jid))).toBe("ENODATA");
      expect(refusal(() => jobs.set.getprimepid(jid))).toBe("ENODATA");
      expect(refusal(() => jobs.set.detachjid(jid))).toBe("ENODATA");
      expect(refusal(() => jobs.set.freeze(jid))).toBe("ENODATA");
      expect(refusal(() => jobs.set.usage(jid))).toBe("ENODATA");
      expect(jobs.set.entry(jid)).toBeNull();
    }
    for (const capacity of [-1, 1.5]) {
      expect(refusal(() => jobs.set.getjidlst(capacity))).toBe("ENOMEM");
      expect(refusal(() => jobs.set.getpidlst(1n, capacity))).toBe("ENOMEM");
    }
    expect(refusal(() => jobs.set.getjid(UNUSED_PID))).toBe("ESRCH");
    expect(refusal(() => jobs.set.getjid(process.pid))).toBe("ENODATA");
  });

  run("what it uses, while it lives and when it has ended", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await parent();
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    peer.tell("my $until = POSIX::clock() + 50_000; 1 while POSIX::clock() < $until; print qq(done\\n)");
    for (let line = await peer.line(); line !== "done"; line = await peer.line());
    const usage = jobs.set.usage(jid);
    expect(usage.cpuSeconds).toBeGreaterThanOrEqual(0.04);
    expect(usage.memoryBytes).toBeGreaterThan(1 << 20);
    jobs.set.killjid(jid, 9);
    const { cpuSeconds } = await jobs.untilEnded(jid);
    if (useGroups) expect(cpuSeconds).toBeGreaterThanOrEqual(0.04);
    else expect(cpuSeconds).toBeNull();
  });

  run("only so many reports are kept, and asked for by job, time and number", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups, jobs: { reports: 2 } });
    for (let round = 0; round < 3; round++) {
      await using peer = await parent();
      const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
      jobs.set.killjid(jid, 9);
      await jobs.untilEnded(jid);
    }
    const ids = (query = {}) => jobs.set.reports(query).map(({ jid }) => jid);
    expect(ids()).toEqual([jidText(2n), jidText(3n)]);
    expect([ids({ limit: 1 }), ids({ jid: 2n }), ids({ jid: 1n })]).toEqual([[jidText(3n)], [jidText(2n)], []]);
    expect(ids({ sinceMs: Date.now() + 1000 })).toEqual([]);
  });

  run("one keeps them, nobody else", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    expect(() => new TestJobs(directory, { useGroups })).toThrow("another process keeps the jobs");
    expect(jobs.set.groupsMissing === null).toBe(useGroups);
  });
});

const inGroup = (name: string, body: () => Promise<void>) =>
  test.skipIf(groupsMissing !== null)(groupsMissing === null ? name : `${name} (skipped: ${groupsMissing})`, body);

const readCgroup = (pid: number): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";

inGroup("freeze and thaw, with the words for it; a frozen job can be killed", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  await jobs.until((change) => (change.type === "created" ? change : null));
  const until = async (state: string) => {
    jobs.changes.splice(0);
    await jobs.until((change) => (change.type === "changed" && change.entry.state === state ? change : null));
  };
  jobs.set.freeze(jid);
  expect(["freezing", "frozen"]).toContain(jobs.set.entry(jid)?.state ?? "");
  await until("frozen");
  jobs.set.thaw(jid);
  await until("running");
  // By somebody else.
  writeGroupFile(jobs.path(jid), "cgroup.freeze", "1");
  await until("frozen");
  jobs.set.thaw(jid);
  expect(await peer.child()).toBeGreaterThan(0);
  jobs.set.freeze(jid);
  jobs.set.killjid(jid, 9);
  expect((await jobs.untilEnded(jid)).exit?.status).toBe(9);
});

test.skipIf(!isRoot)("needs root: a job of the tracker cannot be frozen", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory, { useGroups: false });
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  expect(refusal(() => jobs.set.freeze(jid))).toBe("ENOTSUP");
  jobs.set.killjid(jid, 9);
  await jobs.untilEnded(jid);
});

inGroup("who is moved out by hand has left, who is moved in is in, also in groups below", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  await using other = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  const path = jobs.path(jid);
  makeGroup(`${path}/inner`);
  const child = await peer.child();
  writeGroupFile(`${path}/inner`, "cgroup.procs", String(child));
  writeGroupFile(path, "cgroup.procs", String(other.pid));
  expect([jobs.set.getjid(child), jobs.set.getjid(other.pid)]).toEqual([jid, jid]);
  expect(jobs.set.getpidlst(jid, 10).toSorted()).toEqual([child, other.pid, peer.pid].toSorted());
  writeGroupFile(MOUNT, "cgroup.procs", String(other.pid));
  expect(refusal(() => jobs.set.getjid(other.pid))).toBe("ENODATA");
  expect(jobs.set.getpidcnt(jid)).toBe(2);
  jobs.set.killjid(jid, 15);
  process.kill(child, 9);
  await jobs.untilEnded(jid);
  expect(readProcessStat("/proc", other.pid)?.state).toMatch(/[RS]/);
  expect(groupProcesses(path)).toBeNull();
});

inGroup("a group that is emptied and removed from outside ends its job, once", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  const path = jobs.path(jid);
  writeGroupFile(MOUNT, "cgroup.procs", String(peer.pid));
  rmdirSync(path);
  expect(await jobs.untilEnded(jid)).toMatchObject({ reason: "detach", exit: null });
  expect(readProcessStat("/proc", peer.pid)?.state).toMatch(/[RS]/);
  expect(jobs.changes.filter(({ type }) => type === "ended")).toHaveLength(1);
});

inGroup("no room for another group: ENOMEM, and the way out", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  const base = `${MOUNT}/${jobs.group}`;
  writeGroupFile(base, "cgroup.max.descendants", "0");
  expect(refusal(() => jobs.set.create({ pid: peer.pid, uid: 0 }))).toBe("ENOMEM");
  writeGroupFile(base, "cgroup.max.descendants", "max");
  expect(jobs.set.getjidcnt()).toBe(0);
  expect(jobs.set.create({ pid: peer.pid, uid: 0 })).toBe(2n);
});

/** Starts another keeper, and kills it when it has the processes in jobs. */
async function keptAndKilled(directory: TemporaryDirectory, group: string, containment: string, pids: number[]) {
  const script = `${import.meta.dir}/../../../harness/job-keeper.ts`;
  const keeper = Bun.spawn([process.execPath, script, directory.path, group, containment, ...pids.map(String)], {
    stdout: "pipe",
  });
  for await (const chunk of keeper.stdout) {
    expect(new TextDecoder().decode(chunk)).toBe("kept\n");
    break;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      keeper.kill("SIGKILL");
      await keeper.exited;
    },
  };
}

describe.each(["cgroup", "tracker"] as const)("after kill -9 of the keeper, jobs held by the %s", (containment) => {
  const useGroups = containment === "cgroup";
  const isSkipped = useGroups ? groupsMissing !== null : !isRoot;

  test.skipIf(isSkipped)("go on if they live, with those forked meanwhile; the others are lost", async () => {
    using directory = new TemporaryDirectory();
    const group = ownGroup();
    await using living = await parent();
    await using dead = await parent();
    {
      await using _keeper = await keptAndKilled(directory, group, containment, [living.pid, dead.pid]);
    }
    const child = await living.child();
    dead.tell("POSIX::_exit(3)");
    await dead.ended();
    using jobs = new TestJobs(directory, { group, useGroups });
    const lost = await jobs.untilEnded(2n);
    expect(lost).toMatchObject({
      reason: "lost",
      exit: { status: null, text: "status unknown" },
      processes: null,
      uid: 7,
    });
    if (useGroups) expect(lost.cpuSeconds).toBeGreaterThanOrEqual(0);
    expect(jobs.set.getjidlst(10)).toEqual([1n]);
    expect(jobs.set.entry(1n)).toMatchObject({ uid: 7, containment, processes: 2, total: null });
    expect(jobs.set.getpidlst(1n, 10).toSorted()).toEqual([child, living.pid].toSorted());
    jobs.set.killjid(1n, 9);
    expect((await jobs.untilEnded(1n)).exit?.status).toBe(9);
    await using peer = await parent();
    // Counted on, not from the start.
    expect(jobs.set.create({ pid: peer.pid, uid: 0 })).toBe(3n);
  });
});

inGroup("without process events the groups alone tell: who is in it and when it ended, not how", async () => {
  using directory = new TemporaryDirectory();
  const openEvents = () => {
    throw new SysError(1, "listen", "proc connector");
  };
  using jobs = new TestJobs(directory, { openEvents });
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  const child = await peer.child();
  expect(jobs.set.getpidlst(jid, 10).toSorted()).toEqual([child, peer.pid].toSorted());
  expect([jobs.set.getjid(child), jobs.set.getpidcnt(jid), jobs.problems.length]).toEqual([jid, 2, 1]);
  jobs.set.killjid(jid, 9);
  expect(await jobs.untilEnded(jid)).toMatchObject({ reason: "lost", processes: null, exit: { status: null } });
});

test("neither groups nor process events: no job, and a reason", async () => {
  using directory = new TemporaryDirectory();
  const openEvents = () => {
    throw new SysError(1, "listen", "proc connector");
  };
  using jobs = new TestJobs(directory, { openEvents, useGroups: false });
  await using peer = await parent();
  expect(refusal(() => jobs.set.create({ pid: peer.pid, uid: 0 }))).toBe("ENOTSUP");
  expect(jobs.set.getjidcnt()).toBe(0);
});

inGroup("who looks without keeping sees the same jobs and reports", async () => {
  using directory = new TemporaryDirectory();
  const view = new JobsView({ stateDirectory: directory.path, procRoot: "/proc" });
  expect([await view.entries(), await view.reports()]).toEqual([[], []]);
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  const entry = jobs.set.entry(jid);
  expect(await view.entries()).toEqual(entry ? [{ ...entry, total: null }] : []);
  expect(await view.members(jid)).toEqual([peer.pid]);
  jobs.set.killjid(jid, 9);
  const report = await jobs.untilEnded(jid);
  expect([await view.entries(), await view.reports({ jid })]).toEqual([[], [report]]);
  expect(await view.members(jid).catch((thrown) => thrown.errno)).toBe("ENODATA");
  view.close();
});

inGroup("groups without a job: an empty one is removed, one with processes becomes a job", async () => {
  using directory = new TemporaryDirectory();
  const group = ownGroup();
  await using peer = await parent();
  const base = `${MOUNT}/${group}`;
  for (const path of [base, `${base}/empty`, `${base}/full`]) makeGroup(path);
  writeGroupFile(`${base}/full`, "cgroup.procs", String(peer.pid));
  using jobs = new TestJobs(directory, { group });
  expect(childGroups(base)).toEqual(["full"]);
  expect(jobs.set.getpidlst(jobs.set.getjid(peer.pid), 10)).toEqual([peer.pid]);
  jobs.set.killjid(1n, 9);
  await jobs.untilEnded(1n);
});

inGroup("two services have groups of their own; a group nobody chose goes with its last job", async () => {
  using one = new TemporaryDirectory();
  using two = new TemporaryDirectory();
  await using peer = await parent();
  const open = (directory: TemporaryDirectory) => new TestJobs(directory, { jobs: { cgroup: null } });
  /** Where others may make one again as soon as it is gone. */
  const bases = new Map<string, bigint>();
  {
    using first = open(one);
    using second = open(two);
    for (const jobs of [first, second]) {
      const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
      const base = jobs.path(jid).replace(/\/[^/]*$/, "");
      bases.set(base, groupId(base));
      jobs.set.detachjid(jid);
      await jobs.untilEnded(jid);
    }
    expect(bases.size).toBe(2);
  }
  for (const [base, id] of bases) expect(existsSync(base) && groupId(base) === id).toBe(false);
});

test("init and the service itself are never put into a job", async () => {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  await using peer = await parent();
  const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
  for (const pid of [1, process.pid]) {
    expect(refusal(() => jobs.set.create({ pid, uid: 0 }))).toBe("EPERM");
    expect(refusal(() => jobs.set.attachpid(pid, jid))).toBe("EPERM");
  }
  expect(jobs.set.getpidlst(jid, 10)).toEqual([peer.pid]);
});

const notRoot = isRoot && groupsMissing === null ? null : (groupsMissing ?? "needs root");
test.skipIf(notRoot !== null)(
  `a service that was started in one of its jobs leaves it${notRoot === null ? "" : ` (skipped: ${notRoot})`}`,
  async () => {
    using directory = new TemporaryDirectory();
    const script = `${import.meta.dir}/../../../harness/job-keeper.ts`;
    const group = ownGroup();
    const keep = `read go; exec "$0" "$1" "$2" "$3" cgroup`;
    const keeper = Bun.spawn(["sh", "-c", keep, process.execPath, script, directory.path, group], {
      stdin: "pipe",
      stdout: "pipe",
    });
    await using _end = {
      [Symbol.asyncDispose]: async () => {
        keeper.kill("SIGKILL");
        await keeper.exited;
        sweepGroup(group);
      },
    };
    const before = JobSet.open({
      node: "n1",
      stateDirectory: directory.path,
      procRoot: "/proc",
      uid: 0,
      clock: systemClock,
      settings: { ...JOB_DEFAULTS, cgroup: group },
      onChange: () => {},
      onProblem: () => {},
    });
    before?.create({ pid: keeper.pid, uid: 0 });
    const inJob = () => readFileSync(`/proc/${keeper.pid}/cgroup`, "latin1").includes(group);
    expect(inJob()).toBe(true);
    before?.close();
    keeper.stdin.write("go\n");
    keeper.stdin.end();
    expect(await new LineReader(keeper.stdout).next()).toBe("kept");
    expect(inJob()).toBe(false);
  },
);

test.skipIf(groupsMissing !== null)(
  "a process that forks on its way in and ends leaves its job to the child, and no group without a job",
  async () => {
    using directory = new TemporaryDirectory();
    const group = ownGroup();
    using first = spawnChild({ file: "/bin/sleep", argv: ["sleep", "1000"], env: {}, stdio: ["null", "null", "null"] });
    await using child = Bun.spawn(["sleep", "1000"]);
    // Between the move into the group and the look whether it lives.
    const onDrain = () => {
      for (const name of childGroups(`${MOUNT}/${group}`)) {
        const path = `${MOUNT}/${group}/${name}`;
        if (!groupProcesses(path)?.has(first.pid)) continue;
        writeGroupFile(path, "cgroup.procs", String(child.pid));
        first.pidfd.sendSignal(9);
        first.pidfd.waitSync(-1);
        first.pidfd.reap();
      }
    };
    const openEvents = (options: ProcessEventsOptions) => {
      const events = ProcessEvents.open(options);
      const drain = events.drain.bind(events);
      events.drain = () => {
        onDrain();
        drain();
      };
      return events;
    };
    using jobs = new TestJobs(directory, { group, openEvents });
    const jid = jobs.set.create({ pid: first.pid, uid: 0 });
    expect(jobs.set.members(jid)).toEqual([child.pid]);
    expect(jobs.set.entry(jid)).toMatchObject({ containment: "cgroup", processes: 1, total: null });
    child.kill(9);
    expect(await jobs.untilEnded(jid)).toMatchObject({ reason: "exit", exit: { status: 9 } });
    expect(childGroups(`${MOUNT}/${group}`)).toEqual([]);
  },
);

test("closed, it lets go of everything; opened again, it keeps its jobs", async () => {
  using directory = new TemporaryDirectory();
  const options = {
    node: "n1",
    stateDirectory: directory.path,
    procRoot: "/proc",
    uid: 65534,
    clock: { nowMs: () => 0, wallMs: () => 0, setTimer: () => () => {} },
    settings: { cgroup: null, hid: 7, jobdSocket: null, reports: 1 },
    useGroups: false,
    onChange: () => {},
    onProblem: () => {},
  };
  JobSet.open(options)?.close();
  const again = JobSet.open(options);
  expect([again?.hid, again?.getjidcnt()]).toEqual([7, 0]);
  again?.close();
  again?.close();
});
