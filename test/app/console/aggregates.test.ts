/** Modules, jobs and processes as a tree: what its lines say, how they fold, and where the cursor stays. */
import { afterEach, expect, test } from "bun:test";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { attachment, jidOf, job, module } from "#test/harness/aggregates.ts";
import { daemon, event, member } from "#test/harness/items.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const LEFT = "\x1b[D";
const RIGHT = "\x1b[C";

const modules = [
  module("job", { jobs: 3, attached: 35 }),
  module("broken", { state: "failed", problems: [{ code: "MODULE_FAILED", message: "attach threw: no such thing" }] }),
  module("sessions", { attached: 1, description: "login sessions" }),
];
const jobs = [
  job(1, { processes: 3 }),
  job(2, { uid: 0, user: "root", state: "frozen" }),
  job(3, { containment: "tracker", cgroup: null, total: null, processes: 30, command: "mpirun -np 30 solver" }),
];
const attachments = [
  attachment(1, 100, { comm: "sh" }),
  attachment(1, 101, { comm: "make", parentPid: 100, state: "R" }),
  attachment(1, 102, { comm: "cc", parentPid: 101, state: "D" }),
  attachment(2, 200, { uid: 0, comm: "backup" }),
  ...Array.from({ length: 30 }, (_, index) => attachment(3, 300 + index, { comm: "solver" })),
  attachment("sessions", 100, { data: "tty1" }),
];

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    events: [
      { src: "modules", op: "reset", items: modules },
      { src: "jobs", op: "reset", items: jobs },
      { src: "attachments", op: "reset", items: attachments },
    ],
  });
  await screen.press("4");
}

/** The first column of each line of the list, without the cursor. */
const names = () =>
  screen
    .lines()
    .slice(3, -2)
    .map((line) => line.slice(2, 26).trimEnd())
    .filter((line) => line !== "");
const cursorLine = () => (screen.lines().find((line) => /^[▸▹] /.test(line)) ?? "").slice(2).trim();
const line = (text: string) => screen.lines().find((each) => each.slice(2, 26).includes(text)) ?? "";

test("modules, their jobs, their processes as they were forked; what is too much for the screen is folded", async () => {
  await open();
  expect(names()).toEqual([
    "  broken",
    "▼ job",
    "  ▼ 0x0000000000000001",
    "    ▼ 100 sh",
    "      ▼ 101 make",
    "          102 cc",
    "  ▼ 0x0000000000000002",
    "      200 backup",
    "  ► 0x0000000000000003",
    "▼ sessions",
    "    100 sh",
  ]);
  expect(screen.lines()[1]).toContain("▸ 4 Aggregates 3 ✖1 ▲1");
  expect(screen.lines()[1]).toEndWith("  1/11");
});

test("each line says owner, state, processes, CPU, memory and age; its command stands in the status line at 80 columns", async () => {
  await open();
  expect(line(jidOf(1))).toMatch(/0x0000000000000001 {2}alice {3}● running {9}3 {4}12\.5 {6}64\.0 {4}2h 0m$/);
  expect(line("200 backup")).toMatch(/200 backup +root +● sleeping +1\.5 +12\.0 +2h 0m$/);
  expect(line("job")).toMatch(/job +● registered +35 +2h 0m$/);
  await screen.press("j", "j");
  expect(screen.lines().at(-2)).toContain("sh -c make");
  await screen.press("k");
  expect(screen.lines().at(-2)).toContain("built-in, 3 jobs, 35 processes");
});

for (const [columns, rows, titles] of [
  [40, 15, ["NAME", "STATE"]],
  [80, 24, ["NAME", "OWNER", "STATE", "PROCS", "CPU %", "MEM MiB", "AGE"]],
  [120, 40, ["NAME", "OWNER", "STATE", "PROCS", "CPU %", "AGE"]],
  [200, 60, ["NAME", "OWNER", "STATE", "PROCS", "CPU %", "MEM MiB", "AGE", "COMMAND"]],
] as const) {
  test(`${columns}x${rows}: jids and states are whole, in the list, the detail, help and a dialog`, async () => {
    await open({ columns, rows });
    const shown = (screen.lines()[2] ?? "").split("│")[0]?.replace("▲", "").trim().split(/ {2,}/);
    expect(shown).toEqual([...titles]);
    for (const sid of [1, 2]) expect(screen.text()).toContain(jidOf(sid));
    expect(screen.text()).toContain("■ frozen");
    await screen.press("j", "j", "S");
    expect(screen.text()).toContain(`Signal job: ${jidOf(1)}`);
    await screen.press(ESC, "?", ESC, ENTER);
    expect(screen.text()).toContain(jidOf(1));
    for (const each of screen.lines()) expect(each.length).toBeLessThanOrEqual(columns);
  });
}

