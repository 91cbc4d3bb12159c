/** What is recorded plays as it was, whatever happens to the disk meanwhile. */
import { expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { Player } from "#app/player/player.ts";
import type { ActionReport, ActionRequest } from "#core/act/request.ts";
import { MusterError } from "#core/model/error.ts";
import type { MusterEvent } from "#core/model/event.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { digestOf } from "#core/playback/digest.ts";
import { Fixture } from "#core/playback/fixture.ts";
import { FlightRecorder, type FlightRecorderOptions } from "#core/playback/flight-recorder.ts";
import { Recording, type RecordingOptions } from "#core/playback/recording.ts";
import { createRedactor } from "#core/playback/redact.ts";
import { createScriptedService } from "#core/playback/scripted-service.ts";
import { type Tap, tapService } from "#core/playback/tap.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import { TemporaryDirectory } from "#test/harness/directory.ts";
import { daemon, event } from "#test/harness/items.ts";
import { createScriptedService as createLiveService } from "#test/harness/scripted-service.ts";

const plainly = () => createRedactor({ take: [], keepsSecrets: false, key: new Uint8Array(32) });
const HEADER = { muster: 1, host: "n1", recordedBy: "muster test" } as const;

function options(tap: Tap, clock: VirtualClock, path: string, more: Partial<RecordingOptions> = {}): RecordingOptions {
  return {
    tap,
    clock,
    path,
    isReplacing: false,
    header: HEADER,
    redactor: plainly(),
    kinds: KIND_NAMES,
    hasKeys: true,
    maxBytes: null,
    ...more,
  };
}

/** A service that a test speaks for, and its recorder. */
function live() {
  const clock = createVirtualClock();
  const service = createLiveService(clock);
  return { clock, service, tap: tapService(service, clock) };
}

const linesOf = (path: string) => textOf(path).trimEnd().split("\n");
const textOf = (path: string) => {
  const bytes = readFileSync(path);
  return path.endsWith(".gz") ? gunzipSync(bytes).toString() : bytes.toString();
};
const recordsOf = (path: string) => linesOf(path).map((line) => JSON.parse(line) as Record<string, unknown>);

/** Plays to the end; `hand` is what presses keys and what they do. */
async function play(path: string, hand: (key: string, tap: Tap) => void = () => {}, recorded?: string) {
  const fixture = Fixture.open(path);
  const clock = createVirtualClock(fixture.startWallMs);
  const service = createScriptedService(clock, fixture.node);
  const tap = tapService(service, clock);
  const recording = recorded === undefined ? null : Recording.begin(options(tap, clock, recorded));
  const player = new Player({
    fixture,
    clock,
    service,
    hasKeys: true,
    hands: {
      press(key) {
        tap.did({ key });
        hand(key, tap);
      },
      paste: (paste) => tap.did({ paste }),
      act() {},
      resize: (cols, rows) => tap.did({ resize: { cols, rows } }),
      settle: async () => {},
      check: async () => true,
      mark() {},
      set() {},
    },
  });
  while (!player.isAtEnd) await player.step();
  const summary = recording && (await recording.stop());
  fixture.close();
  return { snapshot: service.snapshot(), summary, script: service.script, warnings: fixture.warnings };
}

const STOP: ActionRequest = {
  action: "daemon.stop",
  targets: [{ id: "n1/daemon/sshd", identity: "800:5000" }],
  arguments: { timeout: 3 },
  dryRun: false,
  requestId: "r1",
  via: "console",
};

test("recording a playback gives the fixture back, but for its header", async () => {
  using files = new TemporaryDirectory();
  const down = daemon("sshd", { state: "down", pid: null });
  const step = { op: "signal", text: "SIGTERM to 800", signal: "SIGTERM", pid: 800, identity: "800:5000" };
  const result = {
    id: "n1/daemon/sshd",
    outcome: "failed",
    plan: [step],
    before: { state: "up" },
    after: null,
    elapsedMs: 412,
    undo: null,
    message: "it did not end",
    error: { code: "TIMED_OUT", message: "late", target: null, errno: null, hint: null, retryable: true, causes: [] },
  };
  const match = { action: "daemon.stop", id: "n1/daemon/sshd", identity: "800:5000", arguments: { timeout: 3 } };
  const error = {
    code: "UNSUPPORTED",
    message: "no",
    target: null,
    errno: null,
    hint: null,
    retryable: false,
    causes: [],
  };
  const records = [
    {
      dt: 0,
      src: "daemons",
      op: "reset",
      items: [daemon("sshd"), daemon("cron")],
      warnings: [{ code: "A", target: null, message: "b" }],
    },
    { dt: 0, src: "modules", op: "unavailable", error },
    { dt: 5, src: "events", op: "upsert", item: event(1) },
    {
      dt: 0,
      src: "daemons",
      op: "sample",
      id: "n1/daemon/cron",
      usage: { cpuPercent: 1, cpuSeconds: 2, memoryBytes: 3 },
    },
    { dt: 0, resize: { cols: 120, rows: 40 } },
    { dt: 10, key: "x" },
    { dt: 300, key: "y" },
    { dt: 0, effect: { match, reply: { later: "ask-1" } } },
    { dt: 200, effect: { answers: "ask-1", progress: step, target: "n1/daemon/sshd", elapsedMs: 200 } },
    { dt: 40, src: "daemons", op: "upsert", item: down },
    {
      dt: 212,
      effect: { answers: "ask-1", reply: { results: [result], warnings: [{ code: "W", target: null, message: "w" }] } },
    },
    { dt: 1, key: "a" },
    { dt: 0, effect: { match: { query: "processes" }, reply: { later: "ask-2" } } },
    {
      dt: 7,
      effect: {
        answers: "ask-2",
        reply: { processes: [{ pid: 1, identity: "1:2", uid: 0, user: "root", command: "init" }] },
      },
    },
    { dt: 3, key: "y" },
    { dt: 0, effect: { match, reply: { later: "ask-3" } } },
    { dt: 9, effect: { answers: "ask-3", reply: { throw: error } } },
    { dt: 4, paste: "a b" },
    { dt: 100, src: "daemons", op: "stale", sinceMs: 600 },
    { dt: 0, src: "daemons", op: "remove", id: "n1/daemon/cron", reason: "gone" },
    { dt: 50, end: { reason: "stopped" } },
  ];
  const header = { muster: 1, host: "n1", recordedBy: "muster", start: "2026-03-01T12:00:00.000Z" };
  const first = files.file("f.muster.ndjson");
  writeFileSync(first, [header, ...records].map((each) => `${JSON.stringify(each)}\n`).join(""));
  const second = files.file("g.muster.ndjson");
  const reports: (ActionReport | string)[] = [];
  const hand = (key: string, { service }: Tap) => {
    if (key === "a") void service.processes?.({});
    if (key !== "y") return;
    service.invoke(STOP).then(
      (report) => reports.push(report),
      (thrown: MusterError) => reports.push(thrown.code),
    );
  };
  const played = await play(first, hand, second);
  expect(recordsOf(second).slice(1)).toEqual(records);
  expect(JSON.parse(linesOf(second)[0] ?? "")).toMatchObject({
    host: "n1",
    start: header.start,
    redacted: ["secrets"],
  });
  expect(reports).toMatchObject([{ results: [result], requestId: "r1", warnings: [{ code: "W" }] }, "UNSUPPORTED"]);
  const again = await play(second, hand, files.file("h.muster.ndjson"));
  expect(digestOf(again.snapshot)).toBe(digestOf(played.snapshot));
  expect(linesOf(files.file("h.muster.ndjson"))).toEqual(linesOf(second));
});

const names = fc.constantFrom("a", "b", "c", "d");
const sourceEvent: fc.Arbitrary<SourceEvent> = fc.oneof(
  names.map((name): SourceEvent => ({ src: "daemons", op: "upsert", item: daemon(name) })),
  names.map(
    (name): SourceEvent => ({ src: "daemons", op: "upsert", item: daemon(name, { state: "down", pid: null }) }),
  ),
  names.map((name): SourceEvent => ({ src: "daemons", op: "remove", id: `n1/daemon/${name}`, reason: "gone" })),
  fc.tuple(names, fc.nat(1000)).map(([name, memoryBytes]): SourceEvent => {
    return {
      src: "daemons",
      op: "sample",
      id: `n1/daemon/${name}`,
      usage: { cpuPercent: null, cpuSeconds: 1, memoryBytes },
    };
  }),
  fc
    .uniqueArray(names)
    .map((some): SourceEvent => ({ src: "daemons", op: "reset", items: some.map((name) => daemon(name)) })),
  fc.constant<SourceEvent>({ src: "daemons", op: "stale", sinceMs: 1 }),
  fc.string().map((message): SourceEvent => {
    const error = {
      code: "SYSTEM" as const,
      message,
      target: null,
      errno: "EIO",
      hint: null,
      retryable: false,
      causes: [],
    };
    return { src: "members", op: "unavailable", error };
  }),
  fc.tuple(fc.nat(20), fc.string()).map(([number, message]): SourceEvent => {
    return { src: "events", op: "upsert", item: event(number, { message }) };
  }),
);
const story = fc.array(fc.tuple(fc.nat(2000), fc.array(sourceEvent, { minLength: 1, maxLength: 4 })), {
  maxLength: 20,
});

test("playing a recording ends with what was known at its end, whenever it began", async () => {
  using files = new TemporaryDirectory();
  let count = 0;
  const isSame = async (before: readonly (readonly [number, readonly SourceEvent[]])[], after: typeof before) => {
    const { clock, service, tap } = live();
    for (const [ms, batch] of before) {
      clock.advance(ms);
      service.emit(...batch);
    }
    const path = files.file(`${count++}.muster.ndjson${count % 2 === 0 ? ".gz" : ""}`);
    const recording = Recording.begin(options(tap, clock, path));
    for (const [ms, batch] of after) {
      clock.advance(ms);
      service.emit(...batch);
    }
    const known = service.snapshot();
    await recording.stop();
    const { snapshot } = await play(path);
    expect(digestOf(snapshot)).toBe(digestOf(known));
    for (const kind of KIND_NAMES) {
      const times = [snapshot, known].map(({ shelves }) => shelves[kind].staleSinceMs === null);
      expect(times[0]).toBe(times[1] as boolean);
    }
  };
  await fc.assert(fc.asyncProperty(story, story, isSame), { numRuns: 60 });
});

test("without keys what was asked for is there for whoever asks again", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  service.emit({ src: "daemons", op: "reset", items: [daemon("sshd")] });
  const path = files.file("r");
  const recording = Recording.begin(options(tap, clock, path, { hasKeys: false }));
  tap.did({ key: "x" });
  const asked = tap.service.invoke(STOP);
  clock.advance(400);
  service.invocations[0]?.progress("waiting");
  service.invocations[0]?.finish({ outcome: "done", message: "stopped it" });
  const report = await asked;
  const { reason, records, error } = await recording.stop();
  expect({ reason, error }).toEqual({ reason: "stopped", error: null });
  expect(records).toBe(linesOf(path).length - 1);
  expect(textOf(path)).not.toContain('"key"');
  const { script } = await play(path);
  expect(script.failures).toEqual([]);
  const { results } = await script.invoke({ ...STOP, requestId: "r2" }, {});
  expect(results).toEqual(report.results as never);
});

