/** Recording from within the console: its keys, what the screen says, and that what is written plays. */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { createRecordingSwitch, type RecordingSwitch, recordingsDirectory } from "#app/player/recording-switch.ts";
import { createRedactor } from "#core/playback/redact.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon } from "#test/harness/items.ts";
import { openScreen, type ScreenOptions } from "#test/harness/screen.ts";

const CTRL_R = "\x12";
const redactor = () => createRedactor({ take: [], keepsSecrets: false, key: new Uint8Array(32) });

async function openRecorded(
  directory: string,
  more: Partial<Parameters<typeof createRecordingSwitch>[0]> = {},
  screenOptions: ScreenOptions = {},
) {
  const made: { recorder?: RecordingSwitch } = {};
  const screen = await openScreen({
    columns: 120,
    prepare: (service) => service.emit({ src: "daemons", op: "reset", items: [daemon("sshd")] }),
    recorder: (service, clock) => {
      const header = () =>
        ({ muster: 1, host: "n1", recordedBy: "muster test", term: { cols: 120, rows: 24 } }) as const;
      made.recorder = createRecordingSwitch({ service, clock, directory, header, redactor, lastMs: 600_000, ...more });
      return made.recorder;
    },
    ...screenOptions,
  });
  return { screen, recorder: made.recorder as RecordingSwitch };
}

const records = (path: string) =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("a key begins a recording and ends it; the header says so while it lasts", async () => {
  using files = new TemporaryDirectory();
  const directory = files.file("state/recordings");
  const { screen, recorder } = await openRecorded(directory);
  expect(screen.lines()[0]).not.toContain("REC");
  await screen.press(CTRL_R);
  expect(screen.lines()[0]).toContain(" REC ");
  expect(screen.text()).toContain(`recording to ${directory}/20260301T1`);
  await screen.advance(1000);
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("cron") });
  await screen.advance(1000);
  await screen.resize([100, 30]);
  await screen.press(CTRL_R);
  await recorder.close();
  await screen.settle();
  expect(screen.lines()[0]).not.toContain("REC");
  expect(screen.text()).toContain("recorded 4 records to");
  const [name = ""] = readdirSync(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(records(`${directory}/${name}`)).toMatchObject([
    { muster: 1, host: "n1", start: "2026-03-01T10:00:00.000Z", term: { cols: 120 }, redacted: ["secrets"] },
    { dt: 0, src: "daemons", op: "reset" },
    { dt: 1000, src: "daemons", op: "upsert", item: { name: "cron" } },
    { dt: 1000, resize: { cols: 100, rows: 30 } },
    { dt: 0, end: { reason: "stopped" } },
  ]);
  await screen.close();
});

test("a key writes the last minutes, whether anything is recorded or not", async () => {
  using files = new TemporaryDirectory();
  const { screen } = await openRecorded(files.path);
  await screen.advance(5000);
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("cron") });
  screen.open.desk.recorder?.writeLast();
  const told = new Promise<string>((resolve) => screen.open.desk.recorder?.subscribe(({ text }) => resolve(text)));
  expect(await told).toMatch(/^wrote the last 5 s to .*\/last-2026/);
  const [name = ""] = readdirSync(files.path);
  expect(records(files.file(name)).map(({ op, end }) => op ?? end)).toEqual([
    undefined,
    "reset",
    "upsert",
    { reason: "written" },
  ]);
  await screen.close();
});

test("W is the key of the last minutes", async () => {
  using files = new TemporaryDirectory();
  const { screen } = await openRecorded(files.path, { lastMs: 0 });
  await screen.press("W");
  expect(screen.text()).toContain("nothing is kept: --last 0 or --root says so");
  await screen.close();
});

