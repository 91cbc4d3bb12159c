/** What happens in directories: inotify(7). */
import { ERRNO } from "./errno-names.ts";
import { Fd } from "./fd.ts";
import { parseInotify, type RawInotifyEvent } from "./inotify-event.ts";
import { attempt, lazyLibc, libc } from "./libc.ts";
import { cString, kernelBytes, MAXIMUM_UINT } from "./memory.ts";
import { EPOLL, watchFd } from "./pump.ts";
import { checkInteger, orThrow } from "./sys-error.ts";

export interface InotifyEvent {
  /** As it was passed to `add`. */
  readonly directory: string;
  /** The entry of the directory, empty when the event is of the directory itself. */
  readonly name: string;
  readonly mask: number;
}

export const INOTIFY = {
  MODIFY: 0x2,
  ATTRIB: 0x4,
  CLOSE_WRITE: 0x8,
  /** Also of what was mapped, when it is unmapped, and when the process ends. */
  CLOSE_NOWRITE: 0x10,
  OPEN: 0x20,
  MOVED_FROM: 0x40,
  MOVED_TO: 0x80,
  CREATE: 0x100,
  DELETE: 0x200,
  DELETE_SELF: 0x400,
  MOVE_SELF: 0x800,
  UNMOUNT: 0x2000,
  QUEUE_OVERFLOW: 0x4000,
  /** The watch is over: the directory is gone or its file system was unmounted. */
  IGNORED: 0x8000,
  ONLY_DIRECTORY: 0x0100_0000,
  IS_DIRECTORY: 0x4000_0000,
} as const;

/** Names that come, go and change, content included. */
const DEFAULT_MASK =
  INOTIFY.MODIFY |
  INOTIFY.ATTRIB |
  INOTIFY.CLOSE_WRITE |
  INOTIFY.MOVED_FROM |
  INOTIFY.MOVED_TO |
  INOTIFY.CREATE |
  INOTIFY.DELETE |
  INOTIFY.DELETE_SELF |
  INOTIFY.MOVE_SELF;

/** Two names of one directory share a watch; without this flag the second would replace the first one's mask. */
const MASK_ADD = 0x2000_0000;

const IN_CLOEXEC = 0o2000000;
const IN_NONBLOCK = 0o4000;

/** Many events at once, and more than the largest single one. */
const CHUNK = 65536;
/** Header and NAME_MAX. */
const LARGEST_EVENT = 16 + 256;

const inotify = lazyLibc({
  inotify_init1: { args: ["i32"], returns: "i32" },
  inotify_add_watch: { args: ["i32", "ptr", "u32"], returns: "i32" },
  inotify_rm_watch: { args: ["i32", "i32"], returns: "i32" },
});

/** One inotify queue. `onOverflow` means that events were lost: the caller looks again for itself. */
export class DirectoryWatch implements Disposable {
  readonly #fd: Fd;
  readonly #readiness: Disposable;
  /** Watch number -> the directories it was added for. */
  readonly #directories = new Map<number, Set<string>>();
  /** The way back, for `remove`. */
  readonly #watches = new Map<string, number>();
  readonly #onEvents: (events: readonly InotifyEvent[]) => void;
  readonly #onOverflow: () => void;
  /** Reused by every read: what is parsed out of it is copied. */
  readonly #chunk = kernelBytes(CHUNK);

  /** Throws SysError EMFILE when the user has no inotify instance left. While it is open, the process stays alive. */
  constructor(onEvents: (events: readonly InotifyEvent[]) => void, onOverflow: () => void) {
    this.#onEvents = onEvents;
    this.#onOverflow = onOverflow;
    const number = attempt(() => inotify().inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    this.#fd = Fd.adopt(orThrow(number, "inotify_init1", "inotify"), "inotify");
    try {
      this.#readiness = watchFd(this.#fd, EPOLL.IN, () => this.drain());
    } catch (error) {
      this.#fd.close();
      throw error;
    }
  }

  /** Throws SysError: ENOENT, EACCES, ENOSPC when the user has no watch left. Adding twice joins the masks. */
  add(path: string, mask: number = DEFAULT_MASK): void {
    checkInteger(mask, 1, MAXIMUM_UINT, "inotify_add_watch", "mask");
    const name = cString(path, "inotify_add_watch");
    const queue = this.#fd.number;
    const wanted = (mask | MASK_ADD) >>> 0;
    const watch = orThrow(
      attempt(() => inotify().inotify_add_watch(queue, name, wanted)),
      "inotify_add_watch",
      path,
    );
    const directories = this.#directories.get(watch) ?? new Set();
    this.#directories.set(watch, directories.add(path));
    this.#watches.set(path, watch);
  }

  /** Does nothing for a path that is not watched. */
  remove(path: string): void {
    const watch = this.#watches.get(path);
    if (watch === undefined) return;
    this.#watches.delete(path);
    const directories = this.#directories.get(watch);
    if (!directories?.delete(path) || directories.size > 0) return;
    this.#directories.delete(watch);
    const queue = this.#fd.number;
    // EINVAL: the directory is gone and its watch with it.
    attempt(() => inotify().inotify_rm_watch(queue, watch));
  }

  /**
   * Delivers now what the kernel has queued, instead of when the loop comes to it: afterwards the caller knows of every
   * change that was complete before the call. Without news it costs one system call.
   */
  drain(): void {
    while (!this.#fd.isClosed) {
      const queue = this.#fd.number;
      const count = attempt(() => libc().read(queue, this.#chunk, CHUNK));
      if (count === -ERRNO.EAGAIN) return;
      this.#deliver(this.#chunk.subarray(0, orThrow(count, "read", this.#fd.path)));
      // Less than a chunk with room for one more event: that was all.
      if (count < CHUNK - LARGEST_EVENT) return;
    }
  }

  close(): void {
    this.#readiness[Symbol.dispose]();
    this.#directories.clear();
    this.#watches.clear();
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #deliver(chunk: Uint8Array): void {
    const raw = parseInotify(chunk);
    const events = raw.flatMap((event) => this.#named(event));
    if (events.length > 0) this.#onEvents(events);
    if (!this.#fd.isClosed && raw.some((event) => event.mask & INOTIFY.QUEUE_OVERFLOW)) this.#onOverflow();
  }

  #named({ watch, mask, name }: RawInotifyEvent): InotifyEvent[] {
    // Unknown: removed after the kernel had queued the event, or the overflow mark.
    const directories = [...(this.#directories.get(watch) ?? [])];
    if (mask & INOTIFY.IGNORED) {
      this.#directories.delete(watch);
      for (const directory of directories) if (this.#watches.get(directory) === watch) this.#watches.delete(directory);
    }
    return directories.map((directory) => ({ directory, name, mask }));
  }
}
