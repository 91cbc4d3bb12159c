/** 40,000 processes that begin and end at full speed inside a job, in every way there is. */
import { expect, test } from "bun:test";
import type { JobReport } from "#core/model/job.ts";
import type { Jid } from "#core/pagg/job/requests.ts";
import { groupProcesses } from "#ffi/cgroup.ts";
import { ProcessEvents, type ProcessEventsOptions } from "#ffi/proc-events.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { groupsMissing, TestJobs } from "#test/harness/job-set.ts";
import { PER_ROUND } from "#test/harness/job-storm.ts";
import { LineReader } from "#test/harness/lines.ts";

const ROUNDS = Number(process.env.MUSTER_STORM_ROUNDS ?? 4000);
const WORKERS = 4;

interface Storm {
  readonly prime: number;
  go(): void;
  /** How many processes it says are in the job now. */
  calm(): Promise<number>;
  over(): Promise<void>;
}

async function startStorm(outsider: boolean, rounds = ROUNDS): Promise<Storm> {
  const script = `${import.meta.dir}/../../../harness/job-storm.ts`;
  const child = Bun.spawn([process.execPath, script, String(rounds), outsider ? "1" : "0"], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = new LineReader(child.stdout);
  const number = async (word: string) => {
    const line = await lines.next();
    if (!line.startsWith(`${word} `)) throw new Error(`the storm says ${line}`);
    return Number(line.slice(word.length + 1));
  };
  const prime = await number("prime");
  return {
    prime,
    go: () => {
      child.stdin.write("x");
      child.stdin.flush();
    },
    calm: () => number("calm"),
    over: async () => {
      child.stdin.end();
      await child.exited;
    },
  };
}

/** All but the first are ended, so that it is the storm that says who is last; then it ends, too. */
async function reportOfEnd({ prime, go, over }: Storm, jid: Jid, jobs: TestJobs): Promise<JobReport> {
  for (const pid of jobs.set.getpidlst(jid, 1e6)) if (pid !== prime) process.kill(pid, 9);
  await jobs.until((change) => (change.type === "changed" && jobs.set.getpidcnt(jid) === 1 ? change : null));
  expect(jobs.set.getpidlst(jid, 2)).toEqual([prime]);
  go();
  await over();
  return jobs.untilEnded(jid);
}

test.skipIf(groupsMissing !== null)(
  `needs cgroup v2 to write${groupsMissing ? ` (${groupsMissing})` : ""}: nobody is missing, no ghost is left, one end with the right status`,
  async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory);
    const storm = await startStorm(true);
    const jid = jobs.set.create({ pid: storm.prime, uid: 0 });
    const ends: unknown[] = [];
    jobs.set.waitjid(jid, (end) => ends.push(end));
    const path = jobs.path(jid);
    storm.go();
    let isCalm = false;
    const calm = storm.calm().then((count) => {
      isCalm = true;
      return count;
    });
    while (!isCalm) {
      const before = groupProcesses(path) ?? new Set();
      const known = new Set(jobs.set.getpidlst(jid, 1e6));
      const after = groupProcesses(path) ?? new Set();
      // Who was there before and after was there in between, too. (A pid may come round, not within a millisecond.)
      expect([...before].filter((pid) => after.has(pid) && !known.has(pid))).toEqual([]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const count = await calm;
    const listed = [...(groupProcesses(path) ?? [])].toSorted();
    expect(jobs.set.getpidlst(jid, 1e6).toSorted()).toEqual(listed);
    expect([jobs.set.getpidcnt(jid), listed.length, jobs.repairs]).toEqual([count, count, 0]);
    const report = await reportOfEnd(storm, jid, jobs);
    const total = ROUNDS * PER_ROUND + WORKERS + count + 1;
    expect(report).toMatchObject({ reason: "exit", processes: total, exit: { status: 9 << 8 } });
    expect(jobs.set.getjidcnt()).toBe(0);
    expect(ends).toEqual([{ status: 9 << 8 }]);
    expect(jobs.changes.filter(({ type }) => type === "ended")).toHaveLength(1);
    expect([jobs.problems, jobs.repairs]).toEqual([[], 0]);
  },
  60_000,
);

test.skipIf(process.getuid?.() !== 0)(
  "needs root: the same for the tracker alone, but for CLONE_PARENT to the outside",
  async () => {
    using directory = new TemporaryDirectory();
    using jobs = new TestJobs(directory, { useGroups: false });
    const storm = await startStorm(false);
    const jid = jobs.set.create({ pid: storm.prime, uid: 0 });
    storm.go();
    const count = await storm.calm();
    const members = jobs.set.getpidlst(jid, 1e6);
    expect([members.length, jobs.repairs]).toEqual([count, 0]);
    const report = await reportOfEnd(storm, jid, jobs);
    const total = ROUNDS * PER_ROUND + WORKERS + count + 1;
    expect(report).toMatchObject({ reason: "exit", processes: total, exit: { status: 9 << 8 } });
    expect(jobs.set.getjidcnt()).toBe(0);
  },
  60_000,
);

test.each(["cgroup", "tracker"] as const)(
  "needs root and process events: when events are lost, nobody is missing all the same, and no ghost is left (%s)",
  async (containment) => {
    const useGroups = containment === "cgroup";
    if (process.getuid?.() !== 0 || (useGroups && groupsMissing !== null)) return;
    using directory = new TemporaryDirectory();
    const openEvents = (options: ProcessEventsOptions) => ProcessEvents.open({ ...options, bufferBytes: 4096 });
    using jobs = new TestJobs(directory, { useGroups, openEvents });
    const storm = await startStorm(false, 400);
    const jid = jobs.set.create({ pid: storm.prime, uid: 0 });
    storm.go();
    const count = await storm.calm();
    expect(jobs.set.getpidlst(jid, 1e6)).toHaveLength(count);
    expect(jobs.repairs).toBeGreaterThan(0);
    const report = await reportOfEnd(storm, jid, jobs);
    expect(report.processes).toBeNull();
    // By then the word of the last end may be among the lost; it is right or not told.
    expect([null, 9 << 8]).toContain(report.exit?.status ?? null);
    expect(jobs.changes.filter(({ type }) => type === "ended")).toHaveLength(1);
  },
  60_000,
);
