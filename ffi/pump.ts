/**
 * Events on any descriptor, those that can only be polled too (pidfd, cgroup.events, listening sockets):
 *
 *     descriptor -> epoll -> one thread in epoll_wait (pump.c) -> socket -> Bun's loop -> callback
 *
 * The thread exists while something is watched and is joined after the last watch is disposed, so a program that
 * watches nothing pays nothing and ends by itself.
 */
import { lazyC } from "./compile-c.ts";
import { controlEpoll, createEpoll, DATA_OFFSET, EPOLL, EVENT_SIZE } from "./epoll.ts";
import { createEventFd, wake } from "./eventfd.ts";
import { duplicate, type Fd } from "./fd.ts";
import { kernelBytes, MAXIMUM_UINT, viewOf } from "./memory.ts";
import source from "./pump.c" with { type: "text" };
import { hearSocket, streamPair } from "./stream-pair.ts";
import { checkInteger, SysError } from "./sys-error.ts";

export { EPOLL } from "./epoll.ts";

export interface Watch extends Disposable {
  /** After an event of a watch with EPOLL.ONESHOT: wait for the next one. */
  rearm(): void;
}

const RECORD_SIZE = 16;
/** No watch has this id: it asks the thread to stop. */
const STOP = 0n;

const thread = lazyC("pump.c", source, {
  pump_start: { args: ["i32", "i32", "i32", "i32", "ptr"], returns: "i32" },
  pump_join: { args: ["ptr"], returns: "i32" },
});

let current: Pump | null = null;
let lastId = STOP;

/**
 * Calls back with the events that came, until the watch is disposed. Without EPOLL.EDGE and EPOLL.ONESHOT it comes
 * again, once a turn of the loop, as long as the condition lasts. The watch holds its own duplicate of the
 * descriptor, so closing the original neither breaks nor ends it. While watched, the process stays alive.
 * SysError EPERM for what cannot be polled (regular files, directories).
 */
export function watchFd(fd: Fd | number, events: number, callback: (events: number) => void): Watch {
  checkInteger(events, 0, MAXIMUM_UINT, "epoll_ctl", "events");
  return addToPump((pump) => pump.add(duplicate(fd), events, callback, "owned"));
}

/**
 * As watchFd, without a descriptor of its own: for whoever watches thousands. The caller keeps `fd` open as long as the
 * watch lasts and disposes the watch before closing it.
 */
export function watchKept(fd: Fd, events: number, callback: (events: number) => void): Watch {
  checkInteger(events, 0, MAXIMUM_UINT, "epoll_ctl", "events");
  return addToPump((pump) => pump.add(fd, events, callback, "kept"));
}

function addToPump(add: (pump: Pump) => Watch): Watch {
  const pump = current ?? new Pump();
  current = pump;
  try {
    return add(pump);
  } finally {
    pump.stopIfIdle();
  }
}

/** owned: closed by the pump when the watch ends; kept: by whoever gave it. */
type Ownership = "owned" | "kept";

interface Entry {
  readonly fd: Fd;
  readonly ownership: Ownership;
  readonly callback: (events: number) => void;
}

class Pump {
  readonly #epoll = createEpoll();
  readonly #wake = createEventFd();
  readonly #far: Fd;
  readonly #thread = kernelBytes(8);
  readonly #entries = new Map<bigint, Entry>();
  /** Of a record that has not come whole. */
  #rest = new Uint8Array(0);

  constructor() {
    // The thread's writes wait when the loop is slow: nothing is dropped.
    const { near, far } = streamPair();
    this.#far = far;
    controlEpoll(this.#epoll, "add", this.#wake, EPOLL.IN | EPOLL.ONESHOT, STOP);
    const failure = thread().pump_start(this.#epoll.number, far.number, EVENT_SIZE, DATA_OFFSET, this.#thread);
    if (failure !== 0) {
      this.#closeKernelSide();
      near.close();
      throw new SysError(failure, "pthread_create", "pump");
    }
    hearSocket(near, (chunk) => this.#take(chunk));
  }

  add(fd: Fd, events: number, callback: (events: number) => void, ownership: Ownership): Watch {
    lastId += 1n;
    const id = lastId;
    // Level-triggered interest would fill the pipe while the loop is busy: it is a shot that #dispatch renews.
    const isRenewed = (events & (EPOLL.EDGE | EPOLL.ONESHOT)) === 0;
    const interest = (isRenewed ? events | EPOLL.ONESHOT : events) >>> 0;
    try {
      controlEpoll(this.#epoll, "add", fd, interest, id);
    } catch (error) {
      if (ownership === "owned") fd.close();
      throw error;
    }
    const rearm = () => {
      if (this.#entries.has(id)) controlEpoll(this.#epoll, "modify", fd, interest, id);
    };
    const deliver = (received: number) => {
      try {
        callback(received);
      } finally {
        if (isRenewed) rearm();
      }
    };
    this.#entries.set(id, { fd, ownership, callback: deliver });
    return { rearm, [Symbol.dispose]: () => this.#remove(id) };
  }

  #remove(id: bigint): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    // A kept one that was closed in spite of the rule has left the epoll by itself.
    if (!entry.fd.isClosed) controlEpoll(this.#epoll, "remove", entry.fd, 0, id);
    if (entry.ownership === "owned") entry.fd.close();
    this.stopIfIdle();
  }

  stopIfIdle(): void {
    if (this.#entries.size > 0 || current !== this) return;
    // The next watch starts another pump; this one has only its thread to see off.
    current = null;
    wake(this.#wake);
  }

  /** A stream may be cut anywhere. */
  #take(chunk: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % RECORD_SIZE);
    this.#rest = bytes.slice(whole);
    this.#dispatch(bytes.subarray(0, whole));
  }

  #dispatch(chunk: Uint8Array): void {
    const view = viewOf(chunk);
    for (let offset = 0; offset + RECORD_SIZE <= chunk.length; offset += RECORD_SIZE) {
      const id = view.getBigUint64(offset + 8, true);
      if (id === STOP) {
        this.#finish();
        return;
      }
      // Unknown: disposed after the thread saw its event.
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      try {
        entry.callback(view.getUint32(offset, true));
      } catch (error) {
        // A failing callback is its owner's uncaught exception; the other watches go on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** The thread has written its last record and only returns. */
  #finish(): void {
    thread().pump_join(this.#thread);
    this.#closeKernelSide();
  }

  /** With the far end gone, the near one ends. */
  #closeKernelSide(): void {
    for (const fd of [this.#epoll, this.#wake, this.#far]) fd.close();
  }
}
