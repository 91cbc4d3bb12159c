/**
 * After a loss of events everything is looked at again, in /proc: those that are gone have ended, with a status nobody knows;
 * children of followed processes are taken in, and of the others what the owner claims.
 */
import { hasEnded, listPids, type ProcessStat, readProcessStat } from "#ffi/procfs.ts";
import { type TrackedExit, UNSEEN } from "./tracked-exit.ts";
import { TrackedProcess } from "./tracked-process.ts";

export interface Repair<T> {
  readonly procRoot: string;
  readonly followed: ReadonlyMap<number, TrackedProcess<T>>;
  /** What a child gets; undefined leaves it out. */
  readonly onFork: (parent: T, childPid: number, parentPid: number) => T | undefined;
  /** Asked once the children are in: what is given to one that is not known and has no known parent. */
  readonly claims: (() => (stat: ProcessStat) => T | undefined) | undefined;
  readonly end: (process: TrackedProcess<T>, exit: Omit<TrackedExit, "parentPid">) => void;
  /** It is followed from now on; one that is already may have lost its first thread. */
  readonly follow: (process: TrackedProcess<T>) => void;
}

/** Those that are followed, as they are found. */
export function lookAtFollowed<T>({ procRoot, followed, end, follow }: Repair<T>): void {
  for (const process of [...followed.values()]) {
    const stat = readProcessStat(procRoot, process.pid);
    if (!stat || !process.isSame(stat)) end(process, UNSEEN);
    // A 0 there may mean that it is not for us to know.
    else if (hasEnded(stat)) end(process, { ...UNSEEN, status: stat.exitStatus || null });
    else {
      process.lookedAt(stat);
      follow(process);
    }
  }
}

/** Walks down from each that is followed, and from each that is claimed, to the children nobody told of. */
export function takeInUnknown<T>({ procRoot, followed, onFork, claims, follow }: Repair<T>): void {
  const unknown = listPids(procRoot).flatMap((pid) => {
    if (followed.has(pid)) return [];
    const stat = readProcessStat(procRoot, pid);
    return stat && !hasEnded(stat) && !stat.kernelThread ? [stat] : [];
  });
  const byParent = Map.groupBy(unknown, (stat) => stat.parentPid);
  const takeIn = (stat: ProcessStat, data: T | undefined): void => {
    if (data === undefined) return;
    const process = TrackedProcess.found(data, stat);
    follow(process);
    takeInChildren(process);
  };
  const takeInChildren = (parent: TrackedProcess<T>): void => {
    for (const stat of byParent.get(parent.pid) ?? []) {
      if (!followed.has(stat.pid)) takeIn(stat, onFork(parent.data, stat.pid, parent.pid));
    }
  };
  for (const process of [...followed.values()]) takeInChildren(process);
  const claim = claims?.();
  if (!claim) return;
  for (const stat of unknown) if (!followed.has(stat.pid)) takeIn(stat, claim(stat));
}