test("no two states look the same without colour; a job held by the tracker bears a sign, in Unicode and in ASCII", async () => {
  for (const isAscii of [false, true]) {
    await open({
      rows: 60,
      theme: { colorLevel: 0, isAscii },
      prepare: (service) =>
        service.emit(
          { src: "jobs", op: "upsert", item: job(4, { state: "freezing" }) },
          { src: "jobs", op: "upsert", item: job(5, { state: "dying" }) },
          { src: "modules", op: "upsert", item: module("young", { state: "loading", registeredAt: null }) },
          ...["Z", "T", "t", "X", "I", "?"].map(
            (state, index) =>
              ({ src: "attachments", op: "upsert", item: attachment(4, 400 + index, { state }) }) as const,
          ),
        ),
    });
    const states = screen.lines().flatMap((each) => /^.{34}(\S \S+(?: \S+)?) /.exec(each)?.[1] ?? []);
    const seen = new Set(states);
    for (const [unicode, ascii, word] of [
      ["▲", "!", "running"],
      ["●", "*", "running"],
      ["■", "=", "frozen"],
      ["◐", "~", "freezing"],
      ["○", "o", "dying"],
      ["✖", "x", "failed"],
      ["◐", "~", "loading"],
      ["●", "*", "registered"],
      ["○", "o", "zombie"],
      ["■", "=", "stopped"],
      ["■", "=", "traced"],
      ["○", "o", "dead"],
      ["●", "*", "idle"],
      ["?", "?", "?"],
    ]) {
      expect([...seen]).toContain(`${isAscii ? ascii : unicode} ${word}`);
    }
    if (isAscii) {
      expect(screen.takeWritten().replace(/[\x00-\x7f]/g, "")).toBe("");
      expect(line(jidOf(3))).toContain(`+ ${jidOf(3)}`);
    }
    await screen.close();
  }
});

test("→ unfolds, then opens the detail; ← folds, then goes to what the line belongs to", async () => {
  await open();
  await screen.press("j".repeat(8));
  expect(cursorLine()).toStartWith("► 0x0000000000000003");
  await screen.press(RIGHT);
  expect(cursorLine()).toStartWith("▼ 0x0000000000000003");
  expect(screen.lines()[1]).toEndWith("  9/41");
  await screen.press(RIGHT);
  expect(screen.line("held by")).toContain("the tracker");
  await screen.press(LEFT);
  expect(cursorLine()).toStartWith("▼ 0x0000000000000003");
  await screen.press("jjj");
  expect(cursorLine()).toStartWith("302 solver");
  await screen.press("h");
  expect(cursorLine()).toStartWith("▼ 0x0000000000000003");
  await screen.press("h");
  expect(cursorLine()).toStartWith("► 0x0000000000000003");
  await screen.press("h");
  expect(cursorLine()).toStartWith("▼ job");
  await screen.press("h");
  expect(names()).toEqual(["  broken", "► job", "▼ sessions", "    100 sh"]);
  await screen.press("h");
  expect(screen.text()).toContain("this module has nothing to fold and belongs to no other line");
  await screen.press("l", "jjj", "h");
  expect(cursorLine()).toStartWith("► 101 make");
  expect(line("102 cc")).toBe("");
});

test("a job does not fold itself because more is forked, and what was folded stays so", async () => {
  await open();
  await screen.press("jjjjjj", "h");
  expect(cursorLine()).toStartWith("► 0x0000000000000002");
  screen.service.emit(
    { src: "jobs", op: "upsert", item: job(1, { processes: 40 }) },
    ...Array.from(
      { length: 40 },
      (_, index) => ({ src: "attachments", op: "upsert", item: attachment(1, 500 + index) }) as const,
    ),
    { src: "attachments", op: "upsert", item: attachment(2, 900) },
  );
  await screen.advance(300);
  expect(cursorLine()).toStartWith("► 0x0000000000000002");
  expect(screen.lines()[1]).toEndWith("/50");
});

test("a terminal that was too small at first folds nothing that fits later", async () => {
  await open({ columns: 30, rows: 10 });
  await screen.resize([80, 24]);
  await screen.advance(300);
  await screen.press("4");
  expect(names()).toContain("  ▼ 0x0000000000000001");
  expect(names()).toContain("  ► 0x0000000000000003");
});

test("siblings are sorted, each under what it belongs to; the cursor keeps its item", async () => {
  await open();
  await screen.press("j".repeat(4));
  expect(cursorLine()).toStartWith("▼ 101 make");
  await screen.press("s", "jj", ENTER);
  expect(names().slice(0, 4)).toEqual(["  broken", "▼ job", "  ▼ 0x0000000000000002", "      200 backup"]);
  expect(cursorLine()).toStartWith("▼ 101 make");
  await screen.press("s", "r");
  expect(names().at(-1)).toBe("  broken");
  expect(cursorLine()).toStartWith("▼ 101 make");
});

