/**
 * Directories that are watched whether they are there or not: one that is missing is waited for at the nearest directory
 * above it that exists. A mount hides a directory without a word to who watches it (/run/user/UID is made first and mounted
 * over then), so after every change of mounts it is asked whether the names still mean what is watched: proc_pid_mountinfo(5).
 *
 *     inotify -> events -> listeners mark what has to be read again -> read once, after the last event of the batch
 */
import { basename, dirname } from "node:path";
import { errnoName } from "#core/model/error.ts";
import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { DirectoryWatch, INOTIFY, type InotifyEvent } from "#ffi/inotify.ts";
import { POLL, pollSync } from "#ffi/poll.ts";
import { EPOLL, watchFd } from "#ffi/pump.ts";
import { statPath } from "./stat-path.ts";

/** base: looked at again when mounts change. entry: one of many in a base, and not mounted on. */
type Place = "base" | "entry";

/** The entry that changed; null if the directory itself came or went, or if anything in it may have changed. */
export type TreeListener = (name: string | null) => void;

interface Follower {
  readonly directory: string;
  readonly listener: TreeListener;
  readonly place: Place;
  /** What its path, or that of where it is waited for, led to. */
  identity: string | null;
  /** Where it is waited for; null while it is watched itself. */
  waitsAt: string | null;
  /** Not to be watched: what the last look at its time of change said. */
  stamp: bigint | null;
}

const MOUNTS = "/proc/self/mountinfo";

const ARRIVALS = INOTIFY.CREATE | INOTIFY.MOVED_TO;
const CHANGES = INOTIFY.CLOSE_WRITE | ARRIVALS | INOTIFY.MOVED_FROM | INOTIFY.DELETE;
const ENDS = INOTIFY.DELETE_SELF | INOTIFY.MOVE_SELF | INOTIFY.UNMOUNT | INOTIFY.IGNORED;
const MASK = CHANGES | INOTIFY.DELETE_SELF | INOTIFY.MOVE_SELF | INOTIFY.ONLY_DIRECTORY;

