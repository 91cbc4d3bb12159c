/** Containers and privileged processes: what their lines say at every size, what stands out, where J leads, what can be done. */
import { afterEach, expect, test } from "bun:test";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { attachment, job } from "#test/harness/aggregates.ts";
import { container, privileged } from "#test/harness/container-items.ts";
import { daemon, event, member } from "#test/harness/items.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const containers = [
  container("build", { engine: "podman", uid: 1000, user: "alice", pid: null }),
  container("db", { pid: 4300, state: "paused" }),
  container("web", { pid: 4200, processes: 3, identities: ["4200:5000", "4201:5000", "4202:5000"] }),
  container("flap", { pid: null, state: "restarting" }),
];
const processes = [
  privileged("collect", 800),
  privileged("collect", 700, {}, 3 << 8),
  privileged("pmdabind", 900, { via: "socket", waited: true }, 0x80 | 11),
];

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    events: [
      { src: "containers", op: "reset", items: containers },
      { src: "processes", op: "reset", items: processes },
    ],
  });
  await screen.press("6");
  await screen.advance(200);
}

/** Lines of the list by their places. */
const goTo = (row: number) => screen.press("g", "j".repeat(row));
const [BUILD, WEB, ENDED, RUNNING] = [0, 3, 4, 5];

const request = (index = 0) => screen.service.invocations[index]?.request;

test("containers by name, then privileged processes; the tab counts containers and what needs somebody", async () => {
  await open();
  const names = screen
    .lines()
    .slice(3, 10)
    .map((line) => line.slice(2, 21).trim());
  expect(names).toEqual(["build", "db", "flap", "web", "collect", "collect", "pmdabind"]);
  expect(screen.lines()[1]).toContain("▸ 6 Containers 4 ✖1 ▲1");
});

for (const [columns, rows, titles] of [
  [40, 15, ["NAME", "STATE"]],
  [80, 24, ["NAME", "STATE", "ENGINE", "PID", "CPU %", "IMAGE OR CMD"]],
  [120, 40, ["NAME", "STATE", "ENGINE", "PID", "IMAGE OR CMD"]],
  [200, 60, ["NAME", "STATE", "ENGINE", "PID", "HOST NAME", "PROCS", "CPU %", "MEM MiB", "UPTIME", "IMAGE OR CMD"]],
] as const) {
  test(`${columns}x${rows}: states are whole; the detail says everything`, async () => {
    await open({ columns, rows });
    const shown = (screen.lines()[2] ?? "").split("│")[0]?.replace("▲", "").trim().split(/ {2,}/);
    expect(shown).toEqual([...titles]);
    for (const word of ["● running", "○ stopped", "■ paused", "◐ restarting", "✖ exit 3", "✖ SIGSEGV, core"]) {
      expect(screen.text()).toContain(word);
    }
    await goTo(WEB);
    await screen.press(ENTER);
    const seen = new Set(screen.lines());
    for (let page = 0; page < 6; page++) {
      await screen.press("\x1b[6~");
      for (const each of screen.lines()) seen.add(each);
    }
    const all = [...seen].join("\n");
    for (const part of ["web-host", "4200, its first process", "3: pid 4200 4201 4202", "64.0 MiB", "History"]) {
      expect(all).toContain(part);
    }
    for (const each of screen.lines()) expect(each.length).toBeLessThanOrEqual(columns);
  });
}

test("ASCII and mono: every state with a sign, nothing but ASCII", async () => {
  await open({ theme: { colorLevel: 0, isAscii: true } });
  for (const word of ["* running", "o stopped", "= paused", "~ restarting", "x exit 3", "x SIGSEGV, core"]) {
    expect(screen.text()).toContain(word);
  }
  await screen.press(ENTER, ESC, "?", ESC);
  expect(screen.takeWritten().replace(/[\x00-\x7f]/g, "")).toBe("");
});

