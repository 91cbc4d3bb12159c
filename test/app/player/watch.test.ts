import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Size } from "#app/console/layout.ts";
import type { OpenConsole } from "#app/console/run.ts";
import { createSkin } from "#app/console/skin.ts";
import { initialUi } from "#app/console/ui-state.ts";
import { Keyframes } from "#app/player/keyframes.ts";
import { turn } from "#app/player/player.ts";
import { openTerminal } from "#app/player/stage.ts";
import { NOT_ASKING, ORDER_KEYS, pressed, transportLine } from "#app/player/transport.ts";
import { type WatchOptions, watch } from "#app/player/watch.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { emptySnapshot } from "#core/store/snapshot.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";

/** Nothing that has to be seen takes more of them: real time has no part in it. */
const MOST_TURNS = 100;
const LEADER = "\x10";
const ESC = "\x1b[27u";
const HOME = "\x1b[H";
const END = "\x1b[F";

/** A fixture before an operator whose time goes by as the test says. */
async function watching(
  records: readonly object[],
  options: Partial<WatchOptions> = {},
  size: Size = { columns: 100, rows: 24 },
) {
  const directory = new TemporaryDirectory();
  const path = directory.file("watched");
  const reset = {
    src: "daemons",
    op: "reset",
    items: [daemon("cron"), daemon("sshd", { pid: 812, identity: "812:44" })],
  };
  writeFileSync(path, [{ muster: 1, host: "n1" }, reset, ...records].map((each) => JSON.stringify(each)).join("\n"));
  const fixture = Fixture.open(path);
  const on = await openTerminal(size);
  const clock = createVirtualClock();
  const opened = Promise.withResolvers<OpenConsole>();
  const exit = watch({
    fixture,
    theme: { colorLevel: 1, isAscii: false, isMotionless: false },
    version: "0.1.0",
    hasKeys: true,
    from: 0,
    to: fixture.length,
    speed: 1,
    isStepping: false,
    isLooping: false,
    idleLimitMs: null,
    placeOf: (text) => fixture.markNamed(text).index,
    clock,
    onOpen: opened.resolve,
    ...on.streams,
    ...options,
  });
  const open = await Promise.race([opened.promise, exit.then(() => opened.promise)]);
  let code: number | null = null;
  void exit.then(
    (left) => {
      code = left;
    },
    () => {},
  );
  return {
    exit,
    open,
    errors: on.errors,
    type: (bytes: string) => on.stdin.send(bytes),
    /** Real time goes by, in the ticks of a clock on the wall. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 50) {
        clock.advance(Math.min(50, left));
        for (let turns = 0; turns < 8; turns++) await turn();
      }
    },
    /** Waits until it is on the screen. */
    async seen(...texts: readonly (string | RegExp)[]) {
      for (let turns = 0; ; turns++) {
        const screen = await this.screen();
        const missing = texts.find((text) => !(typeof text === "string" ? screen.includes(text) : text.test(screen)));
        if (missing === undefined) return screen;
        if (turns > MOST_TURNS) throw new Error(`${missing} is not on the screen:\n${screen}`);
        await turn();
      }
    },
    async screen() {
      if (code === null) await open.flush();
      await on.seen();
      return on.lines().join("\n");
    },
    /** Also after a failure: while a console is open nobody else is told of errors. */
    async [Symbol.asyncDispose]() {
      open.desk.leave(0);
      await exit.catch(() => {});
      fixture.close();
      directory[Symbol.dispose]();
    },
  };
}

const NIGHT: readonly object[] = [
  { dt: 1000, mark: "first" },
  { dt: 0, src: "daemons", op: "upsert", item: daemon("nginx") },
  { dt: 1000, key: "j" },
  { dt: 1000, mark: "second" },
  { dt: 0, src: "daemons", op: "remove", id: "n1/daemon/nginx" },
  { dt: 57_000, note: "long after" },
];

test("it plays in its own time, and says where it is", async () => {
  await using night = await watching(NIGHT);
  await night.pass(300);
  await night.seen("REPLAY", "/01:00.0", "▸ cron");
  await night.pass(900);
  await night.seen("nginx", "[first]", /00:01\.\d/);
  await night.pass(1000);
  await night.seen("▸ nginx");
  await night.pass(1000);
  const screen = await night.seen("[second]", "▸ sshd");
  expect(screen).not.toContain("  nginx ");
  night.type("q");
  expect(await night.exit).toBe(0);
});

