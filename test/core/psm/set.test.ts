/** cfg_psm_catops(3) and cfg_psm_memops(3), rule by rule, on real processes. */
import { expect, test } from "bun:test";
import { MusterError } from "#core/model/error.ts";
import { makeIdentity } from "#core/model/id.ts";
import { WELL_KNOWN_CATEGORIES } from "#core/psm/names.ts";
import { PSM_FL_ARGTRUNC, PSM_FL_EXIT } from "#core/psm/record.ts";
import type { ProcessSet } from "#core/psm/set.ts";
import { PsmError } from "#core/psm/status.ts";
import { listPids, processIdentityTicks, readProcessStat } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Perl } from "#test/harness/perl.ts";
import { NO_MEMBERS, refusal, TestSet } from "#test/harness/process-set.ts";

test("the 28 well-known categories are there from the start", () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const records = own.set.catget(null);
  expect(records.map((record) => record.crs_cat)).toEqual([...WELL_KNOWN_CATEGORIES]);
  expect(records[0]).toEqual({ crs_listidx: 1, crs_listcnt: 28, crs_total: 28, crs_memcnt: 0, crs_cat: "automountd" });
  expect(records[27]?.crs_listidx).toBe(28);
});

test("categories: add, add again, get, remove", () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { catMax: 30 } });
  const { set } = own;
  set.catadd("web");
  expect(refusal(() => set.catadd("web"))).toBe("EALREADY");
  expect(refusal(() => set.catadd("mountd"))).toBe("EALREADY");
  expect(refusal(() => set.catadd("a/b"))).toBe("EINVAL");
  expect(set.catget("web")).toEqual([{ crs_listidx: 1, crs_listcnt: 1, crs_total: 1, crs_memcnt: 0, crs_cat: "web" }]);
  expect(refusal(() => set.catget("db"))).toBe("ENOENT");
  set.catadd("db");
  expect(refusal(() => set.catadd("one too many"))).toBe("ENOSPC");
  expect(refusal(() => set.catrem("web"))).toBe("ENOTSUP");
  expect(refusal(() => set.catrem("nowhere"))).toBe("ENOENT");
  expect(refusal(() => set.catrem("mountd", { ifEmpty: true }))).toBe("ENOTSUP");
  set.catrem("web", { ifEmpty: true });
  expect(refusal(() => set.catget("web"))).toBe("ENOENT");
  set.catadd("in its place");
  expect(own.changes.map((change) => [change.type, "category" in change ? change.category : ""])).toEqual([
    ["categoryAdded", "web"],
    ["categoryAdded", "db"],
    ["categoryRemoved", "web"],
    ["categoryAdded", "in its place"],
  ]);
});

test("a generic query of an empty set is one element of zeros; lists are simply empty", () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  expect(own.set.memget(null, 0)).toEqual([NO_MEMBERS]);
  expect(own.set.members(null, 0)).toEqual([]);
  expect(own.set.members("mountd", 0)).toEqual([]);
  expect(own.set.memget("mountd", 0)[0]?.mrs_listcnt).toBe(0);
});

test("members: every form of memget, and their records", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using a = await Perl.run("1", ["a"]);
  await using b = await Perl.run("1", ["b"]);
  await using c = await Perl.run("1", ["c"]);
  const { set } = own;
  for (const [category, { pid }] of [
    ["web", a],
    ["web", b],
    ["db", c],
  ] as const) {
    set.memadd(category, pid);
  }
  const pids = (records: readonly { mrs_pid: number }[]) => records.map((record) => record.mrs_pid);
  expect(pids(set.memget(null, 0))).toEqual([a.pid, b.pid, c.pid]);
  expect(pids(set.memget("web", 0))).toEqual([a.pid, b.pid]);
  expect(pids(set.memget(null, c.pid))).toEqual([c.pid]);
  expect(pids(set.memget("db", c.pid))).toEqual([c.pid]);
  expect(refusal(() => set.memget("web", c.pid))).toBe("ENOENT");
  expect(refusal(() => set.memget("nowhere", 0))).toBe("ENOENT");
  expect(refusal(() => set.memget("nowhere", c.pid))).toBe("ENOENT");
  expect(refusal(() => set.memget(null, process.pid))).toBe("ENOENT");
  expect(refusal(() => set.memget(null, -1))).toBe("EINVAL");
  const [, second] = set.memget("web", 0);
  expect(second).toMatchObject({
    mrs_listidx: 2,
    mrs_listcnt: 2,
    mrs_total: 2,
    mrs_exitcode: 0,
    mrs_flags: 0,
    mrs_name: `n1-${b.pid}`,
    mrs_state: "running",
  });
  expect(second?.mrs_argv).toMatch(/^perl -MPOSIX -e .* -- b$|^perl -MPOSIX -e /);
  set.memrem("web", a.pid);
  expect(pids(set.memget(null, 0))).toEqual([b.pid, c.pid]);
  expect(refusal(() => set.memrem("web", a.pid))).toBe("ENOENT");
  expect(refusal(() => set.memrem("web", c.pid))).toBe("ENOENT");
  expect(refusal(() => set.catrem("web", { ifEmpty: true }))).toBe("ENOTSUP");
});

