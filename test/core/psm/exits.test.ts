/** How members end: by status, signal and core, of whoever's children, with and without what newer kernels tell. */
import { expect, test } from "bun:test";
import { exitText } from "#core/psm/entry.ts";
import { hostExitSources } from "#core/psm/exit-sources.ts";
import type { ConnectorHandlers } from "#core/psm/exits.ts";
import { isKernelAtLeast } from "#ffi/kernel-release.ts";
import type { ProcessEvents } from "#ffi/proc-events.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { Perl } from "#test/harness/perl.ts";
import { TestSet } from "#test/harness/process-set.ts";

const isRoot = process.getuid?.() === 0;
/** Without the right to trace, and on older kernels, some of it is not to be had. */
const keeps = isKernelAtLeast(6, 15);

const KINDS = [
  ["exit 0", "POSIX::_exit(0)", 0, "exit 0"],
  ["exit 3", "POSIX::_exit(3)", 3 << 8, "exit 3"],
  ["exit 255", "POSIX::_exit(255)", 255 << 8, "exit 255"],
  ["SIGTERM", "kill TERM => $$", 15, "killed by SIGTERM"],
  ["SIGKILL", "kill KILL => $$", 9, "killed by SIGKILL"],
] as const;

test.each(KINDS)("%s of our own child", async (_name, how, status, text) => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  peer.tell(how);
  const { exit, state } = await own.untilExited(peer.pid);
  expect([state, exit?.status, exit && exitText(exit)]).toEqual(["exited", status, text]);
});

/** A child of somebody else, who collects it when told to; it ends when `end` is called. */
async function grandchild(how: string): Promise<{ parent: Perl; pid: number; end: () => void }> {
  const script = `pipe(my $r, our $w); my $p = fork() // die; if (!$p) { close $w; open STDIN, "<&", $r; exec "perl", "-MPOSIX", "-e", q(print "$$\\n"; $| = 1; STDOUT->flush; <STDIN>; ${how}) } close $r; our $c = $p`;
  const parent = await Perl.run(script);
  const pid = Number(await parent.line());
  return { parent, pid, end: () => parent.tell("close $w") };
}

test.each(KINDS)(
  "%s of a process that is not our child, told as soon as it is collected",
  async (_name, how, status) => {
    if (!keeps && !isRoot) return;
    using directory = new TemporaryDirectory();
    using own = new TestSet(directory);
    const { parent, pid, end } = await grandchild(how);
    await using _parent = parent;
    own.set.memadd("web", pid);
    end();
    parent.tell("waitpid($c, 0)");
    expect((await own.untilExited(pid)).exit?.status).toBe(status);
  },
);

test("a zombie has exited at once; how is told when it is collected, if it may not be read before", async () => {
  if (!keeps) return;
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { exits: { readsZombies: false } });
  const { parent, pid, end } = await grandchild("POSIX::_exit(0)");
  await using _parent = parent;
  own.set.memadd("web", pid);
  end();
  const noticed = await own.until((change) => (change.type === "memberChanged" ? change.entry : null));
  expect(noticed).toMatchObject({ state: "exited", exit: { status: null } });
  parent.tell("waitpid($c, 0)");
  expect((await own.untilExited(pid)).exit).toEqual({ atMs: noticed.exit?.atMs ?? 0, status: 0 });
  expect(own.set.categoryItem("web")).toMatchObject({ running: 0, exited: 1, failed: 0 });
});

test("a zombie that nobody collects is told of after a while, and again when its status is known after all", async () => {
  if (!keeps) return;
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { exits: { readsZombies: false } });
  const { parent, pid, end } = await grandchild("POSIX::_exit(0)");
  await using _parent = parent;
  own.set.memadd("web", pid);
  end();
  expect((await own.untilExited(pid)).exit?.status).toBeNull();
  expect(own.set.categoryItem("web")).toMatchObject({ exited: 1, failed: 1 });
  parent.tell("waitpid($c, 0)");
  const known = await own.until((change) =>
    change.type === "memberExited" && change.entry.exit?.status === 0 ? change.entry : null,
  );
  expect(known.pid).toBe(pid);
});

test("with the right to trace, how a zombie ended is known before anybody collects it", async () => {
  if (!hostExitSources("/proc", 0).readsZombies) return;
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  const { parent, pid, end } = await grandchild("POSIX::_exit(7)");
  await using _parent = parent;
  own.set.memadd("web", pid);
  end();
  expect((await own.untilExited(pid)).exit?.status).toBe(7 << 8);
  expect(readProcessStat("/proc", pid)?.state).toBe("Z");
});