test("a filter shows what fits with all it belongs to, also what is folded; the rest is dimmed", async () => {
  await open();
  await screen.press("/", "number-315");
  expect(names()).toEqual(["▼ job", "  ▼ 0x0000000000000003", "      315 solver"]);
  expect(screen.lines()[1]).toContain("1/3 (of 41)");
  await screen.press(ENTER, "jj", "h");
  expect(cursorLine()).toStartWith("▼ 0x0000000000000003");
  await screen.press(ESC);
  expect(cursorLine()).toStartWith("► 0x0000000000000003");
  await screen.press("/", "zzz", ENTER);
  expect(screen.text()).toContain('0 of 41 match "zzz". Esc clears the filter.');
  await screen.press(ESC, "/", "cc", ENTER);
  expect(names()).toEqual(["▼ job", "  ▼ 0x0000000000000001", "    ▼ 100 sh", "      ▼ 101 make", "          102 cc"]);
});

test("a cursor on a match that the folds hide stays on it when the filter goes", async () => {
  await open();
  await screen.press("/", "number-315", ENTER, "jj");
  expect(cursorLine()).toStartWith("315 solver");
  await screen.press(ESC);
  expect(cursorLine()).toStartWith("315 solver");
  expect(line(jidOf(3))).toContain("▼");
});

test("what is gone leaves the cursor to one beside it, else to what it belonged to; that is said once", async () => {
  await open();
  await screen.press("j".repeat(7));
  expect(cursorLine()).toStartWith("200 backup");
  screen.service.emit({ src: "attachments", op: "remove", id: attachment(2, 200).id, reason: "ended" });
  await screen.advance(300);
  expect(cursorLine()).toStartWith("0x0000000000000002");
  const said = "process 200 (backup) is gone: the cursor is on 0x0000000000000002 now";
  expect(screen.flat()).toContain(said);
  screen.service.emit(
    { src: "jobs", op: "remove", id: job(2).id, reason: "ended" },
    { src: "attachments", op: "remove", id: attachment(1, 101).id, reason: "ended" },
  );
  await screen.advance(300);
  expect(cursorLine()).toStartWith("► 0x0000000000000003");
  // Whose parent has left the job stands directly below it.
  expect(names()).toContain("      102 cc");
});

test("a job that ends with all its processes leaves the cursor to the job beside it", async () => {
  await open();
  await screen.press("j".repeat(5));
  expect(cursorLine()).toStartWith("102 cc");
  screen.service.emit(
    { src: "jobs", op: "remove", id: job(1).id, reason: "ended" },
    ...[100, 101, 102].map(
      (pid) => ({ src: "attachments", op: "remove", id: attachment(1, pid).id, reason: "ended" }) as const,
    ),
  );
  await screen.advance(300);
  expect(cursorLine()).toStartWith("▼ 0x0000000000000002");
});

test("a process that moves into a folded job takes the cursor along", async () => {
  await open();
  await screen.press("j".repeat(7));
  screen.service.emit({ src: "attachments", op: "upsert", item: attachment(3, 200, { uid: 0, comm: "backup" }) });
  await screen.advance(300);
  expect(cursorLine()).toStartWith("200 backup");
  expect(line(jidOf(3))).toContain("▼");
  expect(screen.text()).not.toContain("is gone");
});

test("a re-sort under a dialog does not change whose process is signalled", async () => {
  await open();
  await screen.press("j".repeat(7), "S", "hup", ENTER);
  expect(screen.text()).toContain("Send signal hup to process 200 (backup)?");
  screen.service.emit({ src: "attachments", op: "upsert", item: attachment(2, 150) });
  await screen.advance(300);
  expect(screen.text()).not.toContain("150 sh");
  await screen.press("y");
  expect(screen.service.invocations[0]?.request).toMatchObject({
    action: "attachment.signal",
    arguments: { signal: "hup" },
    targets: [{ id: "n1/attachment/job/200:5000", identity: "200:5000" }],
  });
  expect(cursorLine()).toStartWith("200 backup");
});

test("the detail of a job tells all: what holds it, whose it is, its prime process, its processes", async () => {
  await open({ rows: 60 });
  await screen.press("j".repeat(8), ENTER);
  const text = screen.text().replaceAll(/ +/g, " ");
  for (const fact of [
    "state ▲ running",
    "owner alice (uid 1000)",
    "command mpirun -np 30 solver",
    "processes 30 now, in all not known",
    "held by ▲ the tracker",
    "cgroup none",
    "prime pid 300",
    "identity 300:5000",
    "of them 30 sleeping",
    "300 ● sleeping: sh -c number-300",
    "memory 64.0 MiB, all its processes",
  ]) {
    expect(text).toContain(fact);
  }
});

