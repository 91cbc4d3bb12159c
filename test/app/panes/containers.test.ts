/** The containers pane: cells and details of containers and privileged processes, who needs somebody, where J leads. */
import { expect, test } from "bun:test";
import { CONTAINERS_PANE } from "#app/panes/containers.ts";
import { sameProcess } from "#app/panes/same-process.ts";
import type { Container } from "#core/model/container.ts";
import type { Process } from "#core/model/process.ts";
import { reduce } from "#core/store/reduce.ts";
import { NO_HISTORY } from "#core/store/sample-history.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { attachment, job } from "#test/harness/aggregates.ts";
import { container, privileged } from "#test/harness/container-items.ts";
import { daemon, member } from "#test/harness/items.ts";

const atMs = Date.parse("2026-03-01T10:00:00Z");
const full = container("web", {
  pid: 800,
  processes: 5,
  identities: [800, 801, 802, 803, 804].map((pid) => `${pid}:5000`),
});
const snapshot = reduce(
  emptySnapshot("n1"),
  [
    { src: "containers", op: "reset", items: [full, container("one", { pid: 900 }), container("none", { pid: 950 })] },
    { src: "processes", op: "reset", items: [privileged("collect", 801), privileged("old", 804, {}, 0)] },
    { src: "daemons", op: "reset", items: [daemon("sshd", { pid: 800 }), daemon("cron", { pid: 900 })] },
    { src: "members", op: "reset", items: [member("mail", 802), member("mail", 803, { identity: "803:9999" })] },
    { src: "jobs", op: "reset", items: [job(1)] },
    { src: "attachments", op: "reset", items: [attachment(1, 802), attachment(1, 803), attachment("sessions", 804)] },
  ],
  atMs,
);
const context = { atMs, snapshot, samples: NO_HISTORY };

type Line = Container | Process;

const cells = (item: Line) =>
  Object.fromEntries(CONTAINERS_PANE.columns.map((column) => [column.id, column.cell(item, context).text]));

const facts = (item: Line) =>
  Object.fromEntries(
    CONTAINERS_PANE.detail(item, context).flatMap((line) => ("label" in line ? [[line.label, line.text]] : [])),
  );

const state = (item: Line) => CONTAINERS_PANE.columns.find(({ id }) => id === "state")?.cell(item, context);

const jump = (item: Line) => CONTAINERS_PANE.jump?.(item, snapshot) ?? { reason: "" };

test("cells: what is not known is a dash, what does not apply to a process is empty", () => {
  expect(cells(container("web", { engine: "podman", uid: 1000, user: "alice" }))).toEqual({
    name: "web",
    state: "running",
    engine: "podman alice",
    pid: "4200",
    host: "web-host",
    processes: "1",
    cpu: "12.5",
    memory: "64.0",
    uptime: "2h 0m",
    content: "registry.example/web:7",
    cgroup: expect.stringMatching(/^\/system\.slice\/docker-/),
  });
  expect(cells(container("web", { pid: null, image: null, uid: 1001 }))).toMatchObject({
    state: "stopped",
    engine: "docker uid 1001",
    pid: "-",
    host: "-",
    processes: "-",
    cpu: "-",
    uptime: "-",
    content: "-",
    cgroup: "",
  });
  expect(cells(privileged("collect", 812))).toEqual({
    name: "collect",
    state: "running",
    engine: "process",
    pid: "812",
    host: "",
    processes: "",
    cpu: "1.5",
    memory: "12.0",
    uptime: "2h 0m",
    content: "collect --number 812",
    cgroup: "",
  });
  // Its number may be another's by now.
  expect(cells(privileged("collect", 812, {}, 0))).toMatchObject({
    state: "exit 0",
    pid: "-",
    cpu: "-",
    uptime: "1h 30m",
  });
});

test("one that has no name but its id is called by its first digits, as engines do; the detail has them all", () => {
  const name = "0f94d09be3a8".padEnd(64, "7");
  expect(cells(container("web", { name })).name).toBe("0f94d09be3a8");
  expect(CONTAINERS_PANE.label(container("web", { name }))).toBe("0f94d09be3a8");
  expect(facts(container("web", { name })).name).toBe(name);
  expect(cells(container("web", { name: "deadbeef" })).name).toBe("deadbeef");
});

