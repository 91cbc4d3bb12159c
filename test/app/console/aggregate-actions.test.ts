/** What can be done to modules, jobs and their processes: keys of the selected line, questions, requests, answers. */
import { afterEach, expect, test } from "bun:test";
import { helpEntries } from "#app/console/help-entries.ts";
import { PANE_LIST } from "#app/panes/table.ts";
import { ACTION_LIST } from "#core/act/actions.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { attachment, jidOf, job, module } from "#test/harness/aggregates.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const CLEAR = "\x15";

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    prepare: (service) => {
      service.rows = [
        { pid: 100, identity: "100:5000", uid: 1000, user: "alice", command: "sh -c make" },
        { pid: 500, identity: "500:2", uid: 33, user: "www-data", command: "nginx: worker process" },
      ];
      service.emit(
        { src: "modules", op: "reset", items: [module("job", { jobs: 2, attached: 2 }), module("sessions")] },
        { src: "jobs", op: "reset", items: [job(1), job(2, { state: "frozen" })] },
        { src: "attachments", op: "reset", items: [attachment(1, 100), attachment(2, 200)] },
      );
      options.prepare?.(service);
    },
  });
  await screen.press("4");
}

/** Lines of the list by their places: job, job 1, its process, job 2, its process, sessions. */
const goTo = (row: number) => screen.press("g", "j".repeat(row));
const JOB_MODULE = 0;
const JOB = 1;
const PROCESS = 2;
const FROZEN = 3;
const SESSIONS = 5;

const request = (index = 0) => screen.service.invocations[index]?.request;

test("the same key means what fits the selected line; footer, help and palette of actions say so", async () => {
  await open({ theme: { colorLevel: 0 } });
  for (const [row, kind, shown, hidden] of [
    [JOB_MODULE, "modules", "(u unload)", "S signal"],
    [JOB, "jobs", "D detach  S signal", "unload"],
    [PROCESS, "attachments", "d detach  S signal", "unload"],
  ] as const) {
    await goTo(row);
    expect(screen.lines().at(-1)).toContain(shown);
    expect(screen.lines().at(-1)).not.toContain(hidden);
    const { desk } = screen.open;
    const help = helpEntries(desk.keymap, desk.store.state(), "", false).map(({ binding }) => binding.id);
    const kinds = PANE_LIST.find(({ id }) => id === "aggregates")?.kinds ?? [];
    const expected = ACTION_LIST.filter(
      (action) => action.kind === kind || (action.subject === "new" && kinds.includes(action.kind)),
    );
    expect(expected.length).toBeGreaterThan(4);
    for (const { id } of expected) expect(help).toContain(id);
    for (const action of ACTION_LIST) if (!expected.includes(action)) expect(help).not.toContain(action.id);
  }
});

test("S: a job's signal is asked with TERM, a process's without; both are confirmed with their object", async () => {
  await open();
  await goTo(JOB);
  await screen.press("S");
  expect(screen.text()).toContain(`Signal job: ${jidOf(1)}`);
  expect(screen.text()).toContain("signal: TERM");
  await screen.press(ENTER);
  expect(screen.text()).toContain(`Signal job TERM to ${jidOf(1)}?`);
  expect(screen.flat()).toContain(`Everything in ${jidOf(1)} will get the signal: 1`);
  await screen.press(ENTER);
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("S", CLEAR, "int", ENTER, "y");
  expect(request()).toMatchObject({
    action: "job.kill",
    arguments: { signal: "int" },
    targets: [{ id: job(1).id }],
    via: "console",
  });
  await goTo(PROCESS);
  await screen.press("S", "9", ENTER);
  expect(screen.text()).toContain("Send signal 9 to process 100 (sh)?");
  expect(screen.line("process ")).not.toBe("");
  await screen.press("y");
  expect(request(1)).toMatchObject({
    action: "attachment.signal",
    arguments: { signal: "9" },
    targets: [{ id: attachment(1, 100).id, identity: "100:5000" }],
  });
});

test("a job's signal left empty is left out", async () => {
  await open();
  await goTo(JOB);
  await screen.press("S", CLEAR, ENTER, "y");
  expect(request()?.arguments).toEqual({});
});

