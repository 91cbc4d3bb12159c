/** A process that ends while it is moved, and whose number is given to another one meanwhile: that one is not moved. */
import { expect, test } from "bun:test";
import { groupOf, v2Mount } from "#core/pagg/job/base-group.ts";
import { moveHeld } from "#core/pagg/job/move-held.ts";
import { groupId, makeGroup, writeGroupFile } from "#ffi/cgroup.ts";
import { isKernelAtLeast } from "#ffi/kernel-release.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { groupsMissing, ownGroup, refusal, sweepGroup } from "#test/harness/job-set.ts";
import { Perl } from "#test/harness/perl.ts";

const MOUNT = v2Mount("/proc") ?? "";
const PLACE = { mount: MOUNT, procRoot: "/proc" };
const CLONE3 = 435;
const CLONE_INTO_CGROUP = 1n << 33n;

/** `again(pid, flags, group)`: a child with this number, which sleeps; says its number, or why there is none. */
const AGAIN = `sub again {
  my ($pid, $flags, $group) = @_;
  my $tid = pack "i", $pid;
  open(my $directory, "<", $group) || die;
  my $arguments = pack "Q11", $flags, 0, 0, 0, 17, 0, 0, 0, unpack("Q", pack("P", $tid)), 1, fileno($directory);
  my $child = syscall ${CLONE3}, $arguments, 88;
  if ($child == 0) { close STDIN; sleep 1000 while 1 }
  print $child > 0 ? "$child\\n" : "$!\\n";
}`;

/** Two control groups, a parent in one of them, and what is held of a process that was its child. */
async function held() {
  const groups = [`/${ownGroup()}`, `/${ownGroup()}`] as const;
  for (const group of groups) makeGroup(MOUNT + group);
  const parent = await Perl.run(AGAIN);
  writeGroupFile(MOUNT + groups[0], "cgroup.procs", String(parent.pid));
  const line = async (code: string): Promise<string> => {
    parent.tell(code);
    const said = await parent.line();
    await parent.line();
    return said;
  };
  const pid = Number(await line(`my $p = fork() // die; if (!$p) { close STDIN; sleep 1000 while 1 } print "$p\\n"`));
  const pidfd = PidFd.open(pid);
  if (!pidfd) throw new Error("no child");
  const again = (flags: bigint) => line(`again(${pid}, ${flags}, "${MOUNT}${groups[1]}")`);
  const ends = () => line(`kill 9, ${pid}; waitpid(${pid}, 0); print "ended\\n"`);
  return {
    pid,
    pidfd,
    home: groups[0],
    target: groups[1],
    ends,
    again,
    [Symbol.asyncDispose]: async () => {
      pidfd.close();
      await ends();
      await parent[Symbol.asyncDispose]();
      for (const group of groups) sweepGroup(group.slice(1));
    },
  };
}

/** Choosing a number takes root, and a kernel that lets it. */
const why = groupsMissing ?? (process.getuid?.() === 0 ? null : "needs root");
const run = (name: string, body: () => Promise<void>, isAble = why === null) =>
  test.skipIf(!isAble)(why === null ? name : `${name} (skipped: ${why})`, body);

run("one that lives is moved", async () => {
  await using one = await held();
  expect(moveHeld(PLACE, one.pidfd, one.target)).toBeNull();
  expect(groupOf("/proc", one.pid)).toBe(one.target);
});

run("one that has ended is nobody's move", async () => {
  await using one = await held();
  await one.ends();
  expect(refusal(() => moveHeld(PLACE, one.pidfd, one.target))).toBe("ESRCH");
});

run("a stranger that has its number by now is back where it was born", async () => {
  await using one = await held();
  await one.ends();
  expect(await one.again(0n)).toBe(String(one.pid));
  expect(groupOf("/proc", one.pid)).toBe(one.home);
  expect(moveHeld(PLACE, one.pidfd, one.target)).toBeNull();
  expect(groupOf("/proc", one.pid)).toBe(one.home);
});

run(
  "a stranger that was there before stays, for the one that is meant had been moved",
  async () => {
    await using one = await held();
    expect(moveHeld(PLACE, one.pidfd, one.target)).toBeNull();
    await one.ends();
    expect(one.pidfd.groupId()).toBe(groupId(MOUNT + one.target));
    expect(await one.again(CLONE_INTO_CGROUP)).toBe(String(one.pid));
    expect(moveHeld(PLACE, one.pidfd, one.target)).toBeNull();
    expect(groupOf("/proc", one.pid)).toBe(one.target);
  },
  why === null && isKernelAtLeast(6, 15),
);