test("the image, else the labels; what is wrong before both", () => {
  const labels = { app: "shop", tier: "front" };
  expect(cells(container("web", { labels })).content).toBe("registry.example/web:7");
  expect(cells(container("web", { labels, image: null })).content).toBe("app=shop tier=front");
  const problems = [{ code: "PROCESS_GONE", message: "docker says that it runs" }];
  expect(cells(container("web", { labels, problems })).content).toBe("docker says that it runs");
});

test("a state is a word and a sign; of a process how it ended", () => {
  const of = (change: Partial<Container>) => {
    const cell = state(container("web", change));
    return `${cell?.sign} ${cell?.text}`;
  };
  expect(of({})).toBe("up running");
  expect(of({ state: "paused" })).toBe("frozen paused");
  expect(of({ state: "restarting", pid: null })).toBe("busy restarting");
  expect(of({ state: "created", pid: null })).toBe("down created");
  expect(of({ pid: null })).toBe("down stopped");
  const problems = [{ code: "X", message: "x" }];
  expect(of({ problems })).toBe("warn running");
  expect(of({ problems, pid: null })).toBe("warn stopped");
  const ended = (status: number | null) => {
    const cell = state(privileged("collect", 812, {}, status));
    return `${cell?.sign} ${cell?.text}`;
  };
  expect(ended(0)).toBe("down exit 0");
  expect(ended(3 << 8)).toBe("failed exit 3");
  expect(ended(0x80 | 11)).toBe("failed SIGSEGV, core");
  expect(ended(9)).toBe("failed SIGKILL");
  expect(ended(null)).toBe("unknown exit unknown");
});

test("who should be looked at: restarts, problems, and a process whose end nobody was told of", () => {
  const alarm = (item: Line) => CONTAINERS_PANE.alarm(item);
  expect(alarm(container("web"))).toBeNull();
  expect(alarm(container("web", { pid: null }))).toBeNull();
  expect(alarm(container("web", { state: "restarting" }))).toBe("warn");
  expect(alarm(container("web", { problems: [{ code: "X", message: "x" }] }))).toBe("warn");
  expect(alarm(privileged("collect", 812))).toBeNull();
  expect(alarm(privileged("collect", 812, {}, 0))).toBeNull();
  expect(alarm(privileged("collect", 812, {}, 256))).toBe("error");
  expect(alarm(privileged("collect", 812, {}, null))).toBe("warn");
  expect(alarm(privileged("collect", 812, { waited: true }, 256))).toBeNull();
  const ranks = CONTAINERS_PANE.columns.find(({ id }) => id === "state");
  const order = [
    privileged("a", 1, {}, 256),
    privileged("a", 1, {}, null),
    container("a", { state: "restarting" }),
    container("a", { state: "paused" }),
    container("a"),
    container("a", { pid: null }),
    privileged("a", 1, {}, 0),
  ].map((item) => Number(ranks?.sortValue(item)));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(order.length);
});

test("the detail of a container: engine, owner, image, host name, what holds it, its processes", () => {
  expect(facts(full)).toMatchObject({
    state: "running",
    engine: "docker, the system's",
    "engine's id": full.containerId,
    image: "registry.example/web:7",
    "host name": "web-host",
    pid: "800, its first process",
    identity: "800:5000",
    "held by": "its own control group",
    processes: "5: pid 800 801 802 803 804",
    memory: "64.0 MiB, all its processes",
  });
  const other = container("x", {
    engine: "podman",
    uid: 1000,
    user: "alice",
    image: null,
    hostName: null,
    cgroup: null,
    boundary: "namespace",
    labels: { app: "shop" },
  });
  expect(facts(other)).toMatchObject({
    engine: "podman, of alice, uid 1000",
    image: "its engine does not tell",
    "host name": "may not be looked at",
    "held by": "its pid namespace: it has no control group of its own",
    cgroup: "not known",
    "": "app=shop",
  });
  expect(facts(container("x", { boundary: null, processes: null, identities: [], usage: null }))).toMatchObject({
    "held by": "nothing: its processes cannot be told from others",
    processes: "not counted",
  });
  expect(facts(container("x", { pid: null, uid: 1001 }))).toMatchObject({
    state: "stopped: its first process is gone",
    engine: "docker, of uid 1001",
    "host name": "none: it does not run",
    pid: "none: it does not run",
    "held by": "nothing: it does not run",
  });
});

