/** The tree of aggregates: cells and details of modules, jobs and processes, and which of them somebody should look at. */
import { expect, test } from "bun:test";
import { AGGREGATES_PANE } from "#app/panes/aggregates.ts";
import { shortDuration } from "#app/panes/measures.ts";
import type { Attachment } from "#core/model/attachment.ts";
import type { Job } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";
import { reduce } from "#core/store/reduce.ts";
import { NO_HISTORY } from "#core/store/sample-history.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { attachment, jidOf, job, module } from "#test/harness/aggregates.ts";
import { daemon, member } from "#test/harness/items.ts";

const attachments = Array.from({ length: 35 }, (_, index) =>
  attachment(1, 100 + index, index < 2 ? { state: "R" } : {}),
);
const snapshot = reduce(
  emptySnapshot("n1"),
  [
    { src: "jobs", op: "reset", items: [job(1)] },
    { src: "attachments", op: "reset", items: [...attachments, attachment("sessions", 7)] },
    { src: "daemons", op: "reset", items: [daemon("solver", { pid: 134 })] },
    { src: "members", op: "reset", items: [member("web", 134)] },
  ],
  0,
);
const context = { atMs: Date.parse("2026-03-01T10:00:00Z"), snapshot, samples: NO_HISTORY };

type Aggregate = Module | Job | Attachment;

const cells = (item: Aggregate) =>
  Object.fromEntries(AGGREGATES_PANE.columns.map((column) => [column.id, column.cell(item, context).text]));

const facts = (item: Aggregate) =>
  Object.fromEntries(
    AGGREGATES_PANE.detail(item, context).flatMap((line) => ("label" in line ? [[line.label, line.text]] : [])),
  );

const problems = [{ code: "CGROUP_GONE", message: "its control group was removed from outside" }];

test("cells of each kind: what does not apply is empty, what is not known is a dash", () => {
  expect(cells(job(1, { processes: 35 }))).toEqual({
    name: jidOf(1),
    owner: "alice",
    state: "running",
    processes: "35",
    cpu: "12.5",
    memory: "64.0",
    age: "2h 0m",
    command: "sh -c make",
  });
  expect(cells(job(1, { usage: null }))).toMatchObject({ cpu: "-", memory: "-" });
  expect(cells(module("job", { jobs: 1, attached: 1 }))).toMatchObject({
    owner: "",
    processes: "1",
    cpu: "",
    memory: "",
    command: "built-in, 1 job, 1 process",
  });
  expect(cells(module("sessions")).command).toBe("/etc/muster/modules/sessions.ts, no processes");
  expect(cells(module("young", { registeredAt: null })).age).toBe("-");
  expect(cells(attachment(1, 5, { uid: 33, argv: "", comm: "kthreadd" }))).toMatchObject({
    name: "5 kthreadd",
    owner: "33",
    processes: "",
    command: "kthreadd",
  });
  expect(cells(attachment(1, 5, { uid: null, startedAt: null }))).toMatchObject({ owner: "", age: "-" });
});

test("who should be looked at: a failed module, a job that the tracker follows, problems", () => {
  const alarms = [
    module("sessions", { state: "failed" }),
    module("sessions", { problems }),
    module("sessions"),
    job(1, { containment: "tracker" }),
    job(1, { problems }),
    job(1, { state: "dying" }),
    attachment(1, 5, { state: "Z" }),
  ].map((item) => AGGREGATES_PANE.alarm(item));
  expect(alarms).toEqual(["error", "warn", null, "warn", "warn", null, null]);
});

test("a problem stands in the place of the command, and whole in the detail", () => {
  expect(cells(job(1, { problems })).command).toBe("its control group was removed from outside");
  expect(cells(module("sessions", { problems })).command).toBe("its control group was removed from outside");
  expect(facts(job(1, { problems })).problem).toBe("its control group was removed from outside (CGROUP_GONE)");
});

test("the detail of a job held by its group, of one without prime process and name", () => {
  expect(facts(job(1, { processes: 35, total: 40 }))).toMatchObject({
    state: "running",
    owner: "alice (uid 1000)",
    processes: "35 now, 40 in all",
    "held by": "its control group: nothing gets out",
    cgroup: `/muster/jobs/${jidOf(1)}`,
    prime: "pid 100, the oldest of the job",
    age: "2 h 0 min at 10:00:00",
    cpu: "12.5 %, 1 min 0 s in all",
    "of them": "33 sleeping, 2 running",
    "": "and 5 more",
  });
  const bare = facts(job(9, { user: null, uid: 4242, pid: null, identity: null, state: "dying", usage: null }));
  expect(bare).toMatchObject({
    state: "dying: it was sent SIGKILL as a whole and has not ended yet",
    owner: "uid 4242, who has no name",
    prime: "no process",
  });
  expect(bare).not.toContainKeys(["identity", "cpu", "of them"]);
});

test("the detail of a module: where it is from, its hooks, whether it answers", () => {
  const hooks = { init: true, exec: true, paggctl: false };
  expect(facts(module("sessions", { hooks, attached: 1, description: "who logged in" }))).toMatchObject({
    about: "who logged in",
    from: "/etc/muster/modules/sessions.ts",
    hooks:
      "attach, detach; init: it was asked about every process there was; exec: it is told of every exec of its processes",
    answers: "no requests: they fail with ENXIO",
    attached: "1 process",
    "7": "sleeping: sh -c number-7",
  });
  expect(facts(module("job", { jobs: 3 }))).toMatchObject({ from: "built-in: it cannot be unloaded", jobs: "3" });
});

test("the detail of a process tells what else it is", () => {
  expect(facts(attachment(1, 134))).toMatchObject({
    state: "sleeping (S)",
    job: jidOf(1),
    user: "alice (uid 1000)",
    daemon: "solver, up",
    "process set": "member of web, running",
  });
  expect(facts(attachment("sessions", 7, { uid: null, state: "W" }))).toMatchObject({
    state: "W (W)",
    module: "sessions",
    user: "not known",
  });
});

test("where lines lead to, or why nowhere", () => {
  const jump = (item: Aggregate) => AGGREGATES_PANE.jump?.(item, snapshot);
  expect(jump(attachment(1, 134))).toEqual({ kind: "daemons", id: "n1/daemon/solver" });
  expect(jump(job(1, { identity: "134:5000" }))).toEqual({ kind: "daemons", id: "n1/daemon/solver" });
  expect(jump(job(1, { identity: null }))).toEqual({ reason: `${jidOf(1)} has no process` });
  expect(jump(job(1))).toMatchObject({ reason: expect.stringContaining("no daemon that muster knows") });
  expect(jump(attachment(1, 100))).toMatchObject({ reason: expect.stringContaining("process 100 is no daemon") });
});

test("durations where there is little room", () => {
  expect([0, 3_661_000, 61_000, 90_000_000].map(shortDuration)).toEqual(["0s", "1h 1m", "1m 1s", "1d 1h"]);
});