test("what is made has its own name in a playback too", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  const path = files.file("r");
  const recording = Recording.begin(options(tap, clock, path));
  const request = {
    ...STOP,
    action: "category.add",
    targets: [{ id: "n1/category/new" }],
    arguments: {},
  } as ActionRequest;
  const asked = tap.service.invoke(request);
  service.invocations[0]?.finish({ id: "n1/category/made" });
  await asked;
  await recording.stop();
  const { script } = await play(path);
  expect((await script.invoke(request, {})).results[0]?.id).toBe("n1/category/made");
});

test("kinds that are not recorded say so", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  service.emit(
    { src: "daemons", op: "reset", items: [daemon("sshd")] },
    { src: "events", op: "reset", items: [event(1)] },
  );
  const recording = Recording.begin(options(tap, clock, files.file("r"), { kinds: ["events"] }));
  service.emit({ src: "daemons", op: "upsert", item: daemon("cron") }, { src: "events", op: "upsert", item: event(2) });
  await recording.stop();
  const { snapshot } = await play(files.file("r"));
  expect(snapshot.shelves.events.items.size).toBe(2);
  expect(snapshot.shelves.daemons).toMatchObject({ status: "failed", error: { message: "daemons were not recorded" } });
});

test("the file is its owner's alone, and nothing is replaced without being asked to", async () => {
  using files = new TemporaryDirectory();
  const { clock, tap } = live();
  const path = files.file("r");
  await Recording.begin(options(tap, clock, path)).stop();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const before = readFileSync(path);
  expect(problem(() => Recording.begin(options(tap, clock, path)))).toMatchObject({
    code: "USAGE",
    message: `${path} exists already`,
  });
  expect(readFileSync(path)).toEqual(before);
  writeFileSync(files.file("other"), "kept");
  symlinkSync(files.file("other"), files.file("link"));
  expect(problem(() => Recording.begin(options(tap, clock, files.file("link")))).code).toBe("USAGE");
  await Recording.begin(options(tap, clock, files.file("link"), { isReplacing: true })).stop();
  expect(readFileSync(files.file("other"), "utf8")).toBe("kept");
  mkdirSync(files.file("directory"));
  expect(
    problem(() => Recording.begin(options(tap, clock, files.file("directory"), { isReplacing: true }))).message,
  ).toContain("is not a regular file");
  expect(problem(() => Recording.begin(options(tap, clock, files.file("none/r"))))).toMatchObject({
    code: "OUTPUT",
    errno: "ENOENT",
    hint: "the directory has to be there",
  });
});

