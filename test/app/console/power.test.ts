/** Endpoints and policies: what their lines say at every size, sparklines, what stands out, and what belongs together. */
import { afterEach, expect, test } from "bun:test";
import { ENDPOINT_STATES } from "#core/model/endpoint.ts";
import { errorRecord, MusterError } from "#core/model/error.ts";
import { event } from "#test/harness/items.ts";
import { endpoint, limit, policy, powerSample } from "#test/harness/power.ts";
import { DOWN, ENTER, ESC, openScreen, type Screen, type ScreenOptions } from "#test/harness/screen.ts";

let screen: Screen;
afterEach(() => screen?.close());

const endpoints = [
  endpoint("ep0"),
  endpoint("ep1", { agent: null }),
  endpoint("ep2", { state: "stale", sampleAgeSeconds: 200 }),
  endpoint("ep3", { agent: null, state: "orphaned", owned: false, ownerPid: null }),
];
const policies = [
  policy("power_governor", "dgemm"),
  policy("power_governor", null, { fields: [limit(200)] }),
  policy("frequency_map", "fft", { fields: [limit(null)] }),
];

async function open(options: ScreenOptions = {}): Promise<void> {
  screen = await openScreen({
    ...options,
    events: [
      { src: "endpoints", op: "reset", items: endpoints },
      { src: "policies", op: "reset", items: policies },
    ],
  });
  await screen.press("5");
  await screen.advance(200);
}

/** One look a second at what was sent. */
async function sends(name: string, ...watts: readonly (number | null)[]): Promise<void> {
  for (const each of watts) {
    await screen.advance(1000);
    screen.service.emit({ src: "endpoints", op: "upsert", item: endpoint(name, { sample: powerSample(each) }) });
    await screen.advance(0);
  }
}

const names = () =>
  screen
    .lines()
    .slice(3, -2)
    .map((line) => line.slice(2, 22).trimEnd())
    .filter((line) => line !== "");
const line = (text: string) => screen.lines().find((each) => each.slice(2, 24).includes(text)) ?? "";

test("endpoints, then the policies of each agent: its default, and below it the best ones of its profiles", async () => {
  await open();
  expect(names()).toEqual([
    "  /dev/shm/ep0",
    "  /dev/shm/ep1",
    "  /dev/shm/ep2",
    "  /dev/shm/ep3",
    "  frequency_map/fft",
    "▼ power_governor",
    "    dgemm",
  ]);
  expect(screen.lines()[1]).toContain("▸ 5 Power 4 ▲2");
  await screen.press("G", "h", "h");
  expect(names().at(-1)).toBe("► power_governor");
});

for (const [columns, rows, titles] of [
  [40, 15, ["NAME", "STATE"]],
  [80, 24, ["NAME", "STATE", "AGENT", "S.AGE", "SAMPLE OR POLICY"]],
  [120, 40, ["NAME", "STATE", "AGENT", "SAMPLE OR POLICY"]],
  [200, 60, ["NAME", "STATE", "AGENT", "PROFILE", "NODES", "FIRST SEEN", "P.AGE", "S.AGE", "SAMPLE OR POLICY"]],
] as const) {
  test(`${columns}x${rows}: states are whole; the detail says every value with its unit and its sparkline`, async () => {
    await open({ columns, rows });
    await sends("ep0", 100, 200);
    const shown = (screen.lines()[2] ?? "").split("│")[0]?.replace("▲", "").trim().split(/ {2,}/);
    expect(shown).toEqual([...titles]);
    for (const word of ["● attached", "○ waiting", "◌ stale", "◇ orphaned"]) expect(screen.text()).toContain(word);
    if (columns >= 80) expect(line("ep0")).toContain("200 W");
    await screen.press(ENTER);
    const seen = new Set(screen.text().split("\n"));
    for (let page = 0; page < 6; page++) {
      await screen.press("\x1b[6~");
      for (const each of screen.lines()) seen.add(each);
    }
    const all = [...seen].join("\n");
    for (const part of ["POWER ", "IS_CONVERGED", "POWER_AVERAGE_ENFORCED", "CPU_POWER_LIMIT", "176 W", "▄█"]) {
      expect(all).toContain(part);
    }
    for (const each of screen.lines()) expect(each.length).toBeLessThanOrEqual(columns);
  });
}

test("200x60: a line says profile, nodes, since when, ages, the main sample and its last seconds", async () => {
  await open({ columns: 200, rows: 60 });
  await sends("ep0", 50, 100);
  expect(line("ep0")).toMatch(/dgemm +2 {2}03-01 09:00 +1m +0s +100 W +▄█ │/);
});

test("the sparkline: scale from 0 to a round number, the newest at the right, NaN and missing seconds are gaps", async () => {
  await open();
  await sends("ep0", 100, null, 200, 0);
  await screen.advance(3000);
  await sends("ep0", 120);
  expect(line("ep0")).toEndWith(" 120 W  █▁   ▅");
  await screen.press(ENTER);
  expect(screen.flat()).toContain("POWER 120 W; 60 s, 0 to 200 W");
  expect(screen.text()).toContain(" ▄ █▁   ▅");
});

test("NaN is no data, in the list and in the detail", async () => {
  await open();
  await sends("ep0", null);
  expect(line("ep0")).toContain("   no data");
  await screen.press(ENTER);
  expect(screen.line("POWER ")).toContain("no data");
});

