/** Who left a job last, when the words of the ends come in another order than the ends. */
import { expect, test } from "bun:test";
import type { JobRecord } from "#core/pagg/job/entry.ts";
import { RunningJob } from "#core/pagg/job/running-job.ts";
import { type TrackedExit, UNSEEN } from "#core/pagg/tracker/tracked-exit.ts";

const PARENT = 100;
const CHILD = 101;

/** The status that is left when the parent's end was told first, at 1000 ns, and then the child's. */
function lastStatus(child: Partial<TrackedExit>): number | null | undefined {
  const job = new RunningJob({} as JobRecord, null);
  for (const pid of [PARENT, CHILD]) job.entered(pid);
  job.exited(PARENT, { ...UNSEEN, parentPid: 1, status: 3 << 8, timeNs: 1000 });
  job.exited(CHILD, { ...UNSEEN, parentPid: PARENT, status: 0, timeNs: 2000, ...child });
  return job.last?.status;
}

test("a child whose end was told while its parent had not ended was not the last", () => {
  expect(lastStatus({ hadParent: true })).toBe(3 << 8);
});

test("a child that was collected was not the last, unless it is far behind", () => {
  expect(lastStatus({ isCollected: true })).toBe(3 << 8);
  expect(lastStatus({ isCollected: true, timeNs: 2e9 })).toBe(0);
});

test("an earlier time stamp is an earlier end", () => {
  expect(lastStatus({ timeNs: 999 })).toBe(3 << 8);
});

test("an orphan was the last, and so is a child of whom nothing else is known", () => {
  expect(lastStatus({ isOrphan: true })).toBe(0);
  expect(lastStatus({})).toBe(0);
  expect(lastStatus({ timeNs: null })).toBe(0);
});

test("a process with a thread that ended after its parent was the last", () => {
  expect(lastStatus({ hadParent: true, previousNs: 1500 })).toBe(0);
});
