/** Whether this process lives in the namespaces the machine started with: namespaces(7). */

/** include/linux/proc_ns.h: inode numbers the kernel gives its first namespaces, fixed since Linux 3.8. */
const INITIAL_USER = 0xeffffffd;
const INITIAL_PID = 0xeffffffc;

/** Elsewhere /proc/locks hides locks whose taker is dead, and process events do not arrive. */
export function isInitialPidNamespace(procRoot: string): boolean {
  return namespaceInode(procRoot, "pid") === INITIAL_PID;
}

/** Elsewhere uid 0 is not the machine's. */
export function isInitialUserNamespace(procRoot: string): boolean {
  return namespaceInode(procRoot, "user") === INITIAL_USER;
}

/** null when /proc does not tell. */
function namespaceInode(procRoot: string, name: string): number | null {
  try {
    const target = process.getBuiltinModule("node:fs").readlinkSync(`${procRoot}/self/ns/${name}`);
    const match = /^[a-z]+:\[([0-9]+)\]$/.exec(target);
    return match === null ? null : Number(match[1]);
  } catch {
    // No /proc, or one of another kind: then nothing is known to be initial.
    return null;
  }
}
