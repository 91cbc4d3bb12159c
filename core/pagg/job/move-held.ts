/**
 * One process into a control group, and no other. cgroup.procs takes a number, and the kernel looks it up when it has its
 * locks: milliseconds after our last look, when the process may have ended and its number be another's. So it is held, and
 * afterwards it is asked who was moved. A stranger that was goes back to where it was born: where its parent is.
 */
import { groupId, isGroupGone, writeGroupFile } from "#ffi/cgroup.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { readProcessStat } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { groupOf } from "./base-group.ts";
import { tryHold } from "./process.ts";

export interface Place {
  /** Where cgroup v2 is mounted. */
  readonly mount: string;
  readonly procRoot: string;
}

/** Who has the number now, was moved, and cannot be put back. */
export interface Misplaced {
  readonly pid: number;
  readonly path: string;
}

/** With all its threads and without its children. Throws SysError; ESRCH if it has ended. */
export function moveHeld(place: Place, held: PidFd, path: string): Misplaced | null {
  const { mount, procRoot } = place;
  const { pid } = held;
  writeGroupFile(mount + path, "cgroup.procs", String(pid));
  // As long as it lives its number is nobody else's; and where it ended it had been moved to.
  if (held.isAlive() || isIdOf(held.groupId(), mount + path)) return null;
  using stranger = tryHold(pid);
  const isGone = stranger !== null && !stranger.isAlive();
  if (isGone || groupOf(procRoot, pid) !== path) return null;
  const home = stranger && birthplace(procRoot, pid);
  if (home === path) return null;
  return stranger !== null && home !== null && isMoved(place, stranger, home) ? null : { pid, path };
}

/** Moves it to the first of these groups that takes it. Throws the SysError of the last; ESRCH if it has ended. */
export function moveHeldToAny(place: Place, held: PidFd, paths: readonly string[]): Misplaced | null {
  let failure: unknown = null;
  for (const path of paths) {
    try {
      return moveHeld(place, held, path);
    } catch (thrown) {
      // It has ended: there is nothing left to move.
      if (!(thrown instanceof SysError) || thrown.errnoName === "ESRCH") throw thrown;
      failure = thrown;
    }
  }
  if (failure !== null) throw failure;
  return null;
}

function isMoved(place: Place, held: PidFd, path: string): boolean {
  try {
    return moveHeld(place, held, path) === null;
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    // It needs no place any more.
    return thrown.errnoName === "ESRCH";
  }
}

function birthplace(procRoot: string, pid: number): string | null {
  const parentPid = readProcessStat(procRoot, pid)?.parentPid ?? 0;
  return parentPid > 0 ? groupOf(procRoot, parentPid) : null;
}

function isIdOf(id: bigint | null, directory: string): boolean {
  if (id === null) return false;
  try {
    return id === groupId(directory);
  } catch (thrown) {
    if (isGroupGone(thrown)) return false;
    throw thrown;
  }
}