test("paused, time stands still; steps go both ways, and keys of the panes work meanwhile", async () => {
  await using night = await watching(NIGHT);
  night.type(LEADER);
  await night.seen("Space pause");
  night.type(" ");
  await night.seen("paused");
  await night.pass(5000);
  expect(await night.screen()).not.toContain("nginx");
  night.type(LEADER);
  night.type("..");
  await night.seen("nginx", "paused", "again . , ] [ > <  Esc");
  night.type(",");
  for (;;) {
    const screen = await night.screen();
    // On its way back it is where nothing was known yet.
    if (screen.includes("sshd") && !/^. nginx/m.test(screen)) break;
    await turn();
  }
  night.type("j");
  await night.seen("▸ sshd", "paused", "[first]");
});

test("marks, typed places, both ends; the way back shows what was shown", async () => {
  await using night = await watching(NIGHT);
  night.type(`${LEADER}]`);
  await night.seen("again .");
  night.type("]]");
  await night.seen("there is no mark behind this place");
  night.type("[");
  night.type("x");
  await night.seen("[first]", "00:01.0");
  night.type(ESC);
  night.type(`${LEADER}g`);
  await night.seen("go to: _");
  night.type("second\r");
  await night.seen("[second]", "00:03.0", "▸ nginx");
  night.type(`${LEADER}gnow`);
  night.type("\x1b[200~here\nand more\x1b[201~");
  await night.seen("go to: nowhere_");
  night.type("\r");
  await night.seen("has no mark 'nowhere'");
  night.type(LEADER);
  night.type(END);
  await night.seen("at the end", "01:00.0/01:00.0");
  night.type(LEADER);
  night.type(HOME);
  await night.seen("00:00.0/01:00.0");
  await night.pass(300);
  const screen = await night.seen("▸ cron");
  expect(screen).not.toContain("nginx");
});

test("pressed again it is the mark before that, however fast time has gone on meanwhile", async () => {
  await using night = await watching(NIGHT, { speed: 16 });
  await night.pass(1000);
  await night.seen("[second]");
  night.type(`${LEADER}[`);
  await night.seen("00:03.0");
  await night.pass(250);
  await night.seen("00:07.0");
  night.type("[");
  await night.seen("[first]", "00:01.0");
});

test("without recorded keys there is nothing to take over", async () => {
  await using night = await watching(NIGHT, { hasKeys: false });
  night.type(`${LEADER}t`);
  await night.seen("nothing is pressed here");
  await night.pass(2500);
  await night.seen("nginx", "▸ cron");
});

test("faster, slower, and no pause longer than asked for", async () => {
  await using night = await watching(NIGHT, { idleLimitMs: 500 });
  night.type(`${LEADER}>>`);
  await night.seen("x4");
  await night.pass(400);
  await night.seen("nginx");
  await night.pass(1500);
  await night.seen("at the end");
});

test("after the end it may begin again", async () => {
  await using night = await watching(NIGHT.slice(0, 3), { isLooping: true });
  await night.pass(2100);
  await night.seen("▸ nginx");
  await night.pass(1500);
  await night.seen("▸ cron", "00:00");
  await using once = await watching(NIGHT.slice(0, 3));
  await once.pass(3000);
  await once.seen("at the end");
  once.type(`${LEADER} `);
  await once.seen("00:00.0");
  await once.pass(2500);
  await once.seen("at the end");
});

test("step by step it stands still at each record", async () => {
  await using night = await watching(NIGHT, { isStepping: true });
  await night.seen("paused");
  await night.pass(3000);
  expect(await night.screen()).toContain("no data yet");
  night.type(`${LEADER}.`);
  await night.seen("cron");
});

test("as fast as it goes it is at the end at once", async () => {
  await using night = await watching(NIGHT, { speed: Number.POSITIVE_INFINITY });
  await night.seen("at the end", "▸ sshd", "01:00.0/01:00.0");
});

test("taken over: sources go on, recorded keys do not, and nothing that is asked for is done", async () => {
  await using night = await watching(NIGHT);
  night.type(`${LEADER}t`);
  await night.seen("taken over");
  await night.pass(2500);
  await night.seen("nginx", "▸ cron");
  night.type("x");
  await night.seen("Stop cron?");
  night.type("y");
  await night.seen("stop cron: sent");
  // It goes on four times a second, and answers when it does.
  await night.pass(500);
  await night.seen("this is a playback, there is no machine");
});