test("of many processes the first are named, and how many more there are", () => {
  const identities = Array.from({ length: 1000 }, (_, index) => `${index + 1}:5000`);
  const text = facts(container("x", { pid: 1, processes: 4000, identities })).processes ?? "";
  expect(text).toStartWith("4000: pid 1 2 3 ");
  expect(text).toEndWith(" 30 and 3970 more");
});

test("the detail of a process: who had it started, how it ended, whether anybody was told", () => {
  expect(facts(privileged("collect", 801))).toMatchObject({
    state: "running",
    command: "collect --number 801",
    "started by": "root (uid 0), by muster",
    pid: "801",
    container: "web",
  });
  const ended = privileged(
    "pmdabind",
    812,
    { via: "socket", starterUser: null, starterUid: 42, starterPid: 77 },
    0x80 | 11,
  );
  expect(facts(ended)).toMatchObject({
    state: "killed by SIGSEGV, core dumped",
    ended: expect.stringMatching(/, wait status 0x008b$/),
    ran: "1 h 30 min",
    told: "nobody yet: its starter has not asked how it ended",
    "started by": "uid 42, pid 77, at the socket of the root server",
    pid: "812, which may be another process by now",
  });
  expect(facts(privileged("x", 812, { waited: true, adopted: true }, null))).toMatchObject({
    state: "exited; how, nobody could learn",
    told: "how it ended was told to whoever asked",
    adopted: "an earlier run of the service started it",
  });
  expect(facts(privileged("x", 812, {}, 256)).told).toBe("nobody yet: w asks how it ended");
});

test("J from a container: to all that is known of its processes, by identity; to the only one at once", () => {
  expect(jump(full)).toEqual({
    places: [
      { kind: "daemons", id: "n1/daemon/sshd", label: "daemon sshd, pid 800" },
      { kind: "members", id: member("mail", 802).id, label: "member mail/802" },
      { kind: "processes", id: privileged("collect", 801).id, label: "privileged process 801 (collect)" },
      { kind: "jobs", id: job(1).id, label: `job ${job(1).jid}, 2 processes` },
      { kind: "attachments", id: attachment("sessions", 804).id, label: "process 804 (sh) of sessions" },
    ],
  });
  expect(jump(container("one", { pid: 900 }))).toEqual({ kind: "daemons", id: "n1/daemon/cron" });
  expect(jump(container("none", { pid: 950 }))).toEqual({
    reason: "no process of none is a daemon that muster knows, a member or in a job",
  });
  expect(jump(container("off", { pid: null }))).toEqual({ reason: "off does not run: it has no processes" });
  // The same pid, another process.
  expect(jump(container("other", { pid: 900, identity: "900:7", identities: ["900:7"] }))).toHaveProperty("reason");
});

test("J from a process: to the container around it; one that has ended leads nowhere", () => {
  expect(jump(privileged("collect", 801))).toEqual({ kind: "containers", id: full.id });
  expect(jump(privileged("old", 804, {}, 0))).toEqual({ reason: "process 804 (old) has ended" });
  expect(jump(privileged("x", 77))).toHaveProperty("reason");
  expect(sameProcess(snapshot, "802:5000", "attachments")).toEqual({ kind: "containers", id: full.id });
  expect(sameProcess(snapshot, "800:5000", "daemons")).toEqual({ kind: "containers", id: full.id });
});

test("a container inside another: its first process leads to the inner one", () => {
  const inner = container("inner", { pid: 801, identities: [], processes: null });
  const nested = reduce(snapshot, [{ src: "containers", op: "reset", items: [inner, full] }], atMs);
  expect(sameProcess(nested, "801:5000", "processes")).toEqual({ kind: "containers", id: inner.id });
  expect(sameProcess(nested, "800:5000", "daemons")).toEqual({ kind: "containers", id: full.id });
});
