/** A signal to the very process that was meant, or to none. */
import { MusterError, toMusterError } from "#core/model/error.ts";
import { PidFd } from "#ffi/pidfd.ts";
import { readProcessCredentials } from "#ffi/process-credentials.ts";
import { readProcessStat } from "#ffi/procfs.ts";

export interface MeantProcess {
  readonly pid: number;
  readonly startTicks: string;
}

/** The error for a process that is gone, by the domain's own number. */
export type Gone = (message: string) => MusterError;

/**
 * Held, then looked at, then signalled, all by the same descriptor. `authorize` is asked with its real user as it is now:
 * a process that has become another user's since is that user's. Throws IDENTITY_CHANGED, what `gone` makes, what authorize
 * throws, and what the kernel says.
 */
export function signalProcess(
  { pid, startTicks }: MeantProcess,
  signal: number,
  { procRoot, authorize, gone }: { procRoot: string; authorize: (uid: number) => void; gone: Gone },
): void {
  using pidfd = hold(pid);
  if (!pidfd) throw gone(`process ${pid} does not exist`);
  const stat = readProcessStat(procRoot, pid);
  if (stat && stat.startTicks !== startTicks) {
    throw new MusterError("IDENTITY_CHANGED", `process ${pid} is another one now`);
  }
  const uid = readProcessCredentials(procRoot, pid)?.uids[0];
  if (!stat || uid === undefined || !pidfd.isAlive()) throw gone(`process ${pid} has exited`);
  authorize(uid);
  try {
    if (!pidfd.sendSignal(signal)) throw gone(`process ${pid} has exited`);
  } catch (thrown) {
    throw toMusterError(thrown);
  }
}

function hold(pid: number): PidFd | null {
  try {
    return PidFd.open(pid);
  } catch (thrown) {
    throw new MusterError("SYSTEM", `process ${pid} cannot be held: nothing was sent`, {
      errno: toMusterError(thrown).errno,
      cause: thrown,
    });
  }
}