export class TreeWatch implements Disposable {
  readonly #watch: DirectoryWatch;
  readonly #onProblem: (text: string) => void;
  readonly #mounts: Fd;
  readonly #mountsWatch: Disposable;
  /** Directory -> who watches it or waits at it. */
  readonly #followers = new Map<string, Set<Follower>>();
  /** Those that could not be watched; looked at whenever somebody asks. */
  readonly #unwatched = new Set<Follower>();
  readonly #pending = new Map<string, () => void>();
  #hasToldProblem = false;

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem;
    this.#watch = new DirectoryWatch(
      (events) => this.#take(events),
      () => this.#lost(),
    );
    // A change is told once for each time the file was opened: to who asks, and to who is woken.
    this.#mounts = openFd(MOUNTS, OPEN.READ_ONLY);
    using woken = openFd(MOUNTS, OPEN.READ_ONLY);
    this.#mountsWatch = watchFd(woken, EPOLL.PRI, () => this.#mountsChanged());
  }

  /** Calls `listener` from now on; it has to look for itself first, afterwards nothing escapes it. */
  follow(directory: string, listener: TreeListener, place: Place = "base"): Disposable {
    const follower: Follower = { directory, listener, place, identity: null, waitsAt: null, stamp: null };
    this.#arm(follower);
    return { [Symbol.dispose]: () => this.#disarm(follower) };
  }

  /** Once after all events that are known now; `key` joins what would be done twice. */
  later(key: string, task: () => void): void {
    this.#pending.set(key, task);
  }

  /** Everything that had changed before this call is known after it. */
  catchUp(): void {
    if (pollSync(this.#mounts, POLL.PRI, 0) !== 0) this.#mountsChanged();
    this.#watch.drain();
    for (const follower of this.#unwatched) {
      const stamp = stampOf(follower.directory);
      if (stamp === follower.stamp) continue;
      follower.stamp = stamp;
      follower.listener(null);
    }
    this.#flush();
  }

  close(): void {
    this.#mountsWatch[Symbol.dispose]();
    this.#mounts.close();
    this.#watch.close();
    this.#followers.clear();
    this.#unwatched.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #arm(follower: Follower): void {
    let path = follower.directory;
    for (;;) {
      const failure = this.#add(path);
      if (failure === null) break;
      const parent = dirname(path);
      if (!MISSING.has(failure) || parent === path) {
        this.#leaveUnwatched(follower, failure);
        return;
      }
      path = parent;
    }
    follower.waitsAt = path === follower.directory ? null : path;
    const followers = this.#followers.get(path) ?? new Set();
    this.#followers.set(path, followers.add(follower));
    follower.identity = identityOf(path);
    // It may have been made between the look and the watch.
    if (follower.waitsAt !== null && isDirectory(nextBelow(follower))) this.#rearm(follower);
  }

  #add(path: string): string | null {
    try {
      this.#watch.add(path, MASK);
      return null;
    } catch (thrown) {
      const errno = errnoName(thrown);
      if (errno === null) throw thrown;
      return errno;
    }
  }

  #leaveUnwatched(follower: Follower, errno: string): void {
    follower.stamp = stampOf(follower.directory);
    this.#unwatched.add(follower);
    if (this.#hasToldProblem) return;
    this.#hasToldProblem = true;
    this.#onProblem(`${follower.directory} ${unwatchedText(errno)}`);
  }

  #disarm(follower: Follower): void {
    this.#unwatched.delete(follower);
    const path = follower.waitsAt ?? follower.directory;
    const followers = this.#followers.get(path);
    if (!followers?.delete(follower) || followers.size > 0) return;
    this.#followers.delete(path);
    this.#watch.remove(path);
  }

  #rearm(follower: Follower): void {
    this.#disarm(follower);
    this.#arm(follower);
  }

  #take(events: readonly InotifyEvent[]): void {
    for (const { directory, name, mask } of events) {
      for (const follower of [...(this.#followers.get(directory) ?? [])]) this.#tell(follower, name, mask);
    }
    this.#flush();
  }

  #tell(follower: Follower, name: string, mask: number): void {
    const isEnd = (mask & ENDS) !== 0;
    if (follower.waitsAt === null) {
      if (isEnd) this.#rearm(follower);
      if (isEnd || mask & CHANGES) follower.listener(isEnd ? null : name);
      return;
    }
    const hasCome = (mask & ARRIVALS) !== 0 && name === basename(nextBelow(follower));
    if (!isEnd && !hasCome) return;
    this.#rearm(follower);
    if (follower.waitsAt === null) follower.listener(null);
  }

  #lost(): void {
    for (const followers of [...this.#followers.values()]) {
      for (const follower of [...followers]) {
        this.#rearm(follower);
        follower.listener(null);
      }
    }
    this.#flush();
  }

  #mountsChanged(): void {
    for (const [path, followers] of [...this.#followers]) {
      const asked = [...followers].filter(({ place, waitsAt }) => place === "base" || waitsAt !== null);
      const identity = asked.length === 0 ? null : identityOf(path);
      for (const follower of asked.filter((each) => each.identity !== identity)) {
        const wasThere = follower.waitsAt === null;
        this.#rearm(follower);
        if (wasThere || follower.waitsAt === null) follower.listener(null);
      }
    }
    this.#flush();
  }

  #flush(): void {
    // A task may find something new to do.
    for (const [key, task] of this.#pending) {
      this.#pending.delete(key);
      task();
    }
  }
}

const MISSING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/** The directory whose coming is waited for: one below where it is waited. */
function nextBelow({ directory, waitsAt }: Follower): string {
  const above = waitsAt === null || waitsAt === "/" ? "" : waitsAt;
  const [next = ""] = directory.slice(above.length + 1).split("/");
  return `${above}/${next}`;
}

function isDirectory(path: string): boolean {
  return statPath(path)?.isDirectory() ?? false;
}

/** Device and inode; null when it is not there. */
function identityOf(path: string): string | null {
  const status = statPath(path);
  return status && `${status.dev}:${status.ino}`;
}

/** Time of the last change and inode; null when it is not there. */
function stampOf(path: string): bigint | null {
  const status = statPath(path);
  return status && status.mtimeNs ^ (status.ino << 64n);
}

/** inotify(7) wants the right to read that a look into the directory wants too. */
function unwatchedText(errno: string): string {
  if (errno === "EACCES") return "may not be read (EACCES): containers there are not seen";
  const advice = errno === "ENOSPC" ? "; raise fs.inotify.max_user_watches" : "";
  return `cannot be watched (${errno}): it is looked at with every question${advice}`;
}
