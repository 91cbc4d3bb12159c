/** Which process stands below which, and what is known of one process in several places. */
import { expect, test } from "bun:test";
import {
  aggregatesOf,
  attachmentOfProcess,
  processesOfJob,
  processesOfModule,
  stateCounts,
  userName,
} from "#core/store/aggregates.ts";
import { reduce } from "#core/store/reduce.ts";
import { emptySnapshot, type Snapshot } from "#core/store/snapshot.ts";
import { attachment, jidOf, job, module } from "#test/harness/aggregates.ts";

function snapshotOf(items: {
  readonly modules?: ReturnType<typeof module>[];
  readonly jobs?: ReturnType<typeof job>[];
  readonly attachments?: ReturnType<typeof attachment>[];
}): Snapshot {
  const { modules = [module("job")], jobs = [job(1)], attachments = [] } = items;
  return reduce(
    emptySnapshot("n1"),
    [
      { src: "modules", op: "reset", items: modules },
      { src: "jobs", op: "reset", items: jobs },
      { src: "attachments", op: "reset", items: attachments },
    ],
    0,
  );
}

const parentOf = (snapshot: Snapshot, id: string) => aggregatesOf(snapshot).parentOf(id)?.id ?? null;

test("a process stands below its parent in the same job, else below the job, the job below its module", () => {
  const snapshot = snapshotOf({
    jobs: [job(1), job(2)],
    attachments: [
      attachment(1, 10),
      attachment(1, 11, { parentPid: 10 }),
      attachment(2, 20, { parentPid: 10 }),
      attachment("sessions", 10),
      attachment("sessions", 12, { parentPid: 10 }),
    ],
    modules: [module("job"), module("sessions")],
  });
  expect(parentOf(snapshot, job(1).id)).toBe("n1/module/job");
  expect(parentOf(snapshot, attachment(1, 10).id)).toBe(job(1).id);
  expect(parentOf(snapshot, attachment(1, 11).id)).toBe(attachment(1, 10).id);
  expect(parentOf(snapshot, attachment(2, 20).id)).toBe(job(2).id);
  expect(parentOf(snapshot, attachment("sessions", 10).id)).toBe("n1/module/sessions");
  expect(parentOf(snapshot, attachment("sessions", 12).id)).toBe(attachment("sessions", 10).id);
});

test("a pid that was given again to a later process is nobody's parent, and a process is not its own", () => {
  const later = attachment(1, 10, { identity: "10:9000" });
  const own = attachment(1, 12, { parentPid: 12 });
  const snapshot = snapshotOf({ attachments: [later, attachment(1, 11, { parentPid: 10 }), own] });
  expect(parentOf(snapshot, attachment(1, 11).id)).toBe(job(1).id);
  expect(parentOf(snapshot, own.id)).toBe(job(1).id);
});

test("a process whose job is not told yet stands below its module, and without that for itself", () => {
  const snapshot = snapshotOf({ jobs: [], attachments: [attachment(1, 10)] });
  expect(parentOf(snapshot, attachment(1, 10).id)).toBe("n1/module/job");
  const bare = snapshotOf({ modules: [], jobs: [], attachments: [attachment(1, 10)] });
  expect(aggregatesOf(bare).roots.map(({ id }) => id)).toEqual([attachment(1, 10).id]);
});

test("the tree is kept as long as its items are", () => {
  const snapshot = snapshotOf({ attachments: [attachment(1, 10)] });
  const other = reduce(snapshot, [{ src: "daemons", op: "reset", items: [] }], 1);
  expect(aggregatesOf(other)).toBe(aggregatesOf(snapshot));
  const changed = reduce(snapshot, [{ src: "jobs", op: "upsert", item: job(2) }], 1);
  expect(aggregatesOf(changed)).not.toBe(aggregatesOf(snapshot));
});

test("processes of a job and of a module by pid, counts of their states, names of users", () => {
  const snapshot = snapshotOf({
    attachments: [attachment(1, 30, { state: "R" }), attachment(1, 4), attachment(1, 5), attachment("sessions", 7)],
  });
  const processes = processesOfJob(snapshot, jidOf(1));
  expect(processes.map(({ pid }) => pid)).toEqual([4, 5, 30]);
  expect([...stateCounts(processes)]).toEqual([
    ["S", 2],
    ["R", 1],
  ]);
  expect(processesOfModule(snapshot, "sessions").map(({ pid }) => pid)).toEqual([7]);
  expect(processesOfModule(snapshot, "job")).toEqual([]);
  expect([1000, 33, 0].map((uid) => userName(snapshot, uid))).toEqual(["alice", "33", "root"]);
});

test("a process attached twice is found in its job", () => {
  const inModule = attachment("sessions", 10);
  const inJob = attachment(1, 10);
  for (const attachments of [
    [inModule, inJob],
    [inJob, inModule],
  ]) {
    expect(attachmentOfProcess(snapshotOf({ attachments }), "10:5000")?.id).toBe(inJob.id);
  }
  expect(attachmentOfProcess(snapshotOf({}), "10:5000")).toBeUndefined();
});