test("a job is made for a process out of the list, which leaves its old one; the cursor goes to it", async () => {
  await open();
  await goTo(SESSIONS);
  await screen.press("a");
  expect(screen.text()).toContain("Create a job for which process?");
  expect(screen.line("sh -c make")).toContain(`in ${jidOf(1)}: `);
  await screen.press("nginx", ENTER);
  // Both may be left empty.
  expect(screen.text()).toContain("Create job: process 500");
  expect(screen.line("jid: ")).not.toBe("");
  await screen.press(ENTER);
  expect(screen.line("user: ")).not.toBe("");
  await screen.press(ENTER);
  expect(screen.text()).toContain("Create job process 500?");
  expect(screen.text()).not.toContain("jid  ");
  expect(screen.line("process  ")).toContain("pid 500, started at tick 2");
  expect(screen.flat()).toContain("nginx: worker process gets a job of its own;");
  await screen.press("y");
  expect(request()?.arguments).toEqual({ pid: 500 });
  expect(request()).toMatchObject({
    action: "job.create",
    targets: [{ id: "n1/job/500", identity: "500:2" }],
  });
  screen.service.emit({ src: "jobs", op: "upsert", item: job(3, { pid: 500, identity: "500:2" }) });
  const made = { message: "process 500 is the first of 0x3", answer: { jid: jidOf(3) }, id: job(3).id };
  screen.service.invocations[0]?.finish(made);
  await screen.settle();
  expect(screen.text()).toContain("create: process 500 is the first of 0x3");
  expect(screen.line(`▸   `)).toContain(jidOf(3));
});

test("a job of a jid and an owner of the operator's choice: both are asked, told before, and judged where they are typed", async () => {
  await open();
  await screen.press("a");
  await screen.press("nginx", ENTER, "5g", ENTER);
  expect(screen.flat()).toContain("a jid is hexadecimal, such as 0x501, and not 0");
  await screen.press(CLEAR, "0", ENTER);
  expect(screen.flat()).toContain("a jid is hexadecimal, such as 0x501, and not 0");
  await screen.press(CLEAR, "0x501", ENTER, "alice", ENTER);
  expect(screen.line("jid  ")).toContain("0x501");
  expect(screen.line("user  ")).toContain("alice");
  await screen.press("y");
  expect(request()).toMatchObject({
    arguments: { pid: 500, jid: "0x501", user: "alice" },
    targets: [{ id: "n1/job/500", identity: "500:2" }],
  });
  await screen.press("a");
  await screen.press("nginx", ENTER, ENTER, ESC);
  expect(screen.text()).not.toContain("Create job");
  expect(screen.service.invocations).toHaveLength(1);
});

test("a new job is found by its first process where the answer does not name it", async () => {
  await open();
  await screen.press("a");
  await screen.press("nginx", ENTER, ENTER, ENTER, "y");
  screen.service.emit({ src: "jobs", op: "upsert", item: job(3, { pid: 500, identity: "500:2" }) });
  screen.service.invocations[0]?.finish({});
  await screen.settle();
  expect(screen.line(`▸   `)).toContain(jidOf(3));
});

test("a process joins a job, with the identity it was chosen with; one that is in a job does not", async () => {
  await open();
  await goTo(FROZEN);
  await screen.press("A");
  expect(screen.text()).toContain(`Attach which process to ${jidOf(2)}?`);
  await screen.press(ENTER);
  expect(screen.text()).toContain(`process 100 is in ${jidOf(1)} already`);
  await screen.press(DOWN, ENTER);
  expect(screen.text()).toContain(`Attach process 500 to ${jidOf(2)}?`);
  await screen.press(ENTER);
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("A");
  await screen.press("nginx", ENTER, "y");
  expect(request()).toMatchObject({
    action: "job.attach",
    arguments: { pid: 500 },
    targets: [{ id: job(2).id, identity: "500:2" }],
  });
});

test("what a new job would take its process out of, and that process 1 is more than one process, is said before", async () => {
  await open({
    prepare: (service) => {
      const row = { pid: 1, identity: "1:1", uid: 0, user: "root", command: "/sbin/init" };
      service.rows = [row, ...service.rows];
    },
  });
  await screen.press("a");
  await screen.press(ENTER, ENTER, ENTER);
  expect(screen.flat()).toContain("Everything comes from process 1");
  await screen.press(ESC, "a");
  await screen.press("make", ENTER, ENTER, ENTER);
  expect(screen.flat()).toContain(`It leaves ${jidOf(1)}.`);
});

