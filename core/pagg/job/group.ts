/** The control group of one job: who is in it, their end, what they have used. Documentation/admin-guide/cgroup-v2.rst. */
import {
  type GroupEvents,
  GroupEventsFile,
  groupId,
  groupProcesses,
  groupThreads,
  isGroupGone,
  makeGroup,
  parseKeyed,
  readGroupFile,
  removeGroup,
  writeGroupFile,
} from "#ffi/cgroup.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { groupOf } from "./base-group.ts";
import type { Accounting } from "./entry.ts";

export class JobGroup {
  /** Where cgroup v2 is mounted. */
  readonly mount: string;
  /** Below the mount. */
  readonly path: string;
  readonly #directory: string;
  readonly #procRoot: string;
  readonly #id: bigint;
  readonly #events: GroupEventsFile;
  #watch: Watch | null = null;

  private constructor(mount: string, path: string, procRoot: string) {
    this.mount = mount;
    this.path = path;
    this.#directory = mount + path;
    this.#procRoot = procRoot;
    this.#id = groupId(this.#directory);
    this.#events = new GroupEventsFile(this.#directory);
  }

  /** Throws SysError: EEXIST, EAGAIN, ENOSPC, EACCES, EMFILE. */
  static make(mount: string, path: string, procRoot: string): JobGroup {
    makeGroup(mount + path);
    try {
      return new JobGroup(mount, path, procRoot);
    } catch (thrown) {
      removeGroup(mount + path);
      throw thrown;
    }
  }

  /** One that is there; null if it is not. */
  static find(mount: string, path: string, procRoot: string): JobGroup | null {
    try {
      return new JobGroup(mount, path, procRoot);
    } catch (thrown) {
      if (isGroupGone(thrown)) return null;
      throw thrown;
    }
  }

  /** Calls back after each change of events(), until it is closed. */
  watch(onChange: () => void): void {
    this.#watch ??= watchKept(this.#events.fd, EPOLL.PRI, onChange);
  }

  /** null if the group is gone. */
  events(): GroupEvents | null {
    return this.#events.read();
  }

  /** null if the group is gone. */
  processes(): Set<number> | null {
    return groupProcesses(this.#directory);
  }

  /** Whether the process behind the descriptor is in it or in a group below it. */
  holds(pidfd: PidFd): boolean {
    const id = pidfd.info()?.cgroupId ?? null;
    if (id === this.#id) return true;
    const path = groupOf(this.#procRoot, pidfd.pid);
    return path !== null && this.contains(path) && pidfd.isAlive();
  }

  contains(path: string): boolean {
    return path === this.path || path.startsWith(`${this.path}/`);
  }

  /** Processes whose first thread has ended: cgroup.kill sends its signal to that one, and the others live on. */
  leaderless(): number[] {
    const threads = groupThreads(this.#directory);
    return threads ? [...(this.processes() ?? [])].filter((pid) => !threads.has(pid)) : [];
  }

  /** SIGKILL to all of it but those, at once and whatever is forked meanwhile. False before Linux 5.14. */
  kill(): boolean {
    try {
      writeGroupFile(this.#directory, "cgroup.kill", "1");
      return true;
    } catch (thrown) {
      if (isGroupGone(thrown)) return false;
      throw thrown;
    }
  }

  /** Throws SysError ENOENT where the kernel cannot (before 5.2). */
  setFrozen(isFrozen: boolean): void {
    writeGroupFile(this.#directory, "cgroup.freeze", isFrozen ? "1" : "0");
  }

  isFreezeWanted(): boolean {
    return readGroupFile(this.#directory, "cgroup.freeze")?.trim() === "1";
  }

  /** Resident memory and page cache; null where nothing counts it. */
  memoryBytes(): number | null {
    const text = readGroupFile(this.#directory, "memory.current");
    return text === null ? null : Number(text);
  }

  accounting(): Accounting {
    const cpu = this.#keyed("cpu.stat");
    const seconds = (name: string) => {
      const value = cpu?.get(name);
      return value === undefined ? null : value / 1e6;
    };
    const peak = readGroupFile(this.#directory, "memory.peak");
    return {
      cpuSeconds: seconds("usage_usec"),
      userSeconds: seconds("user_usec"),
      systemSeconds: seconds("system_usec"),
      peakMemoryBytes: peak === null ? null : Number(peak),
      ...this.#inputOutput(),
    };
  }

  /** True once it is gone. The descriptors are closed whether or not. */
  remove(): boolean {
    this.close();
    return removeGroup(this.#directory);
  }

  close(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#events.close();
  }

  #keyed(file: string): ReadonlyMap<string, number> | null {
    const text = readGroupFile(this.#directory, file);
    return text === null ? null : parseKeyed(text);
  }

  /** io.stat: a line for each device. */
  #inputOutput(): Pick<Accounting, "readBytes" | "writtenBytes"> {
    const text = readGroupFile(this.#directory, "io.stat");
    if (text === null) return { readBytes: null, writtenBytes: null };
    const sum = (key: string) =>
      [...text.matchAll(new RegExp(`\\b${key}=([0-9]+)`, "g"))].reduce((total, match) => total + Number(match[1]), 0);
    return { readBytes: sum("rbytes"), writtenBytes: sum("wbytes") };
  }
}