test("where it cannot be written the screen says why, and nothing is recorded", async () => {
  using files = new TemporaryDirectory();
  writeFileSync(files.file("file"), "");
  const { screen, recorder } = await openRecorded(files.file("file/recordings"));
  await screen.press(CTRL_R);
  expect(screen.text()).toContain("cannot record: ");
  expect(screen.text()).toContain("ENOTDIR");
  expect(screen.lines()[0]).not.toContain("REC");
  const told = new Promise<string>((resolve) => recorder.subscribe(({ text }) => resolve(text)));
  await screen.press("W");
  expect(await told).toContain("the last minutes: ");
  await screen.close();
});

test("without a recorder the keys say so", async () => {
  const screen = await openScreen();
  await screen.press(CTRL_R);
  expect(screen.text()).toContain("nothing can be recorded here");
  await screen.close();
});

test("what was wanted from the first frame has keys and pasted text, and ends when its time is over", async () => {
  using files = new TemporaryDirectory();
  const path = files.file("r");
  const kinds = ["daemons", "events"] as const;
  const first = { path, isReplacing: false, hasKeys: true, kinds, maxBytes: null, forMs: 3000, redactor };
  const { screen, recorder } = await openRecorded(files.path, { lastMs: 0, first });
  expect(screen.lines()[0]).toContain(" REC ");
  await screen.press("/", "ss", "\r");
  const over = new Promise<string>((resolve) => recorder.subscribe(({ text }) => resolve(text)));
  await screen.advance(3000);
  expect(await over).toContain("its time is over");
  await screen.settle();
  expect(screen.lines()[0]).not.toContain("REC");
  await screen.press("W");
  expect(screen.text()).toContain("all is in the recording: nothing else is kept");
  expect(await recorder.close()).toMatchObject({ path, reason: "time", error: null });
  expect(records(path).flatMap(({ key }) => (key === undefined ? [] : [key]))).toEqual(["/", "s", "s", "enter"]);
  await screen.close();
});

test("a console that breaks leaves what came before it", async () => {
  using files = new TemporaryDirectory();
  const { screen, recorder } = await openRecorded(files.path);
  await screen.advance(1000);
  screen.service.emit({ src: "daemons", op: "upsert", item: daemon("cron") });
  const written = recorder.writeCrash();
  expect(written).toMatchObject({ records: 3, elapsedMs: 1000 });
  expect(records(written?.path ?? "").at(-1)).toEqual({ dt: 0, end: { reason: "crash" } });
  await screen.close();
});

test("nothing kept, nothing written when it breaks", async () => {
  using files = new TemporaryDirectory();
  const { screen, recorder } = await openRecorded(files.path, { lastMs: 0 });
  expect(recorder.writeCrash()).toBeNull();
  expect(readdirSync(files.path)).toEqual([]);
  await screen.close();
});

test("of crashes the latest ten are kept; what was asked for is left alone", async () => {
  using files = new TemporaryDirectory();
  const others = ["20200101T000000.000Z.muster.ndjson", "last-20200101T000000.000Z.muster.ndjson"];
  const crashes = Array.from({ length: 12 }, (_, index) => `crash-202001${index + 10}T000000.000Z.muster.ndjson`);
  for (const name of [...others, ...crashes]) writeFileSync(files.file(name), "");
  const { screen, recorder } = await openRecorded(files.path);
  const written = recorder.writeCrash();
  await screen.close();
  const kept = [...others, ...crashes.slice(3), basename(written?.path ?? "")];
  expect(readdirSync(files.path).sort()).toEqual(kept.sort());
});

test("an idle console that keeps its last minutes holds no timer", async () => {
  using files = new TemporaryDirectory();
  const { screen } = await openRecorded(files.path);
  await screen.advance(60_000);
  expect(screen.clock.pending()).toBe(0);
  await screen.close();
});

test("whoever has no state of his own does not get one by recording", () => {
  using files = new TemporaryDirectory();
  const stateDirectory = files.file("state");
  expect(recordingsDirectory({ stateDirectory })).toBe(`${stateDirectory}-recordings`);
  mkdirSync(stateDirectory);
  expect(recordingsDirectory({ stateDirectory })).toBe(`${stateDirectory}/recordings`);
  expect(existsSync(`${stateDirectory}/recordings`)).toBe(false);
});