test("text of an engine is data: it cannot write to the terminal", async () => {
  const evil = container("evil", { name: "ev\x1b[2Jil", hostName: "h\x07st", image: "im\x1b]0;x\x07age" });
  await open({ prepare: (service) => service.emit({ src: "containers", op: "reset", items: [evil] }) });
  await screen.press(ENTER);
  const written = screen.takeWritten();
  expect(written).toContain("ev");
  for (const sequence of ["\x1b[2Jil", "\x1b]0;x", "\x07"]) expect(written).not.toContain(sequence);
});

test("only what is in sight is attended; a key costs no walk over a thousand containers", async () => {
  const many = Array.from({ length: 1000 }, (_, index) => container(`c${String(index).padStart(4, "0")}`));
  await open({ prepare: (service) => service.emit({ src: "containers", op: "reset", items: many }) });
  await screen.advance(200);
  expect(screen.service.attended.at(-1)?.length).toBe(19);
  const { desk } = screen.open;
  const rows = desk.view.rows(desk.store.state());
  screen.takeWritten();
  await screen.press(DOWN);
  expect(screen.takeWritten().length).toBeLessThanOrEqual(4000);
  expect(desk.view.rows(desk.store.state())).toBe(rows);
  await screen.press("1");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([]);
  screen.takeWritten();
  await screen.advance(60_000);
  expect(screen.takeWritten()).toBe("");
});

test("the filter finds a container by name, host name, image, engine, user, pid and label, a process by its command", async () => {
  const labelled = container("web", { labels: { tier: "front" } });
  await open({ prepare: (service) => service.emit({ src: "containers", op: "upsert", item: labelled }) });
  for (const [typed, name] of [
    ["web-host", "web"],
    ["/tier=front/", "web"],
    ["podman alice", "build"],
    ["example/db", "db"],
    ["4300", "db"],
    ["--number 800", "collect"],
    ["socket SIGSEGV", "pmdabind"],
  ] as const) {
    await screen.press("/", typed, ENTER);
    expect(screen.lines()[1]).toContain("1/1 (of 7)");
    expect(screen.marked()).toContain(name);
    await screen.press(ESC);
  }
});

const known = (service: Screen["service"]) =>
  service.emit(
    { src: "daemons", op: "reset", items: [daemon("nginx", { pid: 4200 })] },
    { src: "members", op: "reset", items: [member("shop", 4201)] },
    { src: "jobs", op: "reset", items: [job(1)] },
    { src: "attachments", op: "reset", items: [attachment(1, 4202), attachment(1, 100)] },
  );

test("J: a container that leads to several places asks where to; Esc stays, Enter goes, J comes back", async () => {
  await open({ prepare: known });
  await goTo(WEB);
  await screen.press("J");
  expect(screen.flat()).toContain("From web to");
  expect(screen.flat()).toContain("▸ daemon nginx, pid 4200");
  expect(screen.flat()).toContain(`job ${job(1).jid}, 1 process`);
  await screen.press(ESC);
  expect(screen.flat()).not.toContain("From web to");
  expect(screen.marked()).toContain("web");
  await screen.press("J", "j", ENTER);
  expect(screen.lines()[1]).toContain("▸ 3 Members");
  expect(screen.marked()).toContain("4201");
  await screen.press("6", "J", ENTER);
  expect(screen.lines()[1]).toContain("▸ 1 Daemons");
  await screen.press("J");
  expect(screen.lines()[1]).toContain("▸ 6 Containers");
  expect(screen.marked()).toContain("web");
  await screen.press("J", "jjjj", ENTER);
  expect(screen.lines()[1]).toContain("▸ 4 Aggregates");
  expect(screen.marked()).toContain(job(1).jid);
});

test("J: what has ended while the question stood is not gone to", async () => {
  await open({ prepare: known });
  await goTo(WEB);
  await screen.press("J");
  screen.service.emit({ src: "daemons", op: "remove", id: "n1/daemon/nginx", reason: "pid file removed" });
  await screen.advance(300);
  await screen.press(ENTER);
  expect(screen.flat()).toContain("daemon nginx, pid 4200 is gone meanwhile");
  expect(screen.lines()[1]).toContain("▸ 6 Containers");
});

