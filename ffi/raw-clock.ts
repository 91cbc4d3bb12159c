/** The clock no adjustment touches, the same for every process of the machine: clock_gettime(2). */
import { lazyLibc, SIZE } from "./libc.ts";
import { addressOf, kernelBytes } from "./memory.ts";

const CLOCK_MONOTONIC_RAW = 4;

const clocks = lazyLibc({ clock_gettime: { args: ["i32", SIZE], returns: "i32" } });
export const TIMESPEC_SIZE = 16;

const now = kernelBytes(TIMESPEC_SIZE);
const nowAddress = Number(addressOf(now));
const nowWords = new Uint32Array(now.buffer);

/** Writes a `struct timespec` to an address, which the caller vouches for. */
export function stampRawTime(address: number): void {
  clocks().clock_gettime(CLOCK_MONOTONIC_RAW, address);
}

/** Seconds from a `struct timespec`, given as its four 32-bit words, until now. */
export function rawSecondsSince(words: Uint32Array, index: number): number {
  clocks().clock_gettime(CLOCK_MONOTONIC_RAW, nowAddress);
  return (
    secondsOf(nowWords, 0) - secondsOf(words, index) + (nanosecondsOf(nowWords, 0) - nanosecondsOf(words, index)) / 1e9
  );
}

const secondsOf = (words: Uint32Array, index: number): number =>
  ((words[index + 1] ?? 0) | 0) * 0x1_0000_0000 + (words[index] ?? 0);

const nanosecondsOf = (words: Uint32Array, index: number): number =>
  ((words[index + 3] ?? 0) | 0) * 0x1_0000_0000 + (words[index + 2] ?? 0);
