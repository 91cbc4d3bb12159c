/** What goes between the service and a module's process: lines out of bytes, and messages nobody should trust. */
import { expect, test } from "bun:test";
import { systemClock } from "#app/cli/system-clock.ts";
import { Lines } from "#core/pagg/host/lines.ts";
import { checkMessage } from "#core/pagg/host/messages.ts";
import { OutputGate } from "#core/pagg/output-gate.ts";
import { PipeWriter } from "#core/pagg/pipe-writer.ts";
import { createVirtualClock } from "#core/playback/virtual-clock.ts";
import { pipe, setNonBlocking } from "#ffi/fd.ts";
import { readPipe } from "#ffi/read-pipe.ts";

function linesOf(limit: number, ...chunks: Uint8Array[]): { lines: string[]; tooLong: number } {
  const lines: string[] = [];
  let tooLong = 0;
  const reader = new Lines(
    limit,
    (line) => lines.push(line),
    () => tooLong++,
  );
  for (const chunk of chunks) reader.push(chunk);
  return { lines, tooLong };
}

test("lines are whole, however their bytes come", () => {
  const bytes = Buffer.from("one\nzwei ä€😀\n\nlast\nrest");
  const lines = ["one", "zwei ä€😀", "", "last"];
  expect(linesOf(100, bytes)).toEqual({ lines, tooLong: 0 });
  expect(linesOf(100, ...Array.from(bytes, (byte) => new Uint8Array([byte])))).toEqual({ lines, tooLong: 0 });
});

test("a line that is too long ends it, and is told once", () => {
  const bytes = Buffer.from("12345\n123456\nlater\n");
  expect(linesOf(5, bytes)).toEqual({ lines: ["12345"], tooLong: 1 });
  expect(linesOf(5, Buffer.from("123"), Buffer.from("456"), Buffer.from("7\n"))).toEqual({ lines: [], tooLong: 1 });
});

const NONE = { attached: [], changed: [], left: [], refused: [] };

test.each<unknown>([
  { op: "started" },
  { op: "bye" },
  { op: "done", batch: 1, ...NONE },
  { op: "touched", attached: [[1, "x"]], changed: [[2, null]], left: [3], refused: [[4, "why"]] },
  { op: "loaded", name: "a", description: null, hasInit: false, hasExec: true, requests: [] },
  { op: "attach", id: 1, pid: 1 },
  { op: "answer", id: 1, data: null },
  { op: "refusal", id: 1, errno: "ESRCH", message: "" },
])("%j is a message", (message) => {
  expect(checkMessage(JSON.stringify(message))).toEqual(message as never);
});

test.each<unknown>([
  null,
  5,
  "started",
  [[]],
  {},
  { op: 5 },
  { op: "constructor" },
  { op: "load" },
  { op: "done" },
  { op: "done", batch: -1, ...NONE },
  { op: "done", batch: 1.5, ...NONE },
  { op: "done", batch: 1, ...NONE, left: {} },
  { op: "done", batch: 1, ...NONE, left: ["1"] },
  { op: "done", batch: 1, ...NONE, attached: [[1]] },
  { op: "done", batch: 1, ...NONE, attached: [[1, 2]] },
  { op: "done", batch: 1, ...NONE, attached: [[1, "x".repeat(201)]] },
  { op: "done", batch: 1, ...NONE, refused: [[1, null]] },
  { op: "attach", id: 1, pid: 0 },
  { op: "attach", id: 1, pid: 2 ** 31 },
  { op: "answer", id: 1 },
  { op: "refusal", id: 1, errno: "nope", message: "" },
  { op: "loaded", name: "a", description: null, hasInit: 0, hasExec: true, requests: [] },
  { op: "loaded", name: "a", description: null, hasInit: true, hasExec: true, requests: [{ name: "A" }] },
  { op: "loaded", name: "x".repeat(33), description: null, hasInit: true, hasExec: true, requests: [] },
])("%j is none", (message) => {
  expect(checkMessage(JSON.stringify(message))).toBeNull();
});

test("text that is no JSON is no message", () => {
  expect(checkMessage("garbage")).toBeNull();
  expect(checkMessage("")).toBeNull();
  expect(checkMessage('{"op":"started"')).toBeNull();
});

test("what a full pipe does not take waits, and comes in order", async () => {
  const { read, write } = pipe();
  setNonBlocking(read);
  const writer = new PipeWriter(write);
  const texts = Array.from({ length: 50 }, (_, index) => `${index}:${"ä".repeat(20_000)}\n`);
  for (const text of texts) writer.send(text);
  let received = "";
  const decoder = new TextDecoder();
  const all = texts.join("");
  await readPipe(read, (chunk) => {
    received += decoder.decode(chunk, { stream: true });
    if (received.length === all.length) writer.close();
  });
  expect(received === all).toBe(true);
});

test("a pipe whose reader is gone takes everything and keeps nothing", () => {
  const { read, write } = pipe();
  const writer = new PipeWriter(write);
  read.close();
  writer.send("one\n");
  writer.send("two\n");
  expect(write.isClosed).toBe(true);
});

test("output is passed on up to a share, in each second anew", () => {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const gate = new OutputGate({ clock, onLine: (line) => lines.push(line), onFlood: () => lines.push("flood") });
  gate.push(Buffer.from("one\ntw"));
  gate.push(Buffer.from("o\n"));
  expect(lines).toEqual(["one", "two"]);
  for (let count = 0; count < 100; count++) gate.push(Buffer.from(`${"x".repeat(999)}\n`));
  const passed = lines.length;
  expect(passed).toBeLessThan(40);
  clock.advance(1000);
  gate.push(Buffer.from("three\n"));
  expect(lines.slice(passed)).toEqual([expect.stringMatching(/^\([0-9]+ bytes more were dropped\)$/), "three"]);
  gate.push(Buffer.from("without an end"));
  gate.end();
  expect(lines.at(-1)).toBe("without an end");
});

test("more than anybody could read is a flood", () => {
  let floods = 0;
  const gate = new OutputGate({ clock: systemClock, onLine: () => {}, onFlood: () => floods++ });
  const page = new Uint8Array(1 << 20).fill(10);
  for (let count = 0; count < 16; count++) gate.push(page);
  expect(floods).toBe(0);
  gate.push(page);
  expect(floods).toBe(1);
});