function problem(act: () => unknown): MusterError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof MusterError) return thrown;
  }
  throw new Error("nothing was thrown");
}

for (const suffix of ["", ".gz"]) {
  test(`the size is kept to, and what is there can be played (${suffix || "plain"})`, async () => {
    using files = new TemporaryDirectory();
    const { clock, service, tap } = live();
    const path = files.file(`r${suffix}`);
    const maxBytes = 20_000;
    const recording = Recording.begin(options(tap, clock, path, { maxBytes }));
    for (let number = 0; number < 3000; number++) {
      service.emit({ src: "events", op: "upsert", item: event(number, { message: crypto.randomUUID() }) });
    }
    await recording.stop();
    const { reason, bytes, records } = await recording.ended;
    expect(reason).toBe("size");
    expect(bytes).toBe(statSync(path).size);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(bytes).toBeGreaterThan(maxBytes - 2000);
    expect(records).toBe(linesOf(path).length - 1);
    expect(recordsOf(path).at(-1)).toEqual({ dt: 0, end: { reason: "size" } });
    const { snapshot } = await play(path);
    expect(snapshot.shelves.events.items.size).toBe(records - 1);
  });
}

test("a recording that was cut off is played as far as it goes; a fixture that is cut short is wrong", async () => {
  using files = new TemporaryDirectory();
  for (const suffix of ["", ".gz"]) {
    const { clock, service, tap } = live();
    const path = files.file(`r${suffix}`);
    const recording = Recording.begin(options(tap, clock, path, { limits: { writeMs: 1, packedWriteMs: 1 } }));
    for (let number = 0; number < 50; number++) service.emit({ src: "events", op: "upsert", item: event(number) });
    await recording.stop();
    truncateSync(path, statSync(path).size - 150);
    const { snapshot, warnings } = await play(path);
    expect(snapshot.shelves.events.items.size).toBeGreaterThanOrEqual(suffix === "" ? 49 : 1);
    expect(warnings.join()).toContain("cut short");
  }
  const path = files.file("authored");
  writeFileSync(path, '{"muster":1}\n{"dt":0,"mark":"a"}\n');
  appendFileSync(path, '{"dt":0,"mar');
  expect(problem(() => Fixture.open(path)).message).toContain("is not JSON, or is cut short");
});

