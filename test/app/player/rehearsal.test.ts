import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Goldens, goldensOf } from "#app/player/golden.ts";
import { type RehearsalOptions, rehearse } from "#app/player/rehearsal.ts";
import { Fixture } from "#core/playback/fixture.ts";
import type { FixtureRecord } from "#core/playback/record.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";

type Written = FixtureRecord & { readonly dt?: number; readonly at?: number };

const START: readonly Written[] = [
  { src: "daemons", op: "reset", items: [daemon("cron"), daemon("sshd", { pid: 812, identity: "812:44" })] },
];

class Play extends TemporaryDirectory {
  readonly fixture = this.file("play.muster.ndjson");

  async run(records: readonly object[], options: Partial<RehearsalOptions> = {}, goldens: Goldens | null = null) {
    const lines = [{ muster: 1, host: "n1" }, ...START, ...records];
    writeFileSync(this.fixture, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const fixture = Fixture.open(this.fixture);
    try {
      return await rehearse({
        fixture,
        size: { columns: 80, rows: 24 },
        theme: { colorLevel: 1, isAscii: false, isMotionless: false },
        hasKeys: true,
        from: 0,
        to: fixture.length,
        goldens: goldens ?? goldensOf(this.fixture, false),
        version: "0.1.0",
        isEachDrawn: false,
        isStrict: false,
        ...options,
      });
    } finally {
      fixture.close();
    }
  }

  /** What was not met, as `what: wanted: got`. */
  async failures(...records: readonly (Written | object)[]): Promise<string[]> {
    const { failures } = await this.run(records);
    return failures.flatMap(({ mismatches }) =>
      mismatches.map(({ what, wanted, got }) => `${what}: ${wanted}: ${got}`),
    );
  }
}

const STOP = { action: "daemon.stop", id: "n1/daemon/sshd" };

test("what is so is met, each kind of expectation by itself", async () => {
  using play = new Play();
  const met = await play.failures(
    { expect: { screen: ["sshd", "/cron +/"], noScreen: "nothing", cursor: "daemon/cron", pane: "daemons" } },
    { expect: { focus: "list", dialog: null, toast: null, footerHas: ["stop", "? help"] } },
    { key: "j" },
    { expect: { cursor: "n1/daemon/sshd", line: { of: "daemon/sshd", has: ["up", "812"] } } },
    {
      expect: {
        line: { n: 1, has: "/^muster/" },
        json: { cmd: ["daemons", "get", "sshd"], pick: "items[0].pid", is: 812 },
      },
    },
    { expect: { json: { cmd: ["snapshot"], pick: "daemons[1].lock", is: { held: true, by: 812 } } } },
    { keys: ["x"] },
    { expect: { dialog: { type: "confirm", title: "/Stop sshd/", focus: "cancel" }, focus: "confirm" } },
    { key: "tab" },
    { expect: { dialog: { focus: "accept" } } },
    { key: "esc" },
    { text: "/cr" },
    { expect: { focus: "filter", noScreen: "sshd", cursor: "daemon/cron" } },
    { key: "esc" },
    { resize: { cols: 40, rows: 15 } },
    { expect: { screen: "cron", bytesMax: 100_000 } },
    { src: "daemons", op: "log", event: { code: "DAEMON_STALE", target: "n1/daemon/cron", message: "left behind" } },
    { expect: { events: [{ code: "DAEMON_STALE", target: "daemon/cron", message: "/behind/" }] } },
    { dt: 10, end: { exitCode: 0 } },
  );
  expect(met).toEqual([]);
});

test("what a screen reader is told is expected since the last key or expectation", async () => {
  using play = new Play();
  const met = await play.failures(
    { expect: { reader: ["Daemons, pane 1 of 7, 2 daemons", "/^daemon cron, up, .*, 1 of 2$/"] } },
    { key: "j" },
    { expect: { reader: "/^daemon sshd, up, pid 812, .*, 2 of 2$/" } },
    { key: "x" },
    { expect: { reader: ["Stop sshd?", "process: pid 812, started at tick 44", "Cancel is marked"] } },
    { text: "n" },
    { dt: 10, src: "events", op: "log", event: { code: "DAEMON_DOWN", severity: "error", message: "it is on fire" } },
    { expect: { reader: "error, it is on fire" } },
    { dt: 3000, src: "events", op: "log", event: { code: "DAEMON_DOWN", severity: "warn", message: "it smokes" } },
    { wait: { for: { reader: "warn, it smokes" }, withinMs: 5000 } },
  );
  expect(met).toEqual([]);
  const not = await play.failures({ key: "j" }, { expect: { pane: "daemons" } }, { expect: { reader: "sshd" } });
  expect(not).toEqual(["reader: sshd: nothing was said"]);
  const other = await play.failures({ key: "j" }, { expect: { reader: "nginx" } });
  expect(other[0]).toMatch(/^reader: nginx: daemon sshd, up, pid 812, .* 2 of 2$/);
});

test("what a listener is told is the same each time, and what failed is told with it", async () => {
  using play = new Play();
  const once = async () => {
    const said: string[] = [];
    const { failures } = await play.run([{ dt: 500, key: "j" }, { expect: { cursor: null } }], {
      isHeard: true,
      listener: { said: (line, atMs) => said.push(`${atMs} ${line}`) },
    });
    return { said, lines: failures[0]?.lines ?? [] };
  };
  const [one, two] = [await once(), await once()];
  expect(one).toEqual(two);
  expect(one.said.at(-1)).toMatch(/^500 daemon sshd, up, pid 812, /);
  expect(one.lines.at(-1)).toMatch(/^daemon sshd, up, pid 812, /);
});

test("what is not so is told with what there was", async () => {
  using play = new Play();
  const found = await play.failures(
    { expect: { screen: "nginx" } },
    { expect: { noScreen: "/sshd/" } },
    { expect: { cursor: "daemon/sshd" } },
    { expect: { pane: "jobs", focus: "help" } },
    { expect: { dialog: { title: "Stop" } } },
    { expect: { toast: "done" } },
    { expect: { line: { of: "daemon/cron", has: "down" } } },
    { expect: { line: { of: "daemon/none", has: "down" } } },
    { expect: { footerHas: "nonsense" } },
    { expect: { events: [{ code: "DAEMON_UP" }] } },
    { expect: { audit: [{ action: "daemon.stop" }] } },
    { expect: { json: { cmd: ["daemons", "list"], pick: "items[0].state", is: "down" } } },
    { expect: { json: { cmd: ["daemons", "list"], pick: "items[9].state", is: null } } },
    { expect: { bytesMax: -1 } },
    { end: { exitCode: 3 } },
  );
  expect(found.map((text) => text.split(":")[0])).toEqual([
    "screen",
    "noScreen",
    "cursor",
    "pane",
    "focus",
    "dialog",
    "toast",
    "line of daemon/cron",
    "line of daemon/none",
    "footerHas",
    "events",
    "audit",
    "json daemons list items[0].state",
    "json daemons list items[9].state",
    "bytesMax",
  ]);
  expect(found[2]).toBe("cursor: daemon/sshd: n1/daemon/cron");
  expect(found).toContain("json daemons list items[0].state: down: up");
});

test("what a cell means by its colour is expected by its name, under every theme", async () => {
  using play = new Play();
  const records = [
    { src: "daemons", op: "upsert", item: daemon("atd", { state: "down" }) },
    { src: "daemons", op: "patch", id: "n1/daemon/cron", set: { state: "failed" } },
    { expect: { style: { of: "daemon/atd", id: "state", token: "dim" }, cursor: "daemon/atd" } },
    { expect: { style: { of: "daemon/cron", id: "state", token: "error" } } },
    { expect: { style: { of: "n1/daemon/sshd", id: "name", token: "strong" } } },
    { keys: ["G", "x", "y"] },
    { effect: { match: STOP, reply: { later: "stop" } } },
    { expect: { style: { of: "daemon/sshd", id: "state", token: "busy" } } },
  ];
  for (const colorLevel of [0, 1, 2] as const) {
    const { failures } = await play.run(records, { theme: { colorLevel, isAscii: false, isMotionless: false } });
    expect(failures).toEqual([]);
  }
  const met = await play.failures(
    { expect: { style: { of: "daemon/cron", id: "state", token: "error" } } },
    { expect: { style: { of: "daemon/none", id: "state", token: "ok" } } },
    { expect: { style: { of: "daemon/cron", id: "colour", token: "ok" } } },
    { key: "enter" },
    { expect: { style: { of: "daemon/cron", id: "state", token: "ok" } } },
  );
  expect(met).toEqual([
    "style of state of daemon/cron: error: ok",
    "style of state of daemon/none: ok: not on the screen",
    expect.stringContaining("no such column on the screen: name, state, pid"),
    "style of state of daemon/cron: ok: the list is not on the screen",
  ]);
});

test("an effect answers what was asked for, when its time has come, and is in the audit", async () => {
  using play = new Play();
  const { failures, service } = await play.run([
    { keys: ["j", "x", "y"] },
    {
      effect: {
        match: { ...STOP, identity: "812:44" },
        reply: { ok: { message: "stopped", after: { state: "down" } } },
        afterMs: 400,
      },
    },
    { expect: { screen: "stop sshd: sent", audit: [{ action: "daemon.stop", target: "daemon/sshd" }] } },
    { dt: 399, expect: { toast: null } },
    { dt: 1, expect: { toast: "stopped", audit: [{ outcome: "done", message: "stopped" }] } },
    { dt: 0, end: {} },
  ]);
  expect(failures).toEqual([]);
  expect(service.script.audit.map(({ code, at }) => [code, at])).toEqual([
    ["ACTION_BEGUN", "2026-01-01T00:00:00.000Z"],
    ["ACTION_ENDED", "2026-01-01T00:00:00.400Z"],
  ]);
});

test("an answer may come later, after progress; a failure is shown as one", async () => {
  using play = new Play();
  const found = await play.failures(
    { keys: ["j", "x", "y"] },
    { effect: { match: STOP, reply: { later: "r" } } },
    { dt: 300, effect: { answers: "r", progress: { op: "wait", text: "waiting for the lock" } } },
    { expect: { screen: "waiting for the lock" } },
    { dt: 300, effect: { answers: "r", reply: { err: { code: "TIMED_OUT", message: "it did not end" } } } },
    { dt: 0, wait: { for: { toast: "it did not end" } } },
    { expect: { audit: [{ outcome: "failed" }] } },
    { effect: { answers: "r", reply: { ok: true } } },
  );
  expect(found).toEqual(["effect: an effect record that fits, at this moment: nothing waits for the answer 'r'"]);
});

test("what no effect fits is refused and is a failure; what nobody asks for is one too", async () => {
  using play = new Play();
  const { failures } = await play.run([
    { keys: ["j", "x", "y"] },
    { effect: { match: { action: "daemon.stop", id: "n1/daemon/cron" }, reply: { ok: true } } },
    { dt: 1, expect: { toast: "there is no machine", audit: [{ outcome: "refused" }] } },
    { action: "daemon.start", id: "daemon/sshd" },
    { expect: { toast: "runs already" } },
  ]);
  expect(failures.map(({ mismatches }) => mismatches[0]?.got)).toEqual([
    "unexpected side effect: daemon.stop of n1/daemon/sshd",
  ]);
  const unused = await play.failures({ key: "j" }, { effect: { match: STOP, reply: { ok: true } } });
  expect(unused).toEqual(["effect: somebody who asks for it: nobody did"]);
});

for (const [outcome, severity] of [
  ["unchanged", "info"],
  ["refused", "warn"],
  ["failed", "error"],
  ["unknown", "error"],
] as const) {
  test(`the row of what ended is as grave as in the journal: ${outcome}`, async () => {
    using play = new Play();
    const reply = { results: [{ id: STOP.id, outcome, plan: [], message: "so it ended" }] };
    const { service } = await play.run([{ keys: ["j", "x", "y"] }, { effect: { match: STOP, reply } }]);
    expect(service.script.audit).toMatchObject([
      { code: "ACTION_BEGUN", severity: "info" },
      { code: "ACTION_ENDED", severity, outcome },
    ]);
  });
}

test("processes to choose from are those of the fixture", async () => {
  using play = new Play();
  const shell = { pid: 77, identity: "77:1", uid: 0, user: "root", command: "a shell" };
  const found = await play.failures(
    { action: "member.add" },
    { effect: { match: { query: "processes" }, reply: { processes: [shell] } } },
    { expect: { dialog: { type: "pick", text: "a shell" } } },
    { key: "esc" },
    { action: "member.add" },
    { dt: 1, expect: { screen: "this is a playback" } },
  );
  expect(found).toEqual([
    "effect: an effect record that fits, at this moment: unexpected side effect: the processes to choose from",
  ]);
});

test("a wait lets time go on until it is so, and no longer than it says", async () => {
  using play = new Play();
  const { failures, clock } = await play.run([
    { keys: ["j", "x", "y"] },
    { effect: { match: STOP, reply: { ok: true }, afterMs: 700 } },
    { wait: { for: { toast: "stop sshd: done" }, withinMs: 5000 } },
    { wait: { for: { toast: null } } },
    { wait: { for: { screen: "never" }, withinMs: 100 } },
  ]);
  expect(failures.map(({ mismatches }) => mismatches[0]?.wanted)).toEqual(["never"]);
  expect(clock.nowMs()).toBe(2700);
});

test("read-only is a switch of the fixture's, and without keys nothing is pressed or expected", async () => {
  using play = new Play();
  const readOnly = [{ set: { readOnly: true } }, { key: "x" }, { expect: { toast: "read-only", screen: "READ-ONLY" } }];
  expect(await play.failures(...readOnly)).toEqual([]);
  const { failures, checks } = await play.run([{ keys: ["q"] }, { expect: { screen: "nonsense" } }], {
    hasKeys: false,
  });
  expect([failures, checks]).toEqual([[], 0]);
});

test("how it looks, and whether somebody listens, are switches of the fixture's", async () => {
  using play = new Play();
  let written = "";
  const listener = {
    written(text: string) {
      written += text;
    },
  };
  const { failures } = await play.run(
    [
      { expect: { line: { of: "daemon/cron", has: "▸ cron" } } },
      { set: { ascii: true, readOnly: true } },
      { expect: { line: { of: "daemon/cron", has: "> cron" }, screen: "READ-ONLY" } },
      { set: { ascii: false, theme: "truecolor" } },
      { expect: { line: { of: "daemon/cron", has: "▸ cron" } } },
      { key: "j" },
      { set: { screenReader: true } },
      { key: "k" },
      { expect: { reader: "/^daemon cron, up/" } },
      { set: { screenReader: false } },
      { key: "j" },
      { expect: { reader: "daemon sshd" } },
    ],
    { listener },
  );
  expect(failures.map(({ mismatches }) => mismatches[0]?.got)).toEqual(["nothing was said"]);
  expect(written).toContain("\x1b[38;5;33m● up");
});

test("where the operator is, is a setting too; what is not there is left as it is", async () => {
  using play = new Play();
  const met = await play.failures(
    { set: { cursor: "daemon/sshd", detail: true } },
    { expect: { cursor: "daemon/sshd", focus: "detail", pane: "daemons" } },
    { src: "events", op: "log", event: { code: "DAEMON_DOWN", message: "one" } },
    { src: "events", op: "log", event: { code: "DAEMON_DOWN", message: "two" } },
    { set: { pane: "events", filter: "one" } },
    { expect: { pane: "events", screen: "one", noScreen: "two" } },
    { set: { pane: "daemons", detail: false, cursor: "daemon/none" } },
    { expect: { pane: "daemons", focus: "list", cursor: "daemon/sshd" } },
  );
  expect(met).toEqual([]);
  const { ui } = await play.run([{ set: { cursor: "daemon/sshd" } }], { hasKeys: false });
  expect(ui.panes.daemons.cursor).toBe("n1/daemon/cron");
  await expect(play.run([{ set: { pane: "deamons" } }])).rejects.toThrow(
    "record 2 (line 3): set.pane: one of daemons, ",
  );
});

test("a console that is left too early is a failure, and at the end its exit code is compared", async () => {
  using play = new Play();
  expect(await play.failures({ key: "q" }, { dt: 5, expect: {} })).toEqual([
    "end: the console: exit code 0, with records to come",
  ]);
  expect(await play.failures({ key: "ctrl-c" }, { end: { exitCode: 130 } })).toEqual([]);
  expect(await play.failures({ key: "j" }, { end: { exitCode: 130 } })).toEqual(["end: exit code 130: 0"]);
});

test("a part is played with what was known and pressed before it", async () => {
  using play = new Play();
  const records = [
    { dt: 10, key: "j" },
    { dt: 5, expect: { screen: "nonsense" } },
    { dt: 5, expect: { cursor: "daemon/sshd" } },
  ];
  const { failures, checks } = await play.run(records, { from: 3 });
  expect([failures, checks]).toEqual([[], 1]);
});

test("no screen is kept behind a link", async () => {
  using play = new Play();
  using elsewhere = new TemporaryDirectory();
  const records = [{ expect: { golden: "list" } }];
  const keep = () => play.run(records, {}, goldensOf(play.fixture, true));
  symlinkSync(elsewhere.path, play.file("golden"));
  await expect(keep()).rejects.toThrow(/golden: is a symbolic link: nothing outside the fixture is written/);
  rmSync(play.file("golden"));
  mkdirSync(play.file("golden"));
  symlinkSync(elsewhere.file("f"), play.file("golden/list.80x24.txt"));
  await expect(keep()).rejects.toThrow(/list\.80x24\.txt: is a symbolic link: nothing outside the fixture is written/);
  expect(readdirSync(elsewhere.path)).toEqual([]);
});

test("a screen is kept, compared, and told where it differs; nothing is read through a link", async () => {
  using play = new Play();
  const records = [{ expect: { golden: "list" } }];
  const { failures: first } = await play.run(records);
  expect(first[0]?.mismatches[0]?.got).toBe("none: --update-golden keeps this one");
  await play.run(records, {}, goldensOf(play.fixture, true));
  const file = play.file("golden/list.80x24.txt");
  expect(readFileSync(file, "utf8")).toContain("sshd");
  expect((await play.run(records)).failures).toEqual([]);
  const { failures: other } = await play.run([{ key: "j" }, ...records]);
  expect(other[0]?.mismatches[0]).toMatchObject({ what: "golden list", got: expect.stringContaining("2/2") });

  using elsewhere = new Play();
  mkdirSync(elsewhere.file("golden"));
  symlinkSync(file, elsewhere.file("golden/list.80x24.txt"));
  expect((await elsewhere.run(records)).failures[0]?.mismatches[0]?.got).toContain("none");
  expect(existsSync(elsewhere.file("golden/list.40x15.txt"))).toBe(false);
});

test("escape sequences of a fixture reach no terminal", async () => {
  using play = new Play();
  const evil = "\u001b]0;taken\u0007\u001b[2J\u009b31m";
  let written = "";
  const { failures } = await play.run(
    [
      {
        src: "daemons",
        op: "upsert",
        item: daemon(`evil${evil}`, { label: evil, comm: evil, problems: [{ code: evil, message: evil }] }),
      },
      { src: "modules", op: "unavailable", error: { code: "SYSTEM", message: evil } },
      { src: "daemons", op: "log", event: { code: evil, message: evil } },
      { mark: evil },
      { text: `/${evil}` },
      { paste: evil },
      { expect: { screen: "\\x1b" } },
      { keys: ["esc", "7"] },
      { expect: { pane: "events", screen: "\\x1b]0;taken" } },
    ],
    {
      listener: {
        written(text) {
          written += text;
        },
      },
    },
  );
  expect(failures).toEqual([]);
  expect(written).not.toContain("\u001b]0");
  expect(written).not.toContain("\u0007");
  expect(written).not.toContain("\u009b");
});

const PROGRAM = `
  import { rehearse } from "#app/player/rehearsal.ts";
  import { Fixture } from "#core/playback/fixture.ts";
  const fixture = Fixture.open(process.env.FIXTURE);
  const { failures } = await rehearse({
    fixture, from: 0, to: fixture.length, hasKeys: true, isEachDrawn: true, isStrict: true, goldens: null, version: "0",
    size: { columns: 80, rows: 24 }, theme: { colorLevel: 1, isAscii: false, isMotionless: false },
  });
  process.stdout.write(String(failures.length));
`;

test("a program that has played a fixture ends by itself", async () => {
  const FIXTURE = join(import.meta.dir, "../../../fixtures/sshd-loses-its-lock.muster.ndjson");
  using directory = new TemporaryDirectory();
  const program = directory.file("program.ts");
  writeFileSync(program, PROGRAM.replaceAll("#", `${join(import.meta.dir, "../../..")}/`));
  // One that does not is ended, so that it is not left behind.
  const options = { env: { ...process.env, FIXTURE }, stdout: "pipe", timeout: 20_000 } as const;
  const child = Bun.spawn([process.execPath, program], options);
  expect(await new Response(child.stdout).text()).toBe("0");
  expect(await child.exited).toBe(0);
});

test("the same fixture is drawn with the same bytes", async () => {
  using play = new Play();
  const records = [
    { dt: 100, keys: ["j", "enter"] },
    { dt: 100, src: "daemons", op: "remove", id: "n1/daemon/cron" },
    { dt: 5, resize: { cols: 60, rows: 20 } },
    { dt: 500, note: "end" },
  ];
  const drawn = async () => {
    let written = "";
    const listener = {
      written(text: string, atMs: number) {
        written += `${atMs} ${text}\n`;
      },
    };
    await play.run(records, { isEachDrawn: true, listener });
    return written;
  };
  expect(await drawn()).toBe(await drawn());
});