test("the detail of a process and of a module", async () => {
  await open({ columns: 120, rows: 40 });
  await screen.press("G");
  for (const fact of ["module      sessions", "data        tty1", "parent      1", "alice (uid 1000)"]) {
    expect(screen.text()).toContain(fact);
  }
  await screen.press("h");
  for (const fact of ["about       login sessions", "/etc/muster/modules/sessions.ts", "100         ● sleeping"]) {
    expect(screen.text()).toContain(fact);
  }
  await screen.press("g");
  expect(screen.line("problem")).toContain("attach threw: no such");
});

test("J: round from a daemon to the member, to the process in its job, and back", async () => {
  await open({
    prepare: (service) =>
      service.emit(
        { src: "daemons", op: "reset", items: [daemon("solver", { pid: 320 })] },
        { src: "members", op: "reset", items: [member("web", 320), member("web", 321)] },
        { src: "events", op: "reset", items: [event(1, { target: job(3).id })] },
      ),
  });
  await screen.press("1", "J");
  expect(screen.line("▸ 3 Members")).not.toBe("");
  await screen.press("J");
  expect(screen.line("▸ 4 Aggregates")).not.toBe("");
  expect(cursorLine()).toStartWith("320 solver");
  await screen.press("J");
  expect(screen.line("▸ 1 Daemons")).not.toBe("");
  await screen.press("3", "j", "J");
  expect(cursorLine()).toStartWith("321 solver");
  await screen.press("J");
  expect(cursorLine()).toStartWith("web");
  await screen.press("4", "g", "J");
  expect(screen.text()).toContain("module broken is no process");
  await screen.press("7", "J");
  expect(cursorLine()).toStartWith("▼ 0x0000000000000003");
});

test("only the jobs and processes in sight are attended", async () => {
  await open();
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([
    job(1).id,
    ...[100, 101, 102].map((pid) => attachment(1, pid).id),
    job(2).id,
    attachment(2, 200).id,
    job(3).id,
    attachment("sessions", 100).id,
  ]);
  await screen.press("1");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([]);
});

test("loading, empty, failed: a sentence each, and the way on", async () => {
  screen = await openScreen();
  await screen.press("4");
  expect(screen.text()).toContain("Reading modules and jobs...");
  const kinds = ["modules", "jobs", "attachments"] as const;
  screen.service.emit(...kinds.map((src) => ({ src, op: "reset", items: [] }) as const));
  await screen.advance(300);
  expect(screen.text()).toContain("No service keeps modules and jobs here. Start one with: muster serve");
  const hint = "start one with `muster serve`";
  const error = errorRecord(new MusterError("NOT_FOUND", "no service keeps jobs", { hint }));
  screen.service.emit({ src: "jobs", op: "unavailable", error });
  await screen.advance(300);
  expect(screen.text()).toContain("Cannot read jobs: no service keeps jobs");
  expect(screen.text()).toContain("start one with `muster serve`");
  await screen.press("a");
  expect(screen.text()).toContain("jobs cannot be read: no service keeps jobs");
  screen.service.emit({ src: "modules", op: "upsert", item: module("job") });
  await screen.advance(3000);
  expect(screen.text()).toContain("jobs cannot be read now: no service keeps jobs");
  expect(screen.lines()[0]).not.toContain("STALE");
});

test("10,000 processes: a key writes little and computes no line again; a filter letter and a fold work on them all", async () => {
  const items = Array.from({ length: 10_000 }, (_, index) =>
    attachment(7, 1000 + index, { parentPid: 1000 + Math.floor(index / 3), comm: `c${index % 40}` }),
  );
  await open({
    columns: 120,
    rows: 40,
    prepare: (service) =>
      service.emit(
        { src: "jobs", op: "reset", items: [job(7, { processes: 10_000 })] },
        { src: "attachments", op: "reset", items },
      ),
  });
  expect(screen.lines()[1]).toEndWith("  1/4");
  await screen.press("jj", "l");
  expect(screen.lines()[1]).toEndWith("  3/10004");
  await screen.advance(500);
  screen.takeWritten();
  await screen.press(DOWN);
  expect(screen.takeWritten().length).toBeLessThanOrEqual(4000);
  const { desk } = screen.open;
  const before = desk.view.rows(desk.store.state());
  await screen.press("j".repeat(50), "x", "S", ESC, "?", ESC);
  expect(desk.view.rows(desk.store.state())).toBe(before);
  await screen.advance(200);
  expect(screen.service.attended.at(-1)?.length).toBeLessThanOrEqual(36);
  await screen.press("/", "number-9999", ENTER);
  expect(names().at(-1)).toMatch(/^… +9999 c39$/);
  await screen.press(ESC, "g", "jj", "h");
  expect(screen.lines()[1]).toEndWith("  3/4");
});