test("a disk that is too slow costs records, which is told, and not the state at the end", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  service.emit({ src: "daemons", op: "reset", items: [] }, { src: "events", op: "reset", items: [] });
  const path = files.file("r");
  const recording = Recording.begin(options(tap, clock, path, { limits: { queue: 10 } }));
  for (let number = 0; number < 100; number++) {
    service.emit({ src: "events", op: "upsert", item: event(number) });
    service.emit({ src: "daemons", op: "upsert", item: daemon(`d${number % 7}`) });
  }
  const { lost, records } = await recording.stop();
  expect(lost).toBe(192);
  expect(records).toBeLessThan(30);
  expect(textOf(path)).toContain("the disk was too slow: 192 records are missing before this");
  const { snapshot } = await play(path);
  expect(snapshot.shelves.events.items.size).toBe(100);
  expect(snapshot.shelves.daemons.items.size).toBe(7);
});

test("a long list goes on as records of its own", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  const items = Array.from({ length: 300 }, (_, number) => event(number, { message: "m".repeat(60_000) }));
  service.emit({ src: "events", op: "reset", items });
  const path = files.file("r");
  await Recording.begin(options(tap, clock, path)).stop();
  expect(recordsOf(path).length).toBeGreaterThan(200);
  const { snapshot } = await play(path);
  expect([...snapshot.shelves.events.items.keys()]).toEqual(items.map(({ id }) => id));
});

