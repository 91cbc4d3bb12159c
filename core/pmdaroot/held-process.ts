/**
 * The first process of one container, looked for when somebody asks and held as long as it lives. Once it has ended, or none was
 * found, it is not looked for again until the engine tells of another.
 */
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import type { ContainerRecord } from "./container.ts";
import { FirstProcess } from "./first-process.ts";

export interface HoldOptions {
  readonly procRoot: string;
  /** Processes that may be held, by two descriptors each; of those beyond the start time is compared. */
  readonly mostHeld: number;
}

/** Counts what is held by all containers of an index. */
export class Holds {
  readonly options: HoldOptions;
  count = 0;

  constructor(options: HoldOptions) {
    this.options = options;
  }
}

export class HeldProcess {
  readonly #holds: Holds;
  /** null: nobody wants to know. */
  readonly #onEnd: (() => void) | null;
  #process: FirstProcess | null = null;
  #isSought = false;
  #exit: Watch | null = null;

  constructor(holds: Holds, onEnd: (() => void) | null) {
    this.#holds = holds;
    this.#onEnd = onEnd;
  }

  /** null if it does not run. */
  of(record: ContainerRecord): FirstProcess | null {
    if (this.#process !== null) {
      if (this.#process.isAlive()) return this.#process;
      this.#forgetForGood();
    }
    if (this.#isSought) return null;
    this.#isSought = true;
    const { procRoot, mostHeld } = this.#holds.options;
    this.#process = FirstProcess.find(procRoot, record, this.#holds.count < mostHeld);
    const pidfd = this.#process?.pidfd ?? null;
    if (pidfd === null) return this.#process;
    this.#holds.count++;
    if (this.#onEnd) this.#exit = watchKept(pidfd.fd, EPOLL.IN | EPOLL.ONESHOT, () => this.#ended());
    return this.#process;
  }

  /** The next question looks for it again. */
  forget(): void {
    this.#exit?.[Symbol.dispose]();
    this.#exit = null;
    this.#isSought = false;
    if (this.#process?.pidfd) this.#holds.count--;
    this.#process?.[Symbol.dispose]();
    this.#process = null;
  }

  #ended(): void {
    this.#forgetForGood();
    this.#onEnd?.();
  }

  #forgetForGood(): void {
    this.forget();
    this.#isSought = true;
  }
}
