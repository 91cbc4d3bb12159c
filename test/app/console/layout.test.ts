/** Layout: rectangles that fill the screen at every size, and what is drawn at the sizes that matter. */
import { afterEach, expect, test } from "bun:test";
import fc from "fast-check";
import { type FullLayout, type Layout, layout, type Rect } from "#app/console/layout.ts";
import { daemon, event } from "#test/harness/items.ts";
import { ENTER, openScreen, type Screen } from "#test/harness/screen.ts";

let screen: Screen | null = null;
afterEach(async () => {
  await screen?.close();
  screen = null;
});

const at = (columns: number, rows: number, isDetailOpen = false): Layout =>
  layout({ size: { columns, rows }, isDetailOpen, isEventsPane: false, isListWide: false });

function full(columns: number, rows: number, isDetailOpen = false): FullLayout {
  const place = at(columns, rows, isDetailOpen);
  if (place.kind !== "full") throw new Error(place.sentence);
  return place;
}

const rects = (place: FullLayout): readonly Rect[] =>
  [
    place.header,
    place.tabs,
    place.list,
    place.detail,
    place.divider,
    place.events,
    place.status,
    place.transport,
    place.footer,
  ].flatMap((rect) => rect ?? []);

test("no rectangle leaves the screen or covers another, at any size", () => {
  const size = fc.record({ columns: fc.integer({ min: 1, max: 300 }), rows: fc.integer({ min: 1, max: 120 }) });
  fc.assert(
    fc.property(size, fc.boolean(), fc.boolean(), fc.boolean(), (each, isDetailOpen, isEventsPane, hasTransport) => {
      const place = layout({ size: each, isDetailOpen, isEventsPane, isListWide: isEventsPane, hasTransport });
      if (place.kind === "small") return each.columns < 40 || each.rows < 12;
      const taken = new Set<string>();
      return rects(place).every((rect) => {
        for (let row = rect.top; row < rect.top + rect.rows; row++) {
          for (let column = rect.left; column < rect.left + rect.columns; column++) {
            const cell = `${row},${column}`;
            if (taken.has(cell) || row >= each.rows || column >= each.columns) return false;
            taken.add(cell);
          }
        }
        return rect.rows > 0 && rect.columns > 0;
      });
    }),
  );
});

test("80x24: four rows of chrome, the detail in the place of the list", () => {
  const place = full(80, 24);
  expect(place.list).toEqual({ left: 0, top: 2, columns: 80, rows: 20 });
  expect(place.detail).toBeNull();
  const opened = full(80, 24, true);
  expect(opened.list).toBeNull();
  expect(opened.detail).toEqual({ left: 0, top: 2, columns: 80, rows: 20 });
});

test("from 100 columns list and detail side by side, from 160x40 with events below", () => {
  expect(full(99, 30).detail).toBeNull();
  expect(full(100, 30).detail?.columns).toBe(55);
  expect(full(120, 40).events).toBeNull();
  expect(full(159, 40).events).toBeNull();
  expect(full(160, 40).events?.rows).toBe(8);
  expect(full(200, 60).detail?.columns).toBe(80);
});

test("portrait: list over detail", () => {
  const place = full(84, 46);
  expect(place.list?.columns).toBe(84);
  expect(place.detail?.columns).toBe(84);
  expect(full(85, 46).detail).toBeNull();
  expect(full(84, 45).detail).toBeNull();
});

test("below 40x12 one sentence", () => {
  expect(at(30, 10)).toMatchObject({ kind: "small", sentence: "muster needs 40x12, this is 30x10" });
  expect(at(40, 12).kind).toBe("full");
});

const SIZES = [
  [40, 12],
  [40, 15],
  [80, 24],
  [84, 46],
  [99, 30],
  [100, 30],
  [120, 40],
  [160, 40],
  [200, 60],
] as const;

const prepared = {
  prepare: (service: Screen["service"]) => {
    const items = Array.from({ length: 80 }, (_, index) =>
      daemon(`daemon-with-a-long-name-${index}`, { pid: 1000 + index }),
    );
    service.emit({ src: "daemons", op: "reset", items });
    service.emit({ src: "events", op: "reset", items: Array.from({ length: 90 }, (_, index) => event(index)) });
  },
};

for (const [columns, rows] of SIZES) {
  test(`${columns}x${rows}: every line is on its place, in list, detail, help and dialog`, async () => {
    screen = await openScreen({ columns, rows, ...prepared });
    expect(screen.text()).toContain(" 1001");
    for (const keys of ["", "j", "?", "\x1b[27u", "x", "n", "s", "\x1b[27u", ENTER]) {
      if (keys !== "") await screen.press(keys);
      const lines = screen.lines();
      expect(lines).toHaveLength(rows);
      expect(lines[0]).toStartWith("muster 0.1.0");
      expect(lines[1]).toContain("1 Daemons 80");
      expect(lines.at(-1)).not.toBe("");
    }
    if (columns >= 80) expect(screen.text()).toContain("daemon-with-a-long-name-1");
  });
}

test("state and pid are never cut", async () => {
  screen = await openScreen({ columns: 40, rows: 15, ...prepared });
  expect(screen.line("▸")).toContain("1 Daemons");
  expect(screen.lines()[3]).toMatch(/^▸ daemon.*….* +● up +1000$/);
});

test("too small: a sentence, and the whole picture again when enlarged, with the cursor where it was", async () => {
  screen = await openScreen(prepared);
  await screen.press("jjjjj");
  const before = screen.text();
  const shown = () =>
    screen
      ?.lines()
      .map((line) => line.trimEnd())
      .join(" ")
      .trimEnd();
  await screen.resize([30, 10]);
  expect(shown()).toBe("muster needs 40x12, this is 30x10");
  await screen.advance(100);
  expect(shown()).toBe("muster needs 40x12, this is 30x10");
  await screen.press("x", "y", "j");
  await screen.resize([80, 24]);
  await screen.advance(100);
  expect(screen.text()).toBe(before);
  expect(screen.service.invocations).toHaveLength(0);
});

test("after a burst of resizes the screen is as if it had opened at that size", async () => {
  const random = (seed: number) => {
    let state = seed;
    return (low: number, high: number) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return low + (state % (high - low + 1));
    };
  };
  for (let seed = 1; seed <= 10; seed++) {
    const next = random(seed);
    const sizes = Array.from({ length: 15 }, () => [next(20, 210), next(6, 70)] as const);
    const last = [next(60, 200), next(16, 60)] as const;
    const resized = await openScreen(prepared);
    await resized.resize(...sizes, last);
    await resized.advance(100);
    const fresh = await openScreen({ columns: last[0], rows: last[1], ...prepared });
    await fresh.advance(100);
    expect(resized.lines()).toEqual(fresh.lines());
    await resized.close();
    await fresh.close();
  }
}, 20_000);

test("what the list cuts off is said whole in the status line, and nothing twice", async () => {
  const message = "process 1788 is the first of 0x0000000000000002 and the last words of this are told";
  const events = [event(1), event(2, { message })];
  screen = await openScreen({ events: [{ src: "events", op: "reset", items: events }] });
  await screen.press("7");
  expect(screen.line("▸ 03-01")).not.toContain("the last words");
  expect(screen.lines().at(-2)).toStartWith(` ${message.slice(0, 70)}`);
  await screen.press("j");
  expect(screen.text().split("event number 1")).toHaveLength(2);
});