test("leaving, and what cannot be read in the middle, give the terminal back", async () => {
  await using left = await watching(NIGHT);
  left.type(LEADER);
  left.type(ESC);
  expect(await left.exit).toBe(0);
  await using broken = await watching([{ dt: 100, src: "daemons", op: "patch", id: "n1/daemon/none", set: {} }]);
  const failed = broken.exit.then(
    () => "it ended well",
    (thrown: Error) => thrown.message,
  );
  await broken.pass(200);
  expect(await failed).toContain("record 2 (line 3): id: there is no 'n1/daemon/none' among daemons now");
});

const ASCII_SIGNS = /^> cron +\* up/m;
const UNICODE_SIGNS = /^▸ cron +● up/m;

test("switches of the fixture are turned, and back with it; nothing is shown that the terminal cannot show", async () => {
  const records = [
    { dt: 1000, set: { ascii: true, readOnly: true, theme: "mono" } },
    { dt: 1000, set: { ascii: false } },
    { dt: 60_000, note: "long after" },
  ];
  await using night = await watching(records);
  await night.pass(1200);
  await night.seen(ASCII_SIGNS, "READ-ONLY");
  await night.pass(1000);
  await night.seen(UNICODE_SIGNS, "READ-ONLY");
  night.type(LEADER);
  night.type(HOME);
  await night.seen("00:00.0");
  await night.pass(300);
  expect(await night.seen(UNICODE_SIGNS)).not.toContain("READ-ONLY");
  const theme = { colorLevel: 0, isAscii: true, isMotionless: false } as const;
  await using poor = await watching([{ dt: 100, set: { ascii: false, theme: "truecolor", speed: 4 } }], { theme });
  await poor.pass(300);
  await poor.seen("at the end", "x4", ASCII_SIGNS);
});

const STOPPED = [
  { dt: 1000, keys: ["j", "x", "y"] },
  { dt: 0, effect: { match: { action: "daemon.stop" }, reply: { ok: { message: "it is stopped" } }, afterMs: 3000 } },
  { dt: 0, wait: { for: { screen: "it is stopped" }, withinMs: 10_000 } },
  { dt: 0, key: "k" },
  { dt: 60_000, note: "long after" },
];

test("what comes behind a wait waits, at the pace that was asked for; keys of the playback work meanwhile", async () => {
  await using night = await watching(STOPPED);
  await night.pass(1300);
  await night.seen("waits", "▸ sshd");
  await night.pass(1500);
  await night.seen("waits", /00:02\.\d/, "▸ sshd");
  night.type(`${LEADER} `);
  await night.seen("paused");
  await night.pass(5000);
  await night.seen("paused", "▸ sshd");
  night.type(`${LEADER} `);
  await night.seen("waits");
  await night.pass(1500);
  expect(await night.seen("▸ cron", /00:04\.\d/)).not.toContain("waits");
});

test("a wait is passed over by a step and by going elsewhere, and one that is in vain is told", async () => {
  await using night = await watching(STOPPED, { isStepping: true });
  for (let index = 0; index < 4; index++) night.type(`${LEADER}.`);
  await night.seen("▸ sshd", "00:01.0");
  night.type(".");
  await night.seen("▸ cron", "00:04.0");
  night.type(LEADER);
  night.type(HOME);
  await night.seen("00:00.0");
  night.type(LEADER);
  night.type(END);
  await night.seen("▸ cron", "at the end");
  await using vain = await watching([
    { dt: 100, wait: { for: { screen: "never" } } },
    { dt: 0, key: "j" },
  ]);
  await vain.pass(600);
  await vain.seen("what was waited for did not come", "▸ sshd");
});

test("a recorded change of size leaves the terminal as it is, and is told until it is undone", async () => {
  const records = [
    { dt: 1000, resize: { cols: 40, rows: 15 } },
    { dt: 1000, resize: { cols: 100, rows: 24 } },
    { dt: 60_000, note: "long after" },
  ];
  await using night = await watching(records);
  await night.pass(1300);
  await night.seen("recorded at 40x15", "▸ 1 Daemons 2  2 Cat");
  await night.pass(1000);
  expect(await night.screen()).not.toContain("recorded at");
  night.type(`${LEADER},`);
  await night.seen("recorded at 40x15");
});

const LONG = "a-name-that-goes-on-and-on-".repeat(6);