test("a dying job takes nobody in", async () => {
  await open({ prepare: (service) => service.emit({ src: "jobs", op: "upsert", item: job(1, { state: "dying" }) }) });
  await goTo(JOB);
  await screen.press("A");
  expect(screen.text()).toContain(`${jidOf(1)} is ending`);
});

test("what lists no processes says the command that does it", async () => {
  await open({
    prepare: (service) => {
      delete service.processes;
    },
  });
  await screen.press("a");
  expect(screen.text()).toContain("processes cannot be listed here: use muster jobs create PID");
});

test("detach: of a job and of a process confirmed, with what follows", async () => {
  await open();
  await goTo(JOB);
  await screen.press("D");
  expect(screen.text()).toContain(`Detach all ${jidOf(1)}?`);
  expect(screen.text()).toContain("ends; 1 process will go on, and nothing");
  await screen.press("y");
  expect(request()).toMatchObject({ action: "job.detach", targets: [{ id: job(1).id }] });
  await goTo(PROCESS);
  await screen.press("d");
  expect(screen.flat()).toContain(`Process 100 (sh) goes on outside ${jidOf(1)}.`);
  await screen.press("y");
  expect(request(1)).toMatchObject({ action: "attachment.detach", targets: [{ identity: "100:5000" }] });
  // The service tells what has changed a moment after its answer.
  screen.service.invocations[1]?.finish({ message: "process 100 has left" });
  await screen.advance(900);
  screen.service.emit({ src: "attachments", op: "remove", id: attachment(1, 100).id, reason: "detached" });
  await screen.advance(300);
  expect(screen.flat()).toContain("process 100 has left; process 100 (sh) is");
});

test("freeze is taken back by z; what is not running or has no cgroup says why not", async () => {
  await open();
  await goTo(JOB);
  await screen.press("F");
  expect(request()).toMatchObject({ action: "job.freeze", targets: [{ id: job(1).id }] });
  screen.service.emit({ src: "jobs", op: "upsert", item: job(1, { state: "frozen" }) });
  screen.service.invocations[0]?.finish({ message: "stands still", undo: "job.thaw" });
  await screen.settle();
  expect(screen.text()).toContain(`freeze ${jidOf(1)}: stands still (z takes it back)`);
  await screen.press("z");
  expect(request(1)).toMatchObject({ action: "job.thaw", targets: [{ id: job(1).id }] });
  await goTo(FROZEN);
  await screen.press("F");
  expect(screen.text()).toContain(`${jidOf(2)} is frozen`);
  screen.service.emit({ src: "jobs", op: "upsert", item: job(2, { containment: "tracker" }) });
  await screen.advance(3000);
  await screen.press("F");
  expect(screen.flat()).toContain("is held by the tracker: only a cgroup can be");
});

test("wait: seconds on the row, other actions go on meanwhile, Esc asks to cancel, the answer stays until it is read", async () => {
  await open();
  await goTo(JOB);
  await screen.press("w");
  expect(request()).toMatchObject({ action: "job.wait", targets: [{ id: job(1).id }] });
  screen.service.invocations[0]?.progress("its last process has not left yet");
  await screen.advance(3200);
  expect(screen.line("▸ ")).not.toBe("");
  expect(screen.line(`▼ ${jidOf(1)}`)).toContain("wait 3s");
  expect(screen.line("its last process")).toContain("3 s  Esc cancels");
  await screen.press("w");
  expect(screen.flat()).toContain(`wait of ${jidOf(1)} is still running`);
  await screen.press("S", ENTER, "y");
  expect(request(1)?.action).toBe("job.kill");
  await screen.press("w");
  screen.service.invocations[1]?.finish({ message: "TERM was sent" });
  await screen.settle();
  screen.service.emit(
    { src: "jobs", op: "remove", id: job(1).id, reason: "ended" },
    { src: "attachments", op: "remove", id: attachment(1, 100).id, reason: "ended" },
  );
  const answer = { jid: jidOf(1), status: 15, text: "killed by SIGTERM" };
  screen.service.invocations[0]?.finish({ message: "it has ended: killed by SIGTERM", answer });
  await screen.settle();
  expect(screen.flat()).toContain(`wait ${jidOf(1)}: it has ended: killed by SIGTERM`);
  screen.service.emit({ src: "jobs", op: "remove", id: job(2).id, reason: "ended" });
  await screen.advance(60_000);
  expect(screen.flat()).toContain(`${jidOf(2)} is gone: the cursor is on job now`);
  expect(screen.flat()).toContain("it has ended: killed by SIGTERM");
  await screen.press("j");
  expect(screen.flat()).not.toContain("killed by SIGTERM");
});