test("a process is in one category at most; it can be registered again once it was removed", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  expect(refusal(() => own.set.memadd("web", peer.pid))).toBe("EALREADY");
  expect(refusal(() => own.set.memadd("db", peer.pid))).toBe("EALREADY");
  expect(own.set.hasCategory("db")).toBe(false);
  own.set.memrem(null, peer.pid);
  own.set.memadd("db", peer.pid);
  expect(own.set.member(null, peer.pid).category).toBe("db");
});

test("what is no process of its own cannot be a member", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const add = (pid: number) => refusal(() => own.set.memadd("web", pid));
  for (const pid of [-1, 2 ** 31, 1.5, Number.NaN]) expect(add(pid)).toBe("EINVAL");
  // No caller is known whom _PSM_MYPID could mean.
  expect(add(0)).toBe("EINVAL");
  expect(add(2 ** 31 - 1)).toBe("ESRCH");
  const kernelThread = listPids("/proc").find((pid) => readProcessStat("/proc", pid)?.kernelThread);
  if (kernelThread !== undefined) expect(add(kernelThread)).toBe("ESRCH");
  await using parent = await Perl.run(`my $p = fork() // die; if (!$p) { POSIX::_exit(0) } print "$p\\n"`);
  const zombie = Number(await parent.line());
  // Its parent has not collected it, and never will.
  while (readProcessStat("/proc", zombie)?.state !== "Z") await new Promise((resolve) => setImmediate(resolve));
  expect(add(zombie)).toBe("ESRCH");
  // A thread that is not the first of its process.
  const thread = listPids(`/proc/${process.pid}/task`).find((tid) => tid !== process.pid);
  if (thread !== undefined) expect(add(thread)).toBe("ESRCH");
  expect(own.set.members(null, 0)).toEqual([]);
  // Nothing was made for members that did not come about.
  expect(own.set.hasCategory("web")).toBe(false);
});

test("_PSM_MYPID is whoever asks", () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  expect(own.set.memadd("web", 0, { callerPid: process.pid }).pid).toBe(process.pid);
  expect(own.set.memrem("web", 0, { callerPid: process.pid }).pid).toBe(process.pid);
});

test("a child between fork and exec is busy for others, and itself for itself", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using parent = await Perl.run(`my $p = fork() // die; if (!$p) { sleep 1000; POSIX::_exit(0) } print "$p\\n"`);
  const child = Number(await parent.line());
  expect(refusal(() => own.set.memadd("web", child))).toBe("EBUSY");
  expect(own.set.memadd("web", 0, { callerPid: child }).pid).toBe(child);
  own.set.memrem("web", child);
  expect(own.set.memadd("web", child, { argv: "as it will be" }).argv).toBe("as it will be");
  process.kill(child, "SIGKILL");
});

test("a child that stays what it was forked from is taken for what it is", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using parent = await Perl.run(`my $p = fork() // die; if (!$p) { sleep 1000; POSIX::_exit(0) } print "$p\\n"`);
  const child = Number(await parent.line());
  // Busy until it is a second old: the loop ends by itself.
  while (refusal(() => own.set.memadd("web", child)) === "EBUSY") await new Promise((resolve) => setImmediate(resolve));
  expect(own.set.member("web", child).pid).toBe(child);
  process.kill(child, "SIGKILL");
});

test("a child whose parent is another program is not busy, nor one that has executed its own", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  expect(own.set.memadd("web", peer.pid).argv).toStartWith("perl -MPOSIX");
});

test("psm_mem_autocat: without it the category must be there", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { memAutocat: false } });
  await using peer = await Perl.run("1");
  expect(refusal(() => own.set.memadd("web", peer.pid))).toBe("ENOENT");
  expect(own.set.memadd("mountd", peer.pid).category).toBe("mountd");
  own.set.memrem(null, peer.pid);
  own.set.setSettings({ ...own.set.settings, memAutocat: true });
  expect(own.set.memadd("web", peer.pid).category).toBe("web");
});

