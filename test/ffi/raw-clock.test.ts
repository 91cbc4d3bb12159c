import { expect, test } from "bun:test";
import { addressOf, kernelBytes } from "#ffi/memory.ts";
import { rawSecondsSince, stampRawTime } from "#ffi/raw-clock.ts";

test("a stamp is of now, and grows older", () => {
  const bytes = kernelBytes(24);
  const words = new Uint32Array(bytes.buffer);
  stampRawTime(Number(addressOf(bytes)) + 8);
  expect([words[0], words[1]]).toEqual([0, 0]);
  const first = rawSecondsSince(words, 2);
  const second = rawSecondsSince(words, 2);
  expect(first).toBeGreaterThanOrEqual(0);
  expect(first).toBeLessThan(10);
  expect(second).toBeGreaterThanOrEqual(first);
});

test("every number that may stand there is one of seconds", () => {
  const words = new Uint32Array(4);
  const uptime = rawSecondsSince(words, 0);
  expect(uptime).toBeGreaterThan(1);
  // 2^33 + 1 seconds, and half a second
  words.set([1, 2, 500_000_000, 0]);
  expect(rawSecondsSince(words, 0) - (uptime - (2 ** 33 + 1.5))).toBeCloseTo(0, 0);
  words.set([0xffff_ffff, 0xffff_ffff, 0, 0]);
  expect(rawSecondsSince(words, 0) - (uptime + 1)).toBeCloseTo(0, 0);
});