test("a wait that is cancelled says so, and the job can be waited for again", async () => {
  await open();
  await goTo(JOB);
  await screen.press("w");
  await screen.press(ESC);
  expect(screen.service.invocations[0]?.signal?.aborted).toBe(true);
  await screen.advance(2500);
  expect(screen.text()).toContain("cancel asked");
  const error = errorRecord(new MusterError("CANCELLED", "it goes on; it is no longer waited for"));
  screen.service.invocations[0]?.finish({ outcome: "refused", message: error.message, error });
  await screen.settle();
  expect(screen.flat()).toContain("it goes on; it is no longer waited for");
  await screen.press("w");
  expect(screen.service.invocations).toHaveLength(2);
});

test("two jobs are waited for at once; Esc cancels the one under the cursor", async () => {
  await open();
  await goTo(JOB);
  await screen.press("w");
  await goTo(FROZEN);
  await screen.press("w");
  await goTo(JOB);
  await screen.press(ESC);
  expect(screen.service.invocations.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
});

test("pids: the answer in a box that scrolls, closed by one key", async () => {
  await open();
  await goTo(JOB);
  await screen.press("P");
  const pids = Array.from({ length: 400 }, (_, index) => 1000 + index);
  screen.service.invocations[0]?.finish({ message: "it has 400 processes", answer: { jid: jidOf(1), pids } });
  await screen.settle();
  expect(screen.text()).toContain(`Tell pids: ${jidOf(1)}`);
  expect(screen.text()).toContain("it has 400 processes");
  expect(screen.line("pids ")).toContain("1000 1001 1002");
  expect(screen.text()).toContain("more, Enter closes");
  await screen.press("\x1b[6~", "\x1b[6~", "\x1b[6~", "\x1b[6~", "S");
  expect(screen.text()).toContain("1399");
  expect(screen.text()).not.toContain("1000 1001");
  await screen.press("\x1b[5~", "\x1b[5~", "\x1b[5~", "\x1b[5~", "j", "k", "k");
  expect(screen.text()).toContain("it has 400 processes");
  await screen.press(ENTER);
  expect(screen.text()).not.toContain("Tell pids");
  expect(screen.service.invocations).toHaveLength(1);
});

test("an answer that comes late, or under a dialog, is a line: it takes no keys", async () => {
  await open();
  await goTo(JOB);
  await screen.press("P");
  await goTo(FROZEN);
  await screen.press("P", "j", "d");
  screen.service.invocations[1]?.finish({ message: "it has 1 process", answer: { pids: [200] } });
  await screen.settle();
  expect(screen.text()).toContain("Detach process");
  expect(screen.flat()).toContain(`pids ${jidOf(2)}: it has 1 process`);
  await screen.press(ESC);
  await screen.advance(5000);
  screen.service.invocations[0]?.finish({ message: "it has 2 processes", answer: { pids: [100, 101] } });
  await screen.settle();
  expect(screen.text()).not.toContain("Tell pids:");
  expect(screen.flat()).toContain(`pids ${jidOf(1)}: it has 2 processes`);
});

test("a module is loaded by path or name, unloaded after a question, and loaded again by z", async () => {
  await open();
  await screen.press("o");
  expect(screen.text()).toContain("Load module");
  expect(screen.text()).toContain("the path of a module's file, or its name in a directory of the");
  await screen.press(ENTER);
  expect(screen.text()).toContain("a path or a name is needed");
  await screen.press("/etc/muster/modules/audit.ts", ENTER);
  expect(request()).toMatchObject({
    action: "module.load",
    targets: [{ id: "n1/module//etc/muster/modules/audit.ts", identity: null }],
  });
  screen.service.emit({ src: "modules", op: "upsert", item: module("audit") });
  screen.service.invocations[0]?.finish({ message: "registered", undo: "module.unload", id: "n1/module/audit" });
  await screen.settle();
  expect(screen.line("▸   audit")).not.toBe("");
  await screen.press("z");
  expect(screen.text()).toContain("Unload module audit?");
  expect(screen.flat()).toContain("audit will be detached from 0 processes; what it knows");
  await screen.press("y");
  expect(request(1)).toMatchObject({ action: "module.unload", targets: [{ id: "n1/module/audit" }] });
  await screen.press("j", "u");
  expect(screen.flat()).toContain("job is part of muster: it cannot be unloaded");
});

test("check and ctl: the marked module's name stands there; name, request and data are asked; the answer is shown", async () => {
  await open();
  await goTo(SESSIONS);
  await screen.press("c");
  expect(screen.text()).toContain("module: sessions");
  await screen.press(CLEAR, "x".repeat(33), ENTER);
  expect(screen.flat()).toContain("the name of a module is at most 32 bytes, this is 33");
  await screen.press(CLEAR, "nobody", ENTER);
  expect(request()).toMatchObject({ action: "module.check", arguments: {}, targets: [{ id: "n1/module/nobody" }] });
  const answer = { name: "nobody", registered: false };
  screen.service.invocations[0]?.finish({ message: "no module nobody is registered", answer });
  await screen.settle();
  expect(screen.text()).toContain("Check module: nobody");
  expect(screen.line("│ registered")).toContain("false");
  await screen.press(ESC, "C", CLEAR, "PAGG_MOD", ENTER);
  expect(screen.text()).toContain("Send request: PAGG_MOD");
  await screen.press(ENTER);
  expect(screen.text()).toContain("request is needed");
  await screen.press("MOD_GETLST", ENTER);
  expect(screen.line("data: ")).not.toBe("");
  await screen.press('{"capacity":8}', ENTER);
  expect(request(1)).toMatchObject({
    action: "module.ctl",
    arguments: { request: "MOD_GETLST", data: '{"capacity":8}' },
    targets: [{ id: "n1/module/PAGG_MOD" }],
  });
  const told = { data: { r_val: 2, names: ["job", "sessions"], rest: [{ a: 1 }, { a: null }], none: [], more: {} } };
  screen.service.invocations[1]?.finish({ message: "PAGG_MOD has answered MOD_GETLST", answer: told });
  await screen.settle();
  const shown = screen.text().replaceAll(/ +/g, " ");
  for (const fact of [
    "data.r_val 2",
    "data.names job sessions",
    "data.rest 1.a 1",
    "data.rest 2.a none",
    "data.none none",
  ]) {
    expect(shown).toContain(fact);
  }
});

test("ctl without data leaves it out; Esc in any of its questions does nothing", async () => {
  await open();
  await goTo(PROCESS);
  await screen.press("C");
  expect(screen.text()).toContain("module: job");
  await screen.press(ENTER, "MOD_GETCNT", ESC);
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("C", ENTER, "4", ENTER, ENTER);
  expect(request()?.arguments).toEqual({ request: "4" });
});

test("the answer of a module is text from outside: nothing in it acts on the terminal", async () => {
  await open();
  await screen.press("C", ENTER, "9", ENTER, ENTER);
  screen.service.invocations[0]?.finish({ message: "\x1b[2Jgone", answer: { "a\tb": "\x1b]0;owned\x07" } });
  await screen.settle();
  expect(screen.text()).toContain("\\x1b[2Jgone");
  expect(screen.text()).toContain("a\\tb");
  expect(screen.text()).toContain("\\x1b]0;owned\\x07");
});

test("a job that changes or ends under its dialog is told there; another prime process is no other job", async () => {
  await open();
  await goTo(FROZEN);
  await screen.press("D");
  screen.service.emit({ src: "jobs", op: "upsert", item: job(2, { state: "frozen", pid: 201, identity: "201:7" }) });
  await screen.advance(300);
  expect(screen.text()).not.toContain("meanwhile");
  screen.service.emit({ src: "jobs", op: "remove", id: job(2).id, reason: "ended" });
  await screen.advance(300);
  expect(screen.text()).toContain(`${jidOf(2)} is gone meanwhile.`);
});

test("read-only: what asks goes on, what changes gives the reason", async () => {
  await open({ isReadOnly: true });
  await goTo(JOB);
  for (const key of ["a", "A", "D", "S", "F", "o"]) {
    await screen.press(key);
    expect(screen.text()).toContain("muster runs read-only");
  }
  await screen.press("P");
  await goTo(FROZEN);
  await screen.press("w");
  expect(screen.service.invocations.map(({ request: { action } }) => action)).toEqual(["job.pids", "job.wait"]);
});