test("who sends nothing ends in gaps, and a controller that attaches anew begins anew", async () => {
  await open();
  await sends("ep0", 100, 100);
  await screen.advance(4000);
  const late = endpoint("ep0", { sample: powerSample(100), sampleAgeSeconds: 4.5 });
  screen.service.emit({ src: "endpoints", op: "upsert", item: late });
  await screen.advance(300);
  expect(line("ep0")).toEndWith("100 W   ██   ");
  const other = endpoint("ep0", { sample: powerSample(100), attachedSince: "2026-03-01T10:00:05.000Z" });
  screen.service.emit({ src: "endpoints", op: "upsert", item: other });
  await screen.advance(300);
  expect(line("ep0")).toMatch(/100 W {7}█$/);
});

test("ASCII: the same with _.-=^#, and every state with a sign of its own", async () => {
  await open({
    rows: 40,
    theme: { colorLevel: 0, isAscii: true },
    prepare: (service) =>
      service.emit(
        ...ENDPOINT_STATES.map(
          (state) => ({ src: "endpoints", op: "upsert", item: endpoint(state, { state }) }) as const,
        ),
      ),
  });
  await sends("ep0", 10, 60, 100, 140, 170, 200);
  expect(line("ep0")).toEndWith("200 W  _.-=^#");
  expect(screen.takeWritten().replace(/[\x00-\x7f]/g, "")).toBe("");
  const signs = ENDPOINT_STATES.map((state) => /(\S \S+)/.exec(line(`/dev/shm/${state}`).slice(20))?.[1] ?? "");
  expect(new Set(signs).size).toBe(ENDPOINT_STATES.length);
  for (const [index, state] of ENDPOINT_STATES.entries()) expect(signs[index]).toEndWith(` ${state}`);
});

test("frozen, the picture stands still, sparklines too; what was sent meanwhile is there afterwards", async () => {
  await open();
  await sends("ep0", 100);
  await screen.press("f");
  const before = line("ep0");
  await sends("ep0", 200, 200);
  expect(line("ep0")).toBe(before);
  await screen.press("f");
  expect(line("ep0")).toEndWith("▄██");
});

test("only what is in sight is attended, and remembered", async () => {
  const many = Array.from({ length: 1000 }, (_, index) => endpoint(`ep${String(index).padStart(4, "0")}`));
  await open({ prepare: (service) => service.emit({ src: "endpoints", op: "reset", items: many }) });
  await screen.advance(200);
  expect(screen.service.attended.at(-1)?.length).toBe(19);
  const { desk } = screen.open;
  const next = (watts: number) =>
    ({ src: "endpoints", op: "reset", items: many.map((each) => ({ ...each, sample: powerSample(watts) })) }) as const;
  await screen.advance(1000);
  screen.service.emit(next(100));
  await screen.advance(300);
  expect(desk.store.state().samples.size).toBe(19);
  const rows = desk.view.rows(desk.store.state());
  screen.takeWritten();
  await screen.press(DOWN);
  expect(screen.takeWritten().length).toBeLessThanOrEqual(4000);
  expect(desk.view.rows(desk.store.state())).toBe(rows);
  await screen.press("1");
  await screen.advance(200);
  expect(screen.service.attended.at(-1)).toEqual([]);
  const kept = desk.store.state().samples;
  screen.service.emit(next(120));
  await screen.advance(300);
  expect(desk.store.state().samples).toBe(kept);
});

test("nothing comes, nothing is written", async () => {
  await open();
  await sends("ep0", 100);
  await screen.advance(2000);
  screen.takeWritten();
  await screen.advance(60_000);
  expect(screen.takeWritten()).toBe("");
});

test("J: from an endpoint to the policy that is meant for it, and back; from an event to its endpoint", async () => {
  await open({
    prepare: (service) =>
      service.emit({ src: "events", op: "reset", items: [event(1, { target: endpoint("ep2").id })] }),
  });
  await screen.press("J");
  expect(screen.line("▸ ").trim()).not.toBe("");
  expect(screen.marked()).toContain("dgemm");
  await screen.press("J");
  expect(screen.marked()).toContain("/dev/shm/ep0");
  await screen.press("j", "J");
  expect(screen.flat()).toContain("nobody is attached at /dev/shm/ep1");
  await screen.press("7", "J");
  expect(screen.marked()).toContain("/dev/shm/ep2");
});

test("loading, empty, failed: a sentence each, and the way on", async () => {
  screen = await openScreen();
  await screen.press("5");
  expect(screen.text()).toContain("Reading endpoints and policies...");
  screen.service.emit({ src: "endpoints", op: "reset", items: [] }, { src: "policies", op: "reset", items: [] });
  await screen.advance(300);
  expect(screen.flat()).toContain("No endpoints and no policies. Press a to create an endpoint, n to set a policy");
  const error = errorRecord(new MusterError("BAD_DATA", "policystore.db is no database", { hint: "move it away" }));
  screen.service.emit({ src: "policies", op: "unavailable", error });
  await screen.advance(300);
  expect(screen.flat()).toContain("Cannot read policies: policystore.db is no database");
  expect(screen.flat()).toContain("move it away");
  await screen.press("n");
  expect(screen.flat()).toContain("policies cannot be read: policystore.db is no database");
  await screen.press("a");
  expect(screen.flat()).toContain("Create endpoint");
  await screen.press(ESC);
});
