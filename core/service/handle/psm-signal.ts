/** A signal to the very process that was registered, or to none. */
import { MusterError, toMusterError } from "#core/model/error.ts";
import type { MemberEntry } from "#core/psm/entry.ts";
import { openProcess } from "#core/psm/process.ts";
import { psmError } from "#core/psm/status.ts";
import { readProcessCredentials } from "#ffi/process-credentials.ts";
import { readProcessStat } from "#ffi/procfs.ts";

/**
 * Held, then looked at, then signalled, all by the same descriptor. `authorize` is asked with its real user as it is now:
 * a process that has become another user's since is that user's. Throws IDENTITY_CHANGED, ESRCH, what authorize throws, and
 * what the kernel says.
 */
export function signalMember(
  entry: MemberEntry,
  signal: number,
  procRoot: string,
  authorize: (uid: number) => void,
): void {
  using pidfd = openProcess(entry.pid);
  if (!pidfd) throw new MusterError("SYSTEM", "no file descriptor is left to hold the process with");
  const stat = readProcessStat(procRoot, entry.pid);
  if (stat && stat.startTicks !== entry.startTicks) {
    throw new MusterError("IDENTITY_CHANGED", `process ${entry.pid} is another one now`);
  }
  const uid = readProcessCredentials(procRoot, entry.pid)?.uids[0];
  if (!stat || uid === undefined || !pidfd.isAlive()) throw psmError("ESRCH", `process ${entry.pid} has exited`);
  authorize(uid);
  try {
    if (!pidfd.sendSignal(signal)) throw psmError("ESRCH", `process ${entry.pid} has exited`);
  } catch (thrown) {
    throw toMusterError(thrown);
  }
}