test("psm_mem_max and psm_cat_max, changed while the set is kept", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { memMax: 1, catMax: 28 } });
  await using a = await Perl.run("1", ["a"]);
  await using b = await Perl.run("1", ["b"]);
  expect(refusal(() => own.set.memadd("web", a.pid))).toBe("ENOSPC");
  own.set.memadd("mountd", a.pid);
  expect(refusal(() => own.set.memadd("mountd", b.pid))).toBe("ENOSPC");
  own.set.setSettings({ ...own.set.settings, memMax: 2, catMax: 29 });
  own.set.memadd("web", b.pid);
  own.set.setSettings({ ...own.set.settings, memMax: 0, catMax: 0 });
  expect(own.set.members(null, 0)).toHaveLength(2);
  expect(refusal(() => own.set.catadd("x"))).toBe("ENOSPC");
});

test("argv is saved at registration, blanks for NULs, cut at 167 bytes and said to be; never read again", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const child = Bun.spawn(["sleep", "1000"], { argv0: `renamed ${"ä".repeat(100)}` });
  // The kernel lets a parent go on when its child's execve is past its last mistake, not when it is over.
  while (refusal(() => own.set.memadd("web", child.pid)) === "EBUSY") await Promise.resolve();
  const cut = own.set.member("web", child.pid);
  // 168 bytes would have split the last one.
  expect(cut.argv).toBe(`renamed ${"ä".repeat(79)}`);
  expect(own.set.memget("web", child.pid)[0]).toMatchObject({ mrs_flags: PSM_FL_ARGTRUNC, mrs_argv: cut.argv });
  child.kill();
  await using peer = await Perl.run("1");
  const entry = own.set.memadd("web", peer.pid);
  peer.tell('$0 = "another"');
  await peer.line();
  expect(own.set.memget("web", peer.pid)[0]?.mrs_argv).toBe(entry.argv);
});

test("after an exec it is the same member, with the argv of before", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  const entry = own.set.memadd("web", peer.pid);
  peer.tell(`exec "perl", "-e", "print qq(second\\n); exit 5"`);
  expect(await peer.line()).toBe("second");
  const exited = await own.untilExited(peer.pid);
  expect(exited).toMatchObject({ number: entry.number, argv: entry.argv, exit: { status: 5 << 8 } });
});

test("the state is the owner's word; exited is the kernel's", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  const entry = own.set.memadd("web", peer.pid);
  own.set.setState(entry, "draining");
  expect(own.set.memget("web", 0)[0]?.mrs_state).toBe("draining");
  expect(refusal(() => own.set.setState(entry, "exited"))).toBe("EINVAL");
  expect(refusal(() => own.set.setState(entry, "x".repeat(32)))).toBe("EINVAL");
  peer.tell("POSIX::_exit(0)");
  await own.untilExited(peer.pid);
  expect(own.set.memget("web", 0)[0]).toMatchObject({ mrs_state: "exited", mrs_flags: PSM_FL_EXIT, mrs_exitcode: 0 });
  expect(refusal(() => own.set.setState(entry, "alive"))).toBe("ESRCH");
  own.set.remove(entry);
  expect(refusal(() => own.set.setState(entry, "alive"))).toBe("ENOENT");
});

test("a new instance takes the place of an exited one with its argv, the oldest first, and of no other", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { memMax: 3 } });
  const { set } = own;
  const run = async (name: string) => {
    const peer = await Perl.run(`$0 = "${name}"`);
    set.memadd("web", peer.pid);
    return peer;
  };
  const pids = () => set.members("web", 0).map((entry) => entry.pid);
  await using a = await run("worker");
  await using b = await run("worker");
  await using c = await run("other");
  for (const peer of [a, b, c]) {
    peer.tell("POSIX::_exit(1)");
    await own.untilExited(peer.pid);
  }
  // The set is full, but what is replaced needs no room.
  await using d = await run("worker");
  expect(pids()).toEqual([b.pid, c.pid, d.pid]);
  await using e = await Perl.run(`$0 = "third"`);
  expect(refusal(() => set.memadd("web", e.pid))).toBe("ENOSPC");
  set.memrem("web", c.pid);
  set.memadd("web", e.pid);
  expect(pids()).toEqual([b.pid, d.pid, e.pid]);
  const told = own.changes.filter((change) => change.type === "memberRemoved");
  expect(told.map((change) => "reason" in change && [change.entry.pid, change.reason])).toEqual([
    [a.pid, "replaced"],
    [c.pid, "removed"],
  ]);
});

const isRoot = process.geteuid?.() === 0;
const rootTest = (name: string, body: () => Promise<void>) =>
  test.skipIf(!isRoot)(isRoot ? name : `${name} (skipped: needs root, to have processes of several users)`, body);

/** As the service asks for a user who has no rights but his own. */
const only = (own: number) => ({
  authorize: (uid: number) => {
    if (uid !== own) throw new MusterError("PERMISSION_DENIED", `not of uid ${own}`);
  },
});

const ofUser = (uid: number) => Perl.run(`POSIX::setuid(${uid}); $0 = "worker"`);

