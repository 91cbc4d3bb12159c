/**
 * In which order processes ended. Their pidfds stand in an epoll(7) of their own, whose list of ready descriptors is first in,
 * first out; a pidfd becomes ready when the last thread has ended, before any parent can collect the process. Process
 * events come later than that, and not always in this order.
 */
import { controlEpoll, createEpoll, DATA_OFFSET, EPOLL, EVENT_SIZE } from "./epoll.ts";
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { PidFd } from "./pidfd.ts";
import { orThrow } from "./sys-error.ts";

const waits = lazyLibc({ epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" } });

const ROOM = 64;

export class DeathOrder<Key extends object> implements Disposable {
  readonly #epoll: Fd = createEpoll();
  readonly #held = new Map<bigint, { readonly key: Key; readonly pidfd: PidFd }>();
  readonly #ids = new Map<Key, bigint>();
  readonly #buffer = kernelBytes(ROOM * EVENT_SIZE);
  readonly #view = viewOf(this.#buffer);
  #lastId = 0n;

  get size(): number {
    return this.#held.size;
  }

  /** Holds a process by its pid; false if it has ended already. Throws SysError EMFILE, and EINVAL for a thread. */
  add(key: Key, pid: number): boolean {
    const pidfd = PidFd.open(pid);
    if (!pidfd) return false;
    this.#lastId += 1n;
    try {
      controlEpoll(this.#epoll, "add", pidfd.fd, (EPOLL.IN | EPOLL.ONESHOT) >>> 0, this.#lastId);
    } catch (error) {
      pidfd.close();
      throw error;
    }
    this.#held.set(this.#lastId, { key, pidfd });
    this.#ids.set(key, this.#lastId);
    if (pidfd.isAlive()) return true;
    // Ended before it was held or meanwhile: then it stands behind whoever ended up to now, which may be wrong.
    this.remove(key);
    return false;
  }

  /** Those that have ended since the last time, the first one first; they are held no longer. */
  take(): Key[] {
    const ended: Key[] = [];
    for (let count = ROOM; count === ROOM && this.#held.size > 0; ) {
      const number = this.#epoll.number;
      count = orThrow(
        attempt(() => waits().epoll_wait(number, this.#buffer, ROOM, 0)),
        "epoll_wait",
        "pidfds",
      );
      for (let index = 0; index < count; index++) {
        const held = this.#held.get(this.#view.getBigUint64(index * EVENT_SIZE + DATA_OFFSET, true));
        if (!held) continue;
        ended.push(held.key);
        this.remove(held.key);
      }
    }
    return ended;
  }

  remove(key: Key): void {
    const id = this.#ids.get(key);
    if (id === undefined) return;
    this.#ids.delete(key);
    // A descriptor that is closed, and was duplicated nowhere, leaves the epoll by itself.
    this.#held.get(id)?.pidfd.close();
    this.#held.delete(id);
  }

  close(): void {
    for (const key of [...this.#ids.keys()]) this.remove(key);
    this.#epoll.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
