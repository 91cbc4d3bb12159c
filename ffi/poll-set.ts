/** Looking at a few descriptors again and again without waiting: poll(2) with no timeout, sched_yield(2). */
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc, libc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { POLL } from "./poll.ts";

const ENTRY = 8;

const scheduler = lazyLibc({ sched_yield: { args: [], returns: "i32" } });

export class PollSet {
  readonly #entries: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #count = 0;

  constructor(room: number) {
    this.#entries = kernelBytes(room * ENTRY);
    this.#view = viewOf(this.#entries);
  }

  clear(): void {
    this.#count = 0;
  }

  /** Looked at for input from now on; RangeError when there is no room. */
  add(fd: Fd): void {
    this.#view.setInt32(this.#count * ENTRY, fd.number, true);
    this.#view.setInt16(this.#count * ENTRY + 4, POLL.IN, true);
    this.#count++;
  }

  /** Whether anything has come on any of them: input, an end, an error. */
  isReady(): boolean {
    return attempt(() => libc().poll(this.#entries, this.#count, 0)) > 0;
  }

  /** Whether it was the one that was added at `index`. */
  hasCome(index: number): boolean {
    return this.#view.getInt16(index * ENTRY + 6, true) !== 0;
  }
}

/** Lets another thread that is ready run on this processor first. */
export function yieldProcessor(): void {
  scheduler().sched_yield();
}
