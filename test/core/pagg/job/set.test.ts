/** Every request of the Job module with its errors, on processes as they are. */
import { describe, expect, test } from "bun:test";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, refusal, TestJobs } from "#test/harness/job-set.ts";
import { Perl } from "#test/harness/perl.ts";

const UNUSED_PID = 0x7fff_fff0;

describe.each(["cgroup", "tracker"] as const)("a job held by its %s", (containment) => {
  const isSkipped = containment === "cgroup" ? groupsMissing !== null : process.getuid?.() !== 0;
  const useGroups = containment === "cgroup";
  const run = test.skipIf(isSkipped);

  run("CREATE: its process is in it, those it forks too, those it has are not", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    const fork = `sub child { my $p = fork() // die; if (!$p) { sleep 1000; exit } print "$p\\n" }`;
    await using peer = await Perl.run(`${fork}; child()`);
    const before = Number(await peer.line());
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    expect(jid).toBe(1n);
    expect(jobs.set.entry(jid)).toMatchObject({ containment, processes: 1, total: 1, uid: 0, user: "root" });
    peer.tell("child()");
    const child = Number(await peer.line());
    expect(jobs.set.getpidlst(jid, 10)).toEqual([child, peer.pid]);
    expect([jobs.set.getjid(child), jobs.set.getprimepid(jid), jobs.set.getpidcnt(jid)]).toEqual([jid, peer.pid, 2]);
    expect(refusal(() => jobs.set.getjid(before))).toBe("ENODATA");
    process.kill(before, 9);
    process.kill(child, 9);
    peer.tell("waitpid(-1, 0); waitpid(-1, 0); exit 3");
    await peer.ended();
    const report = await jobs.untilEnded(jid);
    expect(report).toMatchObject({ reason: "exit", processes: 2, exit: { status: 3 << 8, text: "exit 3" } });
    expect(jobs.set.reports()).toEqual([report]);
    expect(refusal(() => jobs.set.getpidcnt(jid))).toBe("ENODATA");
  });

  run("the end is that of the last process to leave", async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups });
    await using peer = await Perl.run("1");
    const jid = jobs.set.create({ pid: peer.pid, uid: 0 });
    const ended = jobs.waited(jid);
    peer.tell(`my $p = fork(); if (!$p) { sleep 1000; exit } print "$p\\n"`);
    const child = Number(await peer.line());
    peer.tell("exit 3");
    await peer.ended();
    expect(jobs.set.getpidlst(jid, 10)).toEqual([child]);
    expect(refusal(() => jobs.set.getpidlst(jid, -1))).toBe("ENOMEM");
    jobs.set.killjid(jid, 15);
    expect(await ended).toEqual({ status: 15 });
    expect(refusal(() => jobs.set.getjid(UNUSED_PID))).toBe("ESRCH");
  });
});
