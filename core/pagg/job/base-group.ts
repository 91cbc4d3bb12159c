/**
 * The control group below which each job has its own: the one that is set; for root muster.jobs below the mount of cgroup v2;
 * for a user one below a group that is given to him. Locked by its directory, so that two services do not mix their jobs.
 */

import { dirname } from "node:path";
import { isWritable } from "#ffi/access.ts";
import { childGroups, groupId, makeGroup, readGroupFile, removeGroup, writeGroupFile } from "#ffi/cgroup.ts";
import { parseCgroupMounts, parseOwnCgroup } from "#ffi/cgroup-mount.ts";
import { type Fd, OPEN, openFd, statFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { readProcText } from "#ffi/proc-file.ts";
import { SysError } from "#ffi/sys-error.ts";

export interface BaseGroup {
  /** Where cgroup v2 is mounted; paths of groups are below it. */
  readonly mount: string;
  /** Path below the mount, with a slash in front. */
  readonly path: string;
  /** Held as long as its jobs are kept. */
  readonly lock: Fd;
  /** Not the one of the settings, which may have been made for us: it is taken away with the last job. */
  readonly isChosen: boolean;
}

export interface BaseGroupOptions {
  readonly procRoot: string;
  readonly uid: number;
  /** As in the settings. */
  readonly wanted: string | null;
}

const NAME = "muster.jobs";
/** Services of one machine that keep jobs beside each other, each with its own state directory. */
const MOST_SERVICES = 16;
const CONTROLLERS = ["cpu", "memory", "io", "pids"];

/** Why there is none, or the group. */
export function openBaseGroup(options: BaseGroupOptions): BaseGroup | string {
  const mount = v2Mount(options.procRoot);
  if (mount === null) return "no cgroup v2 is mounted";
  const reasons: string[] = [];
  for (const path of candidates(options, mount)) {
    try {
      const lock = takeGroup(mount + path);
      if (lock === null) {
        reasons.push(`${path} is another service's`);
        continue;
      }
      enableControllers(mount, path);
      return { mount, path, lock, isChosen: options.wanted === null };
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      reasons.push(thrown.message);
    }
  }
  return reasons.at(-1) ?? "no control group is ours to write";
}

/** Where it would be, or why there is none: nothing is made and nothing locked. */
export function findBaseGroup(options: BaseGroupOptions): Pick<BaseGroup, "mount" | "path"> | string {
  const mount = v2Mount(options.procRoot);
  if (mount === null) return "no cgroup v2 is mounted";
  const [path] = candidates(options, mount);
  if (path === undefined) return "no control group is ours to write";
  let place = mount + path;
  try {
    while (place.length > mount.length && readGroupFile(place, "cgroup.procs") === null) place = dirname(place);
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    return thrown.message;
  }
  return isWritable(place) && isWritable(`${place}/cgroup.procs`) ? { mount, path } : `${place} is not ours to write`;
}

export function v2Mount(procRoot: string): string | null {
  return parseCgroupMounts(readProcText(`${procRoot}/self/mountinfo`) ?? "").v2Mount;
}

/** To be called last: from then on it is anybody's. */
export function closeBaseGroup({ mount, path, lock, isChosen }: BaseGroup): void {
  try {
    if (isChosen && childGroups(mount + path).length === 0) removeGroup(mount + path);
  } catch (thrown) {
    // It stays then, empty.
    if (!(thrown instanceof SysError)) throw thrown;
  } finally {
    lock.close();
  }
}

/** Path below the mount of the group a process is in; null if it is gone. A zombie is still where it was. */
export function groupOf(procRoot: string, pid: number): string | null {
  const text = readProcText(`${procRoot}/${pid}/cgroup`);
  return text === null ? null : parseOwnCgroup(text);
}

function candidates({ wanted, uid, procRoot }: BaseGroupOptions, mount: string): string[] {
  if (wanted !== null) return [`/${wanted.replace(/^\/+|\/+$/g, "")}`];
  const own = parseOwnCgroup(readProcText(`${procRoot}/self/cgroup`) ?? "") ?? "/";
  const parents = uid === 0 ? ["/"] : [own, `/user.slice/user-${uid}.slice/user@${uid}.service`];
  return parents
    .filter((parent) => isWritable(`${mount}${parent}/cgroup.procs`) && isWritable(mount + parent))
    .flatMap((parent) =>
      Array.from({ length: MOST_SERVICES }, (_, index) => `${parent === "/" ? "" : parent}/${NAME}${index || ""}`),
    );
}

function takeGroup(path: string): Fd | null {
  for (let depth = path.indexOf("/", 1); ; depth = path.indexOf("/", depth + 1)) {
    const directory = depth < 0 ? path : path.slice(0, depth);
    makeIfMissing(directory);
    if (depth < 0) break;
  }
  const fd = openFd(path, OPEN.READ_ONLY | OPEN.DIRECTORY);
  try {
    // One that was taken away meanwhile locks nobody out.
    if (tryLock(fd, "exclusive") && statFd(fd).inode === groupId(path)) return fd;
  } catch (thrown) {
    fd.close();
    throw thrown;
  }
  fd.close();
  return null;
}

function makeIfMissing(path: string): void {
  try {
    makeGroup(path);
  } catch (thrown) {
    if (thrown instanceof SysError && ["EEXIST", "EROFS", "EACCES", "EPERM"].includes(thrown.errnoName)) return;
    throw thrown;
  }
}

/** As far as they are to be had: jobs are held without any of them, only not accounted for in full. */
function enableControllers(mount: string, path: string): void {
  const parts = path.split("/").slice(1);
  for (let depth = 0; depth <= parts.length; depth++) {
    const group =
      mount +
      parts
        .slice(0, depth)
        .map((part) => `/${part}`)
        .join("");
    const available = (readGroupFile(group, "cgroup.controllers") ?? "").split(/\s+/);
    for (const controller of CONTROLLERS) {
      if (!available.includes(controller)) continue;
      try {
        writeGroupFile(group, "cgroup.subtree_control", `+${controller}`);
      } catch (thrown) {
        if (!(thrown instanceof SysError)) throw thrown;
      }
    }
  }
}