test("nothing waits while nothing happens, and nothing is listened to when it is over", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  const recording = Recording.begin(options(tap, clock, files.file("r")));
  expect(clock.pending()).toBe(0);
  service.emit({ src: "events", op: "upsert", item: event(1) });
  expect(clock.pending()).toBe(1);
  const summary = await recording.stop();
  service.emit({ src: "events", op: "upsert", item: event(2) });
  expect(clock.pending()).toBe(0);
  expect(await recording.stop("time")).toBe(summary);
  expect(existsSync(files.file("r"))).toBe(true);
});

function flight({ clock, tap }: { clock: VirtualClock; tap: Tap }, more: Partial<FlightRecorderOptions> = {}) {
  const always = {
    lastMs: 8000,
    maxBytes: 1_000_000,
    header: HEADER,
    redactor: plainly,
    kinds: KIND_NAMES,
    hasKeys: true,
  };
  return new FlightRecorder({ tap, clock, ...always, ...more });
}

const eventNumbers = (path: string) =>
  recordsOf(path).flatMap(({ op, item }) => (op === "upsert" ? [Number((item as MusterEvent).id.split("/")[2])] : []));

test("a flight recorder has the last minutes, and all that was known before them", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  service.emit({ src: "daemons", op: "reset", items: [daemon("sshd")] }, { src: "events", op: "reset", items: [] });
  const recorder = flight({ clock, tap });
  for (let number = 0; number < 100; number++) {
    clock.advance(1000);
    service.emit({ src: "events", op: "upsert", item: event(number) });
  }
  const summary = await recorder.write(files.file("r"), false);
  expect(summary.elapsedMs).toBeGreaterThanOrEqual(8000);
  expect(summary.elapsedMs).toBeLessThan(9001);
  expect(summary.records).toBe(linesOf(files.file("r")).length - 1);
  const numbers = eventNumbers(files.file("r"));
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => 100 - numbers.length + index));
  expect(numbers.length).toBeLessThanOrEqual(9);
  const { start } = recordsOf(files.file("r"))[0] as { start: string };
  expect(Date.parse(start)).toBe(clock.wallMs() - summary.elapsedMs);
  const { snapshot } = await play(files.file("r"));
  expect(digestOf(snapshot)).toBe(digestOf(service.snapshot()));
  recorder.close();
  service.emit({ src: "events", op: "upsert", item: event(200) });
  expect(recorder.bytes).toBe(0);
});

test("a flight recorder keeps to its memory", () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  const recorder = flight({ clock, tap }, { maxBytes: 50_000 });
  for (let number = 0; number < 5000; number++) service.emit({ src: "events", op: "upsert", item: event(number) });
  expect(recorder.bytes).toBeLessThanOrEqual(50_000);
  expect(recorder.bytes).toBeGreaterThan(40_000);
  recorder.writeNow(files.file("r"), "crash");
  expect(eventNumbers(files.file("r")).at(-1)).toBe(4999);
  expect(recordsOf(files.file("r")).at(-1)).toEqual({ dt: 0, end: { reason: "crash" } });
});

test("an answer whose question is too old is left out", async () => {
  using files = new TemporaryDirectory();
  const { clock, service, tap } = live();
  const recorder = flight({ clock, tap });
  const asked = tap.service.invoke(STOP);
  for (let second = 0; second < 20; second++) {
    clock.advance(1000);
    service.emit({ src: "events", op: "upsert", item: event(second) });
  }
  service.invocations[0]?.finish({});
  await asked;
  recorder.writeNow(files.file("r"), "written");
  expect(textOf(files.file("r"))).not.toContain("effect");
  expect((await play(files.file("r"))).script.failures).toEqual([]);
});

test("a flight recorder that cannot write leaves no file, and can be asked again", async () => {
  using files = new TemporaryDirectory();
  const recorder = flight(live());
  await expect(recorder.write(files.file("none/r"), false)).rejects.toMatchObject({ code: "OUTPUT", errno: "ENOENT" });
  await recorder.write(files.file("r"), false);
  await expect(recorder.write(files.file("r"), false)).rejects.toMatchObject({ code: "USAGE" });
});