test("J: why a line leads nowhere; from an event to its container and its process", async () => {
  const about = (number: number, target: string) => event(number, { target });
  await open({
    prepare: (service) =>
      service.emit({
        src: "events",
        op: "reset",
        items: [about(1, privileged("collect", 800).id), about(2, container("db").id)],
      }),
  });
  await goTo(BUILD);
  await screen.press("J");
  expect(screen.flat()).toContain("build does not run: it has no processes");
  await goTo(ENDED);
  await screen.press("J");
  expect(screen.flat()).toContain("process 700 (collect) has ended");
  await screen.press("7");
  expect(screen.marked()).toMatch(/info +db +event number 2/);
  expect(screen.flat()).toContain("collect (800)");
  await screen.press("J");
  expect(screen.marked()).toContain("db");
  await screen.press("7", "j", "J");
  expect(screen.marked()).toContain("800");
});

test("places that need more than a screen are gone through; 40x15", async () => {
  const identities = Array.from({ length: 30 }, (_, index) => `${4200 + index}:5000`);
  const members = Array.from({ length: 30 }, (_, index) => member("shop", 4200 + index));
  await open({
    columns: 40,
    rows: 15,
    prepare: (service) =>
      service.emit(
        { src: "containers", op: "upsert", item: container("web", { pid: 4200, processes: 30, identities }) },
        { src: "members", op: "reset", items: members },
      ),
  });
  await goTo(WEB);
  await screen.press("J");
  expect(screen.flat()).toContain("1/30 Enter goes there, Esc closes");
  await screen.press("\x1b[6~", "\x1b[6~", "\x1b[6~", "\x1b[6~");
  expect(screen.flat()).toContain("▸ member shop/4229");
  await screen.press("k", "\x1b[5~", ENTER);
  expect(screen.marked()).toContain("4220");
});

test("start: label and command line are asked for; the cursor goes to what was started", async () => {
  await open();
  await screen.press("a");
  expect(screen.flat()).toContain("Start process");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("a label is needed");
  await screen.press("x".repeat(64), ENTER);
  expect(screen.flat()).toContain("a label is at most 63 bytes, this is 64");
  await screen.press("\x15");
  await screen.press("nightly", ENTER);
  expect(screen.flat()).toContain("there are no quotes");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("command line is needed");
  await screen.press("sh -c 'exit 3'", ENTER);
  expect(screen.flat()).toContain("there are no quotes: ' would be a character of an argument");
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("\x15");
  await screen.press("/usr/bin/collect -x", ENTER);
  expect(request()).toMatchObject({
    action: "process.start",
    arguments: { command: "/usr/bin/collect -x" },
    targets: [{ id: "n1/process/nightly", identity: null }],
  });
  screen.service.emit({ src: "processes", op: "upsert", item: privileged("nightly", 950) });
  screen.service.invocations[0]?.finish({ id: "n1/process/nightly", message: "runs as pid 950" });
  await screen.settle();
  expect(screen.flat()).toContain("start nightly: runs as pid 950");
  expect(screen.marked()).toContain("950");
});

test("wait: it runs on the line, other actions go on, Esc asks it to stop, its answer stays", async () => {
  await open();
  await goTo(RUNNING);
  await screen.press("w");
  expect(request()).toMatchObject({
    action: "process.wait",
    targets: [{ id: privileged("collect", 800).id, identity: "800:5000" }],
  });
  screen.service.invocations[0]?.progress("it runs");
  await screen.advance(3200);
  expect(screen.marked()).toContain("wait 3s");
  await screen.press("S", "HUP", ENTER);
  expect(screen.flat()).toContain("Send signal HUP to collect (800)?");
  await screen.press("n");
  await screen.press(ESC);
  expect(screen.service.invocations[0]?.signal?.aborted).toBe(true);
  await screen.press("j", "j", "w");
  screen.service.invocations[1]?.finish({ message: "it ended with exit 0", answer: { status: 0 } });
  await screen.settle();
  await screen.advance(60_000);
  expect(screen.flat()).toContain("it ended with exit 0");
});

