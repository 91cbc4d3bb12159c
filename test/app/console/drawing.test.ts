/** How things look without colour, in ASCII, with text from outside; and how little is drawn. */
import { afterEach, expect, test } from "bun:test";
import { DAEMON_STATES } from "#core/model/daemon.ts";
import { daemon } from "#test/harness/items.ts";
import { DOWN, ENTER, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const states = (options: ScreenOptions = {}) =>
  openScreen({
    ...options,
    prepare: (service) =>
      service.emit({
        src: "daemons",
        op: "reset",
        items: DAEMON_STATES.map((state) => daemon(`d-${state}`, { state })),
      }),
  });

const wordsOf = () => screen.lines().flatMap((line) => /d-\S+ +(\S) (\S+)/.exec(line)?.slice(1, 3).join(" ") ?? []);

test("no two states look the same without colour, in Unicode and in ASCII", async () => {
  for (const isAscii of [false, true]) {
    screen = await states({ theme: { isAscii, colorLevel: 0 } });
    expect(new Set(wordsOf()).size).toBe(DAEMON_STATES.length);
    await screen.close();
  }
});

test("without colour nothing but bold and inverse is written", async () => {
  screen = await states({ theme: { colorLevel: 0 } });
  await screen.press("x", "n", "?", "\x1b[27u", "s", "\x1b[27u", "/", "up", ENTER, ENTER, "2", "f");
  const written = screen.takeWritten();
  const parameters = [...written.matchAll(/\x1b\[([\d;]*)m/g)].flatMap((match) => (match[1] ?? "").split(";"));
  expect([...new Set(parameters)].filter((each) => !["1", "7", "22", "27", "0", ""].includes(each))).toEqual([]);
});

test("16 colours use the terminal's own palette", async () => {
  screen = await states({ theme: { colorLevel: 1 } });
  expect(screen.takeWritten()).not.toMatch(/\x1b\[[34]8;/);
});

test("ASCII: no other character is written, whatever names hold", async () => {
  screen = await openScreen({
    theme: { isAscii: true },
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("名前é")] }),
  });
  await screen.press("x", "n", "?", "\x1b[27u", "s", "\x1b[27u", ENTER);
  expect(screen.takeWritten().replace(/[\x00-\x7f]/g, "")).toBe("");
  expect(screen.text()).toContain("\\u540d\\u524d\\xe9");
});

test("the selected line is inverse and has a sign, a weaker one while the detail has the focus", async () => {
  screen = await states({ columns: 120, rows: 30 });
  const row = screen.lines().findIndex((line) => line.startsWith("▸ d-"));
  expect(screen.style(row, 4).isInverse).toBe(true);
  await screen.press(ENTER);
  expect(screen.lines()[row]).toStartWith("▹ d-");
  expect(screen.style(row, 4)).toMatchObject({ isInverse: false, isBold: true });
});

test("names with wide, combining and control characters keep the columns straight", async () => {
  const names = [
    "守护进程守护进程守护进程守护进程守护",
    "e\u0301te\u0301",
    "a\x1b[31mred\x1b[0m",
    "b\nc\td",
    "\u202eevil",
    "x".repeat(80),
  ];
  const items = names.map((label, index) => daemon(`n${index}`, { label, pid: 7000 + index }));
  screen = await openScreen({ prepare: (service) => service.emit({ src: "daemons", op: "reset", items }) });
  const cellOf = (row: number, text: string) => {
    for (let column = 0; column < 80; column++) if (screen.style(row, column).text === text) return column;
    return -1;
  };
  const rows = screen.lines().flatMap((line, row) => (/\b700\d\b/.test(line) ? [row] : []));
  expect(rows).toHaveLength(names.length);
  expect(new Set(rows.map((row) => cellOf(row, "●"))).size).toBe(1);
  expect(new Set(rows.map((row) => cellOf(row, "7"))).size).toBe(1);
  expect(screen.text()).toContain("a\\x1b[31mred\\x1b[0m");
  expect(screen.text()).toContain("b\\nc\\td");
  expect(screen.text()).toContain("\\u202eevil");
  await screen.press("j".repeat(6), "x");
  expect(screen.text()).toContain("Stop");
});

test("nothing happens: nothing is written and no timer waits", async () => {
  screen = await states();
  await screen.advance(500);
  screen.takeWritten();
  await screen.advance(600_000);
  expect(screen.takeWritten()).toBe("");
  expect(screen.clock.pending()).toBe(0);
});

test("a cursor move writes little", async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => daemon(`d${index}`, { pid: 1000 + index }));
  screen = await openScreen({ prepare: (service) => service.emit({ src: "daemons", op: "reset", items }) });
  await screen.advance(500);
  screen.takeWritten();
  await screen.press(DOWN);
  expect(screen.takeWritten().length).toBeLessThanOrEqual(400);
});

test("many source events are at most four frames a second", async () => {
  screen = await states();
  await screen.advance(1000);
  let frames = 0;
  const unsubscribe = screen.open.desk.store.subscribe(() => {
    frames++;
  });
  for (let step = 0; step < 100; step++) {
    screen.service.emit({ src: "daemons", op: "upsert", item: daemon("d-up", { pid: 2000 + step }) });
    await screen.advance(10);
  }
  unsubscribe();
  expect(frames).toBeLessThanOrEqual(5);
  expect(frames).toBeGreaterThanOrEqual(4);
  await screen.advance(300);
  expect(screen.line("d-up")).toContain("2099");
});

test("a key does not compute the list again", async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => daemon(`d${index}`));
  screen = await openScreen({ prepare: (service) => service.emit({ src: "daemons", op: "reset", items }) });
  const { desk } = screen.open;
  const rows = desk.view.rows(desk.store.state());
  await screen.press("j".repeat(50), "x", "n", "?", "\x1b[27u", ENTER);
  expect(desk.view.rows(desk.store.state())).toBe(rows);
});
