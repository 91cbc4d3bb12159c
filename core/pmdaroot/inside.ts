/**
 * What is inside a container: which processes, and what they use together. Its own cgroup tells, by whatever hierarchies it
 * has one in; where it has none, its pid namespace does, if that is not the one muster lives in. Where neither does, nothing
 * is told: a display that counts the machine's processes as a container's would lie. (cgroups(7), pid_namespaces(7))
 */
import { readlinkSync } from "node:fs";
import type { ContainerBoundary } from "#core/model/container.ts";
import { groupProcesses, parseKeyed, readGroupFile } from "#ffi/cgroup.ts";
import { parseCgroupMounts, parseControllerMounts } from "#ffi/cgroup-mount.ts";
import { readProcText } from "#ffi/proc-file.ts";
import { clockTicksPerSecond, listPids, pageSize, readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { containerCgroup, namesContainer } from "./cgroup-path.ts";
import type { ContainerRecord } from "./container.ts";
import type { FirstProcess } from "./first-process.ts";

export interface Inside {
  /** null: nothing tells its processes from others. */
  readonly boundary: ContainerBoundary | null;
  readonly count: number | null;
  /** `pid:starttime`, the first ones by pid. */
  readonly identities: readonly string[];
  /** Engines count memory as it is here: without the pages of files that can be dropped. */
  readonly use: { readonly cpuSeconds: number; readonly memoryBytes: number } | null;
}

const MOST_NAMED = 1000;
const NOTHING: Inside = { boundary: null, count: null, identities: [], use: null };

/** Directories of the container's own cgroups: "" is version 2, others are controllers of version 1. */
type Groups = ReadonlyMap<string, string>;

export class Insides {
  readonly #procRoot: string;
  readonly #ownNamespace: string | null;
  readonly #mounts: ReadonlyMap<string, string>;
  /** Pid namespace -> pids, of one scan. */
  #namespaces: ReadonlyMap<string, number[]> | null = null;

  constructor(procRoot: string) {
    this.#procRoot = procRoot;
    this.#ownNamespace = this.#namespaceOf("self");
    const mountinfo = readProcText(`${procRoot}/self/mountinfo`) ?? "";
    const { v2Mount } = parseCgroupMounts(mountinfo);
    this.#mounts = new Map([
      ...parseControllerMounts(mountinfo),
      ...(v2Mount === null ? [] : [["", v2Mount] as const]),
    ]);
  }

  /** Before a round of questions: what was scanned for the last one is old. */
  forgetScan(): void {
    this.#namespaces = null;
  }

  boundaryOf(record: ContainerRecord, process: FirstProcess): ContainerBoundary | null {
    if (this.#groupsOf(record, process).size > 0) return "cgroup";
    const namespace = this.#namespaceOf(String(process.pid));
    return namespace !== null && namespace !== this.#ownNamespace ? "namespace" : null;
  }

  /** Its processes stand still by the freezer of either version, whatever its engine says. */
  isFrozen(record: ContainerRecord, process: FirstProcess): boolean {
    const groups = this.#groupsOf(record, process);
    const [v2, v1] = [groups.get(""), groups.get("freezer")];
    const events = v2 === undefined ? null : readGroupFile(v2, "cgroup.events");
    if (events !== null && parseKeyed(events).get("frozen") === 1) return true;
    return v1 !== undefined && readGroupFile(v1, "freezer.state")?.trim() === "FROZEN";
  }

  of(record: ContainerRecord, process: FirstProcess): Inside {
    const groups = this.#groupsOf(record, process);
    const boundary = this.boundaryOf(record, process);
    if (boundary === null || !process.isAlive()) return NOTHING;
    const pids = boundary === "cgroup" ? processesIn(groups) : this.#pidsInNamespaceOf(process);
    return this.#told(
      boundary,
      [...pids].sort((a, b) => a - b),
      groups,
    );
  }

  #told(boundary: ContainerBoundary, pids: readonly number[], groups: Groups): Inside {
    const counted = { cpu: cpuSecondsOf(groups), memory: memoryBytesOf(groups) };
    const isSummed = counted.cpu === null || counted.memory === null;
    const identities: string[] = [];
    let [count, cpuTicks, residentPages] = [0, 0, 0];
    for (const pid of pids) {
      if (!isSummed && identities.length >= MOST_NAMED) break;
      const stat = readProcessStat(this.#procRoot, pid);
      if (stat === null) continue;
      count++;
      cpuTicks += stat.userTicks + stat.systemTicks;
      residentPages += stat.residentPages;
      if (identities.length < MOST_NAMED) identities.push(`${pid}:${stat.startTicks}`);
    }
    return {
      boundary,
      count: identities.length >= MOST_NAMED ? pids.length : count,
      identities,
      use: {
        cpuSeconds: counted.cpu ?? cpuTicks / clockTicksPerSecond(),
        memoryBytes: counted.memory ?? residentPages * pageSize(),
      },
    };
  }

  #groupsOf(record: ContainerRecord, process: FirstProcess): Groups {
    const groups = new Map<string, string>();
    for (const line of (process.cgroupText() ?? "").split("\n")) {
      const [, controllers = "", path = ""] = /^[0-9]+:([^:]*):(\/.*)$/.exec(line) ?? [];
      // Not of its own: what is in there is not its alone.
      if (!path.split("/").some((part) => namesContainer(part, record))) continue;
      const own = containerCgroup(path, record);
      for (const controller of controllers.split(",")) {
        const mount = this.#mounts.get(controller);
        if (mount !== undefined) groups.set(controller, mount + own);
      }
    }
    return groups;
  }

  #pidsInNamespaceOf({ pid }: FirstProcess): readonly number[] {
    this.#namespaces ??= this.#scan();
    return this.#namespaces.get(this.#namespaceOf(String(pid)) ?? "") ?? [];
  }

  #scan(): Map<string, number[]> {
    const namespaces = new Map<string, number[]>();
    for (const pid of listPids(this.#procRoot)) {
      const namespace = this.#namespaceOf(String(pid));
      if (namespace === null) continue;
      const pids = namespaces.get(namespace);
      if (pids) pids.push(pid);
      else namespaces.set(namespace, [pid]);
    }
    return namespaces;
  }

  /** null when it is gone or may not be looked at. */
  #namespaceOf(process: string): string | null {
    try {
      return readlinkSync(`${this.#procRoot}/${process}/ns/pid`);
    } catch {
      return null;
    }
  }
}