test("terminate and signal are confirmed with the very process, and go to it whatever moves meanwhile", async () => {
  await open();
  await goTo(RUNNING);
  await screen.press("x");
  expect(screen.flat()).toContain("Terminate process collect (800)?");
  expect(screen.flat()).toContain("pid 800, started at tick 5000");
  expect(screen.flat()).toContain("ends at once, without a chance to tidy up");
  screen.service.emit({ src: "containers", op: "upsert", item: container("aaa") });
  await screen.press(ENTER);
  expect(screen.service.invocations).toHaveLength(0);
  await screen.press("x", "y");
  expect(request()).toMatchObject({
    action: "process.terminate",
    targets: [{ id: privileged("collect", 800).id, identity: "800:5000" }],
  });
  screen.service.invocations[0]?.finish({ message: "it was killed" });
  await screen.settle();
  await screen.press("S", "TERM", ENTER);
  screen.service.emit({ src: "processes", op: "upsert", item: privileged("collect", 800, {}, 0) });
  await screen.advance(300);
  expect(screen.flat()).toContain("Meanwhile: process 800 (collect) has ended: exit 0. The action will be refused.");
});

test("what cannot be done says why: on what has ended, on a container, read-only", async () => {
  await open();
  await goTo(ENDED);
  await screen.press("x");
  expect(screen.flat()).toContain("process 700 (collect) has ended: exit 3");
  await goTo(WEB);
  await screen.press("x");
  expect(screen.flat()).toContain("x (terminate) is for a line of privileged processes, not of containers");
  expect(screen.service.invocations).toHaveLength(0);
  await screen.close();
  await open({ isReadOnly: true });
  await goTo(RUNNING);
  for (const key of ["a", "x", "S"]) {
    await screen.press(key);
    expect(screen.flat()).toContain("muster runs read-only");
    await screen.advance(3000);
  }
  await screen.press("w");
  expect(request()?.action).toBe("process.wait");
});

test("the past of the selected line is in its detail", async () => {
  await open({
    columns: 120,
    rows: 40,
    prepare: (service) => {
      service.journal = [
        event(1, { target: container("web").id, message: "docker container web runs as process 4200" }),
      ];
    },
  });
  expect(screen.flat()).not.toContain("docker container web runs");
  await goTo(WEB);
  await screen.advance(300);
  expect(
    screen
      .text()
      .replaceAll(/.*│|\s+/g, " ")
      .replaceAll(/ +/g, " "),
  ).toContain("docker container web runs as process");
});

test("loading, empty, failed: a sentence each, and the way on", async () => {
  screen = await openScreen();
  await screen.press("6");
  expect(screen.text()).toContain("Reading containers and privileged processes...");
  screen.service.emit({ src: "containers", op: "reset", items: [] }, { src: "processes", op: "reset", items: [] });
  await screen.advance(300);
  expect(screen.flat()).toContain(
    "No containers: looked for those of docker, podman, LXC, systemd-nspawn, CRI, crun and runc ('muster doctor' tells",
  );
  expect(screen.flat()).toContain("press a to start one");
  const error = errorRecord(
    new MusterError("PERMISSION_DENIED", "/var/lib/muster cannot be read", { hint: "ask root" }),
  );
  screen.service.emit({ src: "processes", op: "unavailable", error });
  await screen.advance(300);
  expect(screen.flat()).toContain("Cannot read privileged processes: /var/lib/muster cannot be read");
  expect(screen.flat()).toContain("ask root");
  await screen.press("a");
  expect(screen.flat()).toContain("privileged processes cannot be read");
  screen.service.emit({ src: "containers", op: "reset", items: containers });
  await screen.advance(300);
  await screen.press(ESC);
  await screen.advance(10_000);
  expect(screen.text()).toContain("web");
  expect(screen.flat()).toContain("privileged processes cannot be read now");
});
