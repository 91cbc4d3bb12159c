/** What a set does with the members of an earlier run: the living are watched again, of the others it is told honestly. */
import { readProcessStat } from "#ffi/procfs.ts";
import type { Boot } from "./boot.ts";
import { EXITED, type MemberEntry } from "./entry.ts";
import type { ExitWatch } from "./exits.ts";
import type { MemberIndex } from "./members.ts";
import { openProcess } from "./process.ts";
import { PsmError } from "./status.ts";
import type { SetStore } from "./store.ts";

export interface Adoption {
  readonly index: MemberIndex;
  readonly store: SetStore;
  readonly exits: ExitWatch;
  readonly boot: Boot;
  readonly procRoot: string;
  readonly nowMs: number;
}

/** Those that are gone: exited, with a status nobody knows. Throws EIO. */
export function adopt({ index, store, exits, boot, procRoot, nowMs }: Adoption): readonly MemberEntry[] {
  const { categories, members, bootId } = store.read();
  for (const { name, uid } of categories) index.addCategory(name, uid);
  // Start times count from the start of the machine: those of an earlier one mean nothing now.
  const isSameBoot = bootId === boot.id;
  const gone: MemberEntry[] = [];
  for (const entry of members) {
    const comm = entry.exit === null && isSameBoot ? hold(entry, exits, procRoot) : null;
    const isGone = entry.exit === null && comm === null;
    const now = isGone ? { ...entry, state: EXITED, exit: { atMs: nowMs, status: null } } : { ...entry, comm };
    if (isGone) gone.push(now);
    index.put(now);
  }
  if (gone.length > 0) store.recordExits(gone);
  if (!isSameBoot) store.setBoot(boot.id);
  return gone;
}

/** Its name, and from now on its end is waited for; null if it is gone. A zombie is still there: its status can be had. */
function hold({ number, pid, startTicks }: MemberEntry, exits: ExitWatch, procRoot: string): string | null {
  const pidfd = openIfThere(pid);
  const stat = pidfd === undefined ? null : readProcessStat(procRoot, pid);
  if (pidfd === undefined || stat?.startTicks !== startTicks) {
    pidfd?.close();
    return null;
  }
  exits.watch({ key: number, pid, startTicks }, pidfd);
  return stat.comm;
}

function openIfThere(pid: number) {
  try {
    return openProcess(pid);
  } catch (thrown) {
    if (thrown instanceof PsmError && thrown.errno === "ESRCH") return undefined;
    throw thrown;
  }
}