/** In the order of what is most often whole: version 2, then those that engines always use. */
const LISTING = ["", "memory", "pids", "cpuacct", "freezer", "name=systemd"] as const;

function processesIn(groups: Groups): ReadonlySet<number> {
  const names = [...LISTING.filter((name) => groups.has(name)), ...groups.keys()];
  for (const name of names) {
    const pids = askGroup(() => groupProcesses(groups.get(name) ?? ""));
    if (pids !== null && pids.size > 0) return pids;
  }
  return new Set();
}

/** null where nothing counted it. */
function cpuSecondsOf(groups: Groups): number | null {
  const v2 = numberIn(groups.get(""), "cpu.stat", "usage_usec");
  if (v2 !== null) return v2 / 1e6;
  const v1 = numberIn(groups.get("cpuacct"), "cpuacct.usage", null);
  return v1 === null ? null : v1 / 1e9;
}

function memoryBytesOf(groups: Groups): number | null {
  const v2 = numberIn(groups.get(""), "memory.current", null);
  if (v2 !== null) return Math.max(0, v2 - (numberIn(groups.get(""), "memory.stat", "inactive_file") ?? 0));
  const group = groups.get("memory");
  const v1 = numberIn(group, "memory.usage_in_bytes", null);
  return v1 === null ? null : Math.max(0, v1 - (numberIn(group, "memory.stat", "total_inactive_file") ?? 0));
}

/** `key`: null where the file is nothing but the number. */
function numberIn(group: string | undefined, file: string, key: string | null): number | null {
  const text = group === undefined ? null : askGroup(() => readGroupFile(group, file));
  if (text === null) return null;
  const value = key === null ? Number(text.trim() || Number.NaN) : parseKeyed(text).get(key);
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** What may not be read tells nothing. */
function askGroup<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}