test("another user's process", async () => {
  if (!isRoot) return;
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory);
  await using peer = await Perl.run("1", [], { uid: 65534, gid: 65534 });
  expect(own.set.memadd("web", peer.pid).uid).toBe(65534);
  peer.tell("POSIX::_exit(9)");
  expect((await own.untilExited(peer.pid)).exit?.status).toBe(9 << 8);
});

/** Process events as the test has them. */
function scripted() {
  let handlers: ConnectorHandlers | null = null;
  const seen: string[] = [];
  const openConnector = (given: ConnectorHandlers): ProcessEvents => {
    seen.push("open");
    handlers = given;
    return { close: () => seen.push("close") } as unknown as ProcessEvents;
  };
  return { openConnector, seen, handlers: () => handlers };
}

test("an older kernel: the connector tells the status, for exactly the process that ended", async () => {
  using directory = new TemporaryDirectory();
  const connector = scripted();
  const exits = { keepsStatus: false, readsZombies: false, openConnector: connector.openConnector };
  using own = new TestSet(directory, { exits });
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  // Of an earlier process with this pid: ours still lives.
  connector.handlers()?.onExit(peer.pid, 11);
  peer.tell("POSIX::_exit(4)");
  await peer.ended();
  connector.handlers()?.onExit(peer.pid, 4 << 8);
  expect((await own.untilExited(peer.pid)).exit?.status).toBe(4 << 8);
  own.set.memrem(null, peer.pid);
  expect(connector.seen).toEqual(["open", "close"]);
});

test("an older kernel whose events were lost: exited all the same, with a status nobody knows", async () => {
  using directory = new TemporaryDirectory();
  const connector = scripted();
  const exits = { keepsStatus: false, readsZombies: false, openConnector: connector.openConnector };
  using own = new TestSet(directory, { exits });
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  // Of a 0 in a zombie's stat nobody knows whether it is the status or not for us to see.
  peer.tell("POSIX::_exit(0)");
  await peer.ended();
  connector.handlers()?.onLoss();
  expect((await own.untilExited(peer.pid)).exit?.status).toBeNull();
});

test("no descriptors left: said once, and process events take over", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { exits: { pidfdLimit: 1 } });
  await using a = await Perl.run("1");
  await using b = await Perl.run("1");
  await using c = await Perl.run("1");
  for (const { pid } of [a, b, c]) own.set.memadd("web", pid);
  expect(own.problems).toEqual([
    "too few file descriptors to hold every member: some are known by process events alone",
  ]);
  for (const [index, peer] of [a, b, c].entries()) {
    peer.tell(`POSIX::_exit(${index + 1})`);
    expect((await own.untilExited(peer.pid)).exit?.status).toBe((index + 1) << 8);
  }
});

test("neither descriptors nor process events: a look a second, and what cannot be known is not guessed", async () => {
  using directory = new TemporaryDirectory();
  const openConnector = () => {
    throw new Error("not here");
  };
  using own = new TestSet(directory, { exits: { pidfdLimit: 0, openConnector } });
  await using peer = await Perl.run("1");
  own.set.memadd("web", peer.pid);
  expect(own.problems).toHaveLength(2);
  peer.tell("POSIX::_exit(4)");
  const { exit } = await own.untilExited(peer.pid);
  expect([null, 4 << 8]).toContain(exit?.status ?? null);
});

test("1,000 processes that end at once: every one recorded with its own status", async () => {
  using directory = new TemporaryDirectory();
  using own = new TestSet(directory, { settings: { memMax: 2000 }, exits: { pidfdLimit: 2000 } });
  const script = `pipe(my $r, our $w); our @p; for my $i (0..999) { my $p = fork() // die; if (!$p) { close $w; sysread($r, my $b, 1); POSIX::_exit($i % 256) } push @p, $p } close $r; print "@p\\n"`;
  await using parent = await Perl.run(script);
  const pids = (await parent.line()).split(" ").map(Number);
  for (const pid of pids) own.set.memadd("storm", pid, { argv: "storm" });
  parent.tell("close $w; waitpid($_, 0) for @p");
  for (const [index, pid] of pids.entries()) {
    expect((await own.untilExited(pid)).exit?.status).toBe((index % 256) << 8);
  }
  expect(own.changes.filter((change) => change.type === "memberExited")).toHaveLength(1000);
  expect(own.set.categoryItem("storm")).toMatchObject({ running: 0, exited: 1000, failed: 996 });
  own.set.close();
  using again = new TestSet(directory);
  const stored = new Map(again.set.members("storm", 0).map((entry) => [entry.pid, entry.exit?.status]));
  for (const [index, pid] of pids.entries()) expect(stored.get(pid)).toBe((index % 256) << 8);
}, 60_000);