for (const [columns, rows] of [
  [80, 24],
  [120, 40],
  [200, 60],
  [40, 15],
] as const) {
  test(`at ${columns}x${rows} an answer of several lines leaves the line of the playback alone`, async () => {
    const size = { columns, rows };
    await using night = await watching([{ dt: 0, src: "daemons", op: "upsert", item: daemon(LONG) }], {}, size);
    const [line, status] = [rows - 2, rows - 3];
    const lines = async () => (await night.screen()).split("\n");
    await night.pass(300);
    night.type(`${LEADER}t`);
    await night.seen("taken");
    night.type("x");
    await night.seen("Stop a-name");
    night.type("y");
    await night.pass(100);
    await night.seen(/▲ stop\s+a-name/);
    const drawn = await lines();
    expect(drawn[line]).toMatch(/^REPLAY 00:0.*taken over/);
    expect(drawn.slice(status - 1, line).map((text) => /^ \S/.test(text))).toEqual([true, true]);
    night.type("?");
    await night.seen("Keys: Daemons");
    expect((await lines())[line]).toMatch(/^REPLAY 00:0/);
    night.type(LEADER);
    await night.seen("Space");
    expect((await lines())[line]).toMatch(columns < 80 ? /^Space {2}\., record.* g t$/ : /^Space pause.* Esc quit$/);
  });
}

test("only behind the leader is a key the playback's", () => {
  expect(pressed(NOT_ASKING, "space").isTaken).toBe(false);
  const leading = pressed(NOT_ASKING, "ctrl-p");
  expect(leading).toMatchObject({ isTaken: true, order: null, asking: { isLeading: true } });
  for (const { key } of ORDER_KEYS) expect(pressed(leading.asking, key).isTaken).toBe(true);
  expect(pressed(leading.asking, "ctrl-p").asking).toEqual(NOT_ASKING);
  // A key that was meant for the playback must not stop a daemon.
  for (const key of ["x", "enter", "constructor", "ctrl-x"]) {
    expect(pressed(leading.asking, key)).toMatchObject({ asking: NOT_ASKING, order: null, isTaken: true });
  }
  expect(pressed(leading.asking, "enter").problem).toBe("Ctrl-P Enter does nothing; Ctrl-P tells the keys");
  const { order, asking: repeating } = pressed(leading.asking, ".");
  expect([order, pressed(repeating, ",").order]).toEqual([{ type: "next" }, { type: "previous" }]);
  expect(pressed(repeating, "j")).toMatchObject({ asking: NOT_ASKING, isTaken: false });
  expect(pressed(repeating, "esc")).toMatchObject({ asking: NOT_ASKING, order: null, isTaken: true });
  expect(pressed(repeating, "t").isTaken).toBe(false);
  expect(pressed(leading.asking, "esc").order).toEqual({ type: "leave" });
  const asking = pressed(leading.asking, "g").asking;
  const typed = ["4", "x", "backspace", "2", "space", "down"].reduce((now, key) => pressed(now, key).asking, asking);
  for (const each of [leading.asking, repeating, typed]) expect(pressed(each, "ctrl-c").isTaken).toBe(false);
  expect(pressed(typed, "enter").order).toEqual({ type: "go", place: "42 " });
  expect(pressed(typed, "esc")).toMatchObject({ asking: NOT_ASKING, order: null, isTaken: true });
});

test("the line tells of speed, pause, end and mistakes", () => {
  const position = {
    atMs: 42_300,
    durationMs: 3_723_400,
    speed: 4,
    isPaused: true,
    isWaiting: false,
    isAtEnd: false,
    isTakenOver: false,
    mark: "lock lost",
    recordedSize: null,
    remark: null,
    problem: null,
  };
  expect(transportLine(position, NOT_ASKING, 80).text).toBe("REPLAY 00:42.3/1:02:03.4  x4  paused  [lock lost]");
  expect(transportLine({ ...position, problem: "no such mark" }, NOT_ASKING, 80)).toMatchObject({
    text: "REPLAY 00:42.3/1:02:03.4  no such mark",
    tone: "warn",
  });
  expect(transportLine({ ...position, problem: "no such mark" }, NOT_ASKING, 40).text).toBe("no such mark");
});

test("keyframes stay few however long it is, and the nearest is found", () => {
  const frames = new Keyframes();
  for (let index = 0; index < 1_000_000; index += 500) {
    if (!frames.isDue(index, index)) continue;
    frames.add({
      index,
      clockMs: index,
      snapshot: emptySnapshot("n"),
      ui: initialUi(),
      auditRows: 0,
      isReadOnly: false,
      skin: createSkin({ colorLevel: 0, isAscii: false, isMotionless: false }),
    });
  }
  expect(frames.before(0)?.index).toBe(0);
  const distances = Array.from({ length: 1000 }, (_, each) => each * 1000 - (frames.before(each * 1000)?.index ?? 0));
  expect(Math.max(...distances)).toBeLessThan(10_000);
  expect(Math.min(...distances)).toBe(0);
});