rootTest("how another user's process ended is kept, whatever is registered under its name", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const { set } = own;
  const end = async (peer: Perl) => {
    peer.tell("POSIX::_exit(7)");
    await own.untilExited(peer.pid);
  };
  const pids = () => set.members("web", 0).map(({ pid }) => pid);
  await using vital = await ofUser(0);
  await using first = await ofUser(1001);
  set.memadd("web", vital.pid);
  set.memadd("web", first.pid, only(1001));
  await end(vital);
  await end(first);
  await using stranger = await ofUser(1002);
  set.memadd("web", stranger.pid, only(1002));
  expect(pids()).toEqual([vital.pid, first.pid, stranger.pid]);
  await using second = await ofUser(1001);
  set.memadd("web", second.pid, only(1001));
  expect(pids()).toEqual([vital.pid, stranger.pid, second.pid]);
  expect(set.member("web", vital.pid).exit?.status).toBe(7 << 8);
  // Root's own new instance takes the place of whatever had its name.
  await using again = await ofUser(0);
  set.memadd("web", again.pid);
  expect(pids()).toEqual([stranger.pid, second.pid, again.pid]);
});

rootTest("a user has a share of the room, users together have another, and the rest is kept for root", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { memMax: 8, catMax: 40 } });
  const { set } = own;
  await using peers = new AsyncDisposableStack();
  const add = async (uid: number, category = "mountd") => {
    const { pid } = peers.use(await ofUser(uid));
    return refusal(() => set.memadd(category, pid, uid === 0 ? {} : only(uid)));
  };
  expect([await add(1001), await add(1001), await add(1001)]).toEqual(["", "", "ENOSPC"]);
  expect([await add(1002), await add(1002), await add(1002)]).toEqual(["", "", "ENOSPC"]);
  expect([await add(1003), await add(1003)]).toEqual(["", ""]);
  expect(await add(1004)).toBe("ENOSPC");
  // 28 are there from the start, and 30 are three quarters.
  own.set.setSettings({ ...own.set.settings, memMax: 20 });
  expect([await add(1005, "a"), await add(1005, "b"), await add(1005, "c")]).toEqual(["", "", "ENOSPC"]);
  expect(await add(0, "c")).toBe("");
  own.set.setSettings({ ...own.set.settings, memMax: 10 });
  expect([await add(0), await add(0)]).toEqual(["", "ENOSPC"]);
});

rootTest("no user adds all the categories that users may, by members that come and go", async () => {
  using directory = new TemporaryDirectory();
  const settings = { catMax: 80 };
  await using greedy = await ofUser(1001);
  await using other = await ofUser(1002);
  const take = (set: ProcessSet, name: string, pid: number, uid: number) =>
    refusal(() => set.remove(set.memadd(name, pid, only(uid))));
  {
    using own = new TestSet(directory, { settings });
    const answers = Array.from({ length: 21 }, (_, number) => take(own.set, `his ${number}`, greedy.pid, 1001));
    expect(answers).toEqual([...Array(20).fill(""), "ENOSPC"]);
  }
  // A restart is no way around it.
  using own = new TestSet(directory, { settings });
  expect(take(own.set, "one more", greedy.pid, 1001)).toBe("ENOSPC");
  expect(take(own.set, "other", other.pid, 1002)).toBe("");
  own.set.catrem("his 0", { ifEmpty: true });
  expect(take(own.set, "one more", greedy.pid, 1001)).toBe("");
});

test("a pid is no identity: who was seen and is gone is not mistaken for who has its pid now", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  const ticks = processIdentityTicks("/proc", peer.pid) ?? "";
  const before = String(Number(ticks) - 1);
  try {
    own.set.memadd("web", peer.pid, { startTicks: before });
    throw new Error("it was taken");
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PsmError);
    expect(thrown).toMatchObject({ code: "IDENTITY_CHANGED", errno: "ESRCH" });
  }
  own.set.memadd("web", peer.pid, { startTicks: ticks });
  expect(own.set.memberWithIdentity("web", peer.pid, ticks)?.pid).toBe(peer.pid);
  expect(own.set.memberWithIdentity("web", peer.pid, before)).toBeNull();
  expect(own.set.memberItems()[0]?.id).toBe(`n1/member/web/${makeIdentity(peer.pid, ticks)}`);
});

test("who may not is refused before anything is kept", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  const uids: number[] = [];
  const refuse = (uid: number) => {
    uids.push(uid);
    throw new PsmError(4, "PERMISSION_DENIED", "no", { errno: "EPERM" });
  };
  expect(() => own.set.memadd("web", peer.pid, { authorize: refuse })).toThrow("no");
  expect(uids).toEqual([process.getuid?.() ?? -1]);
  expect([own.set.members(null, 0), own.changes]).toEqual([[], []]);
});
