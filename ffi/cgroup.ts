/**
 * Control groups of version 2 as directories: Documentation/admin-guide/cgroup-v2.rst. Paths are absolute; a call about a
 * group that is gone throws SysError ENOENT or ENODEV (see isGroupGone), or answers null where that is said.
 */
import { ERRNO } from "./errno-names.ts";
import { type Fd, OPEN, openFd, readAt, statFd, writeAll } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { cString } from "./memory.ts";
import { readProcText } from "./proc-file.ts";
import { orThrow, SysError } from "./sys-error.ts";

const files = lazyLibc({
  mkdir: { args: ["ptr", "u32"], returns: "i32" },
  rmdir: { args: ["ptr"], returns: "i32" },
});

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function isGroupGone(error: unknown): boolean {
  return error instanceof SysError && (error.errno === ERRNO.ENOENT || error.errno === ERRNO.ENODEV);
}

/** Throws SysError: EEXIST, EAGAIN (the limit of descendants), ENOSPC, EACCES, EROFS, ENOENT. */
export function makeGroup(path: string): void {
  const name = cString(path, "mkdir");
  orThrow(
    attempt(() => files().mkdir(name, 0o755)),
    "mkdir",
    path,
  );
}

/** Removes it with the groups its processes made inside. False while a process is in it (EBUSY); true if it is gone. */
export function removeGroup(path: string): boolean {
  for (const child of childGroups(path)) if (!removeGroup(`${path}/${child}`)) return false;
  const name = cString(path, "rmdir");
  const result = attempt(() => files().rmdir(name));
  if (result === -ERRNO.EBUSY) return false;
  if (result === -ERRNO.ENOENT || result === -ERRNO.ENODEV) return true;
  orThrow(result, "rmdir", path);
  return true;
}

/** Inode number of the group: what PIDFD_GET_INFO gives as `cgroupId`. */
export function groupId(path: string): bigint {
  using fd = openFd(path, OPEN.READ_ONLY | OPEN.DIRECTORY);
  return statFd(fd).inode;
}

/** Names of the groups right below; none if it is gone. */
export function childGroups(path: string): string[] {
  try {
    const entries = process.getBuiltinModule("node:fs").readdirSync(path, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? Math.abs(Number(error.errno)) : ERRNO.EIO;
    if (errno === ERRNO.ENOENT || errno === ERRNO.ENODEV) return [];
    throw new SysError(errno, "readdir", path, error);
  }
}

/**
 * Processes of the group and of those below it, in no order that means anything; null if it is gone. A process whose first
 * thread has ended is in it, a zombie is not.
 */
export function groupProcesses(path: string): Set<number> | null {
  return numbersIn(path, "cgroup.procs");
}

/** Threads in a group and in those below it; one that has ended is none. null if the group is gone. */
export function groupThreads(path: string): Set<number> | null {
  return numbersIn(path, "cgroup.threads");
}

function numbersIn(path: string, file: string): Set<number> | null {
  const numbers = new Set<number>();
  return addNumbers(path, file, numbers) ? numbers : null;
}

function addNumbers(path: string, file: string, pids: Set<number>): boolean {
  const text = readGroupFile(path, file);
  if (text === null) return false;
  let pid = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 10) {
      // 0: a process of another pid namespace.
      if (pid > 0) pids.add(pid);
      pid = 0;
    } else pid = pid * 10 + code - 48;
  }
  for (const child of hasChildren(path) ? childGroups(path) : []) addNumbers(`${path}/${child}`, file, pids);
  return true;
}

/** A directory has a link for each directory in it. */
function hasChildren(path: string): boolean {
  try {
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.DIRECTORY);
    return statFd(fd).linkCount > 2;
  } catch (error) {
    if (isGroupGone(error)) return false;
    throw error;
  }
}

/** null if it, or the group, is not there; also EOPNOTSUPP: the processes of a threaded group are its domain's. */
export function readGroupFile(path: string, file: string): string | null {
  try {
    return readProcText(`${path}/${file}`);
  } catch (error) {
    if (isGroupGone(error) || (error instanceof SysError && error.errno === ERRNO.EOPNOTSUPP)) return null;
    throw error;
  }
}

/** Throws SysError: ENOENT (the kernel has no such file), ENODEV, EACCES, ESRCH, EBUSY, EINVAL. */
export function writeGroupFile(path: string, file: string, text: string): void {
  using fd = openFd(`${path}/${file}`, OPEN.WRITE_ONLY);
  writeAll(fd, encoder.encode(text));
}

/** `populated 1` and the like, a number a name. */
export function parseKeyed(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^(\S+) ([0-9]+)$/.exec(line);
    if (match?.[1] !== undefined) values.set(match[1], Number(match[2]));
  }
  return values;
}

export interface GroupEvents {
  readonly isPopulated: boolean;
  readonly isFrozen: boolean;
}

/** cgroup.events, held open: its descriptor has EPOLL.PRI after a change, until it is read again. */
export class GroupEventsFile implements Disposable {
  readonly #fd: Fd;

  constructor(path: string) {
    this.#fd = openFd(`${path}/cgroup.events`, OPEN.READ_ONLY);
  }

  get fd(): Fd {
    return this.#fd;
  }

  /** null if the group is gone. */
  read(): GroupEvents | null {
    try {
      const values = parseKeyed(decoder.decode(readAt(this.#fd, 256, 0)));
      return { isPopulated: values.get("populated") === 1, isFrozen: values.get("frozen") === 1 };
    } catch (error) {
      if (isGroupGone(error)) return null;
      throw error;
    }
  }

  close(): void {
    this.#fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
