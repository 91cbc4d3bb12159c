import { expect, test } from "bun:test";
import { errorRecord } from "#core/model/error.ts";
import { LineStream } from "#core/output/stream.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";

interface Line extends Record<string, unknown> {
  readonly type: string;
  readonly seq: number;
}

/** A reader that can be made to stop reading. */
class Reader {
  text = "";
  isStopped = false;
  failure: Error | null = null;
  #resume = Promise.withResolvers<void>();

  readonly sink = async (text: string): Promise<void> => {
    if (this.failure) throw this.failure;
    this.text += text;
    if (this.isStopped) await this.#resume.promise;
  };

  go(): void {
    this.isStopped = false;
    this.#resume.resolve();
    this.#resume = Promise.withResolvers();
  }

  get lines(): Line[] {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }
}

function open(reader: Reader): { stream: LineStream; clock: VirtualClock } {
  const clock = createVirtualClock();
  const stream = new LineStream({ clock, sink: reader.sink, host: "n1", kinds: ["daemons"], intervalMs: null });
  return { stream, clock };
}

/** All promises that can go on have gone on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function expectNumbered(lines: readonly Line[]): void {
  expect(lines.map((line) => line.seq)).toEqual(lines.map((_, index) => index));
}

test("hello, the items, sync, changes with the keys that changed, removal, end", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  stream.upsert("n1/daemon/a", { id: "n1/daemon/a", state: "down", pid: null });
  stream.sync();
  stream.upsert("n1/daemon/a", { id: "n1/daemon/a", state: "up", pid: null });
  await settled();
  stream.upsert("n1/daemon/a", { id: "n1/daemon/a", state: "up", pid: 7 });
  await settled();
  stream.upsert("n1/daemon/a", { id: "n1/daemon/a", state: "up", pid: 7 });
  await settled();
  stream.remove("n1/daemon/a", "pid-file-gone");
  stream.event({ code: "DAEMON_DOWN" });
  stream.error(errorRecord(new Error("x")), false);
  await stream.end("signal", 0);
  const { lines } = reader;
  expectNumbered(lines);
  expect(lines[0]).toEqual({
    schema: "muster/1",
    type: "hello",
    seq: 0,
    t: "2026-03-01T10:00:00.000Z",
    host: "n1",
    kinds: ["daemons"],
    intervalMs: null,
  });
  expect(lines.filter((line) => line.type === "upsert").at(-1)).toMatchObject({ changed: ["pid"] });
  expect(lines.map((line) => line.type).slice(-4)).toEqual(["remove", "event", "error", "end"]);
  expect(lines.at(-1)).toMatchObject({ reason: "signal", exitCode: 0 });
});

test("nothing is written for an item that has not changed, unless it is asked for again", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  for (let round = 0; round < 3; round++) {
    stream.upsert("a", { id: "a" });
    await settled();
  }
  expect(reader.lines).toHaveLength(2);
  stream.upsert("a", { id: "a" }, true);
  await settled();
  expect(reader.lines.at(-1)).toMatchObject({ type: "upsert", changed: [] });
});

test("while the reader is slow: the latest state by id, a gap that counts the others, no hole in the numbers", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  await settled();
  reader.isStopped = true;
  stream.upsert("a", { id: "a", n: 0 });
  for (let n = 1; n <= 1000; n++) {
    stream.upsert("a", { id: "a", n });
    stream.upsert("b", { id: "b", n });
  }
  expect(reader.lines).toHaveLength(2);
  reader.go();
  await settled();
  const { lines } = reader;
  expectNumbered(lines);
  expect(lines.slice(2).map((line) => line.type)).toEqual(["gap", "upsert", "upsert"]);
  expect(lines[2]).toMatchObject({ dropped: 1998 });
  expect(lines[3]).toMatchObject({ item: { id: "a", n: 1000 }, changed: ["n"] });
  expect(lines[4]).toMatchObject({ item: { id: "b", n: 1000 } });
});

test("an item that came and went while the reader was slow is not told of; one that was sent is taken back", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  stream.upsert("a", { id: "a" });
  await settled();
  reader.isStopped = true;
  stream.sync();
  stream.upsert("b", { id: "b" });
  stream.remove("b", "gone");
  stream.upsert("a", { id: "a", n: 1 });
  stream.remove("a", "gone");
  reader.go();
  await settled();
  expect(reader.lines.slice(3).map((line) => [line.type, line.id ?? line.dropped])).toEqual([
    ["gap", 2],
    ["remove", "a"],
  ]);
});

test("events that wait are bounded", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  await settled();
  reader.isStopped = true;
  for (let n = 0; n < 5000; n++) stream.event({ n });
  reader.go();
  await settled();
  const { lines } = reader;
  expectNumbered(lines);
  const events = lines.filter((line) => line.type === "event");
  const gap = lines.find((line) => line.type === "gap");
  expect(events.length).toBeLessThanOrEqual(1001);
  expect(events.at(-1)).toMatchObject({ event: { n: 4999 } });
  expect(events.length + Number(gap?.dropped)).toBe(5000);
});

test("a heartbeat after 15 s of silence, and only then", async () => {
  const reader = new Reader();
  const { stream, clock } = open(reader);
  await settled();
  clock.advance(14_999);
  await settled();
  stream.upsert("a", { id: "a" });
  await settled();
  clock.advance(14_999);
  await settled();
  expect(reader.lines.map((line) => line.type)).toEqual(["hello", "upsert"]);
  clock.advance(1);
  await settled();
  clock.advance(15_000);
  await settled();
  expect(reader.lines.map((line) => line.type)).toEqual(["hello", "upsert", "heartbeat", "heartbeat"]);
  await stream.end("signal", 0);
  expect(clock.pending()).toBe(0);
});

test("the end waits for a slow reader, but not for ever; nothing comes behind it", async () => {
  const reader = new Reader();
  const { stream, clock } = open(reader);
  await settled();
  reader.isStopped = true;
  stream.upsert("a", { id: "a" });
  let hasEnded = false;
  const end = stream.end("signal", 0).then(() => {
    hasEnded = true;
  });
  stream.upsert("c", { id: "c" });
  await settled();
  expect(hasEnded).toBe(false);
  clock.advance(2_000);
  await end;
  reader.go();
  await settled();
  expect(reader.lines.at(-1)?.type).toBe("end");
});

test("when the reader is gone the stream says so and stops", async () => {
  const reader = new Reader();
  const { stream, clock } = open(reader);
  await settled();
  reader.failure = new Error("gone");
  stream.upsert("a", { id: "a" });
  expect(stream.failed).rejects.toThrow("gone");
  await settled();
  stream.upsert("b", { id: "b" });
  await stream.end("signal", 0);
  expect(reader.lines).toHaveLength(1);
  expect(clock.pending()).toBe(0);
});

test("a line is at most 1 MiB: a longer one becomes an error that names the item", async () => {
  const reader = new Reader();
  const { stream } = open(reader);
  stream.upsert("a", { id: "a", text: "x".repeat(2 * 1024 * 1024) });
  await settled();
  expect(reader.lines.at(-1)).toMatchObject({ type: "error", error: { code: "OUTPUT", target: "a" }, fatal: false });
  expectNumbered(reader.lines);
});
