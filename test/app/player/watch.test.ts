import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Size } from "#app/console/layout.ts";
import type { OpenConsole } from "#app/console/run.ts";
import { initialUi } from "#app/console/ui-state.ts";
import { Keyframes } from "#app/player/keyframes.ts";
import { turn } from "#app/player/player.ts";
import { openTerminal } from "#app/player/stage.ts";
import { NOT_ASKING, pressed, transportLine } from "#app/player/transport.ts";
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
  await night.seen("nginx", "Space pause");
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
  await night.seen("Space pause");
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
  night.type(`${LEADER}gnowhere\r`);
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

test("faster, slower, and no pause longer than asked for", async () => {
  await using night = await watching(NIGHT, { idleLimitMs: 500 });
  night.type(`${LEADER}>>`);
  night.type(LEADER);
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
  await night.pass(100);
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

test("only behind the leader is a key the playback's", () => {
  expect(pressed(NOT_ASKING, "space").isTaken).toBe(false);
  const leading = pressed(NOT_ASKING, "ctrl-p");
  expect(leading).toMatchObject({ isTaken: true, order: null, asking: { isLeading: true } });
  expect(pressed(leading.asking, "ctrl-p").asking).toEqual(NOT_ASKING);
  expect(pressed(leading.asking, "x")).toEqual({ asking: NOT_ASKING, order: null, isTaken: false });
  expect(pressed(leading.asking, "constructor").isTaken).toBe(false);
  expect(pressed(leading.asking, ".")).toMatchObject({ order: { type: "next" }, asking: { isLeading: true } });
  const asking = pressed(leading.asking, "g").asking;
  const typed = ["4", "x", "backspace", "2", "space", "down"].reduce((now, key) => pressed(now, key).asking, asking);
  expect(pressed(typed, "enter").order).toEqual({ type: "go", place: "42 " });
  expect(pressed(typed, "esc")).toEqual({ asking: NOT_ASKING, order: null, isTaken: true });
});

test("the line tells of speed, pause, end and mistakes", () => {
  const position = {
    atMs: 42_300,
    durationMs: 3_723_400,
    speed: 4,
    isPaused: true,
    isAtEnd: false,
    isTakenOver: false,
    mark: "lock lost",
    problem: null,
  };
  expect(transportLine(position, NOT_ASKING).text).toBe("REPLAY 00:42.3/1:02:03.4  x4  paused  [lock lost]");
  expect(transportLine({ ...position, problem: "no such mark" }, NOT_ASKING)).toMatchObject({
    text: "no such mark",
    tone: "warn",
  });
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
    });
  }
  expect(frames.before(0)?.index).toBe(0);
  const distances = Array.from({ length: 1000 }, (_, each) => each * 1000 - (frames.before(each * 1000)?.index ?? 0));
  expect(Math.max(...distances)).toBeLessThan(10_000);
  expect(Math.min(...distances)).toBe(0);
});
