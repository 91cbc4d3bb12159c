/** Who has a file mapped, and whether a thread that is said to hold something in it still lives: proc_pid_maps(5). */
import { ERRNO } from "./errno-names.ts";
import { splitDevice } from "./fd-status.ts";
import { listDirectory, listPids, readProcText } from "./proc-file.ts";
import { isInitialPidNamespace } from "./proc-namespace.ts";
import { SysError } from "./sys-error.ts";

/** As /proc/PID/maps names a file: `00:17 4242`. */
export type MapKey = string;

// 7f00-7f01 rw-s 00000000 00:17 4242    /dev/shm/name
const LINE = /^([0-9a-f]+)-[0-9a-f]+ \S{4} [0-9a-f]+ ([0-9a-f]+:[0-9a-f]+ [0-9]+)(?:\s+(.*))?$/;

const hex = (value: number): string => value.toString(16).padStart(2, "0");

/** On stacked file systems this may not be what maps show: `ownMapKey` is, for what this process has mapped. */
export function mapKey(device: bigint, inode: bigint): MapKey {
  const { major, minor } = splitDevice(device);
  return `${hex(major)}:${hex(minor)} ${inode}`;
}

/** The key of what is mapped at `address` in this process; null when nothing is. */
export function ownMapKey(procRoot: string, address: number): MapKey | null {
  for (const line of (readProcText(`${procRoot}/self/maps`) ?? "").split("\n")) {
    const [, start = "", key] = LINE.exec(line) ?? [];
    if (key !== undefined && Number.parseInt(start, 16) === address) return key;
  }
  return null;
}

/** The machine's init, which may be more privileged than root elsewhere, maps nobody's files. */
const INIT = 1;

export interface MapHolders {
  /** File -> processes that have it mapped, in the kernel's order: each as often as it has. */
  readonly pids: ReadonlyMap<MapKey, readonly number[]>;
  /** Processes of others that may not be looked into. */
  readonly hidden: readonly number[];
}

/** One walk through the maps of all processes, for any number of files. */
export function findMapHolders(procRoot: string, keys: ReadonlySet<MapKey>): MapHolders {
  const pids = new Map<MapKey, number[]>([...keys].map((key) => [key, []]));
  const hidden: number[] = [];
  if (keys.size === 0) return { pids, hidden };
  const knowsInit = isInitialPidNamespace(procRoot);
  for (const pid of listPids(procRoot)) {
    const mapped = mapsOf(`${procRoot}/${pid}`);
    if (mapped !== "hidden") for (const key of mapped) pids.get(key)?.push(pid);
    else if (pid !== INIT || !knowsInit) hidden.push(pid);
  }
  return { pids, hidden };
}

function mapsOf(directory: string): readonly MapKey[] | "hidden" {
  try {
    const text = readProcText(`${directory}/maps`) ?? "";
    return text.split("\n").flatMap((line) => LINE.exec(line)?.[2] ?? []);
  } catch (error) {
    if (error instanceof SysError && (error.errno === ERRNO.EACCES || error.errno === ERRNO.EPERM)) return "hidden";
    throw error;
  }
}

/** unknown comes with its reason. */
export type HolderVerdict =
  | { readonly state: "alive"; readonly pid: number }
  | { readonly state: "dead" }
  | { readonly state: "unknown"; readonly reason: string };

const DEAD: HolderVerdict = { state: "dead" };
const unknown = (reason: string): HolderVerdict => ({ state: "unknown", reason });

/**
 * Whether the thread `threadId` that had the file mapped still lives. Thread numbers mean something in one pid namespace
 * only, so a thread counts as the one when it has the number in any of its namespaces and the file mapped; one whose maps
 * are hidden may be it. 0 is a thread without a number: then anybody else who has the file mapped may be it.
 */
export function judgeHolder(procRoot: string, threadId: number, key: MapKey): HolderVerdict {
  if (!isInitialPidNamespace(procRoot)) return unknown("this pid namespace does not show every process of the machine");
  if (readProcText(`${procRoot}/1/stat`) === null) return unknown("/proc hides the processes of other users");
  let verdict = DEAD;
  for (const pid of listPids(procRoot)) {
    if (pid === INIT) continue;
    const found = threadId === 0 ? judgeNameless(procRoot, pid, key) : judgeThreads(procRoot, pid, threadId, key);
    if (found.state === "alive") return found;
    if (found.state === "unknown") verdict = found;
  }
  return verdict;
}

function judgeNameless(procRoot: string, pid: number, key: MapKey): HolderVerdict {
  if (pid === process.pid) return DEAD;
  const mapped = mapsOf(`${procRoot}/${pid}`);
  if (mapped === "hidden") return unknown(`process ${pid} may hold it: its memory may not be looked at`);
  return mapped.includes(key) ? unknown(`process ${pid} may hold it: it has the file mapped`) : DEAD;
}

function judgeThreads(procRoot: string, pid: number, threadId: number, key: MapKey): HolderVerdict {
  // Outside nested namespaces a thread has one number, the name of its directory.
  const isNested = numbersOf(`${procRoot}/${pid}`).length > 1;
  for (const name of listDirectory(`${procRoot}/${pid}/task`) ?? []) {
    const directory = `${procRoot}/${pid}/task/${name}`;
    const isNumbered = Number(name) === threadId || (isNested && numbersOf(directory).includes(threadId));
    if (!isNumbered) continue;
    const mapped = mapsOf(directory);
    if (mapped === "hidden") return unknown(`process ${pid} may hold it: its memory may not be looked at`);
    if (mapped.includes(key)) return { state: "alive", pid };
  }
  return DEAD;
}

/** Its number in each pid namespace it is in, the outermost that this /proc shows first. */
function numbersOf(directory: string): number[] {
  const line = /^NSpid:\s+(.*)$/m.exec(readProcText(`${directory}/status`) ?? "");
  return (line?.[1] ?? "").trim().split(/\s+/).map(Number);
}
