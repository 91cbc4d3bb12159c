/**
 * A process that runs, held by its pidfd: nothing else is ever signalled or waited for. A child of ours is collected by us; one
 * that an earlier run started is collected by whose child it is by now, and the kernel may keep how it ended.
 */
import type { Clock } from "#core/model/clock.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";
import type { ProcessRow, Starter } from "./process-row.ts";

export interface RunningProcess {
  readonly row: ProcessRow;
  readonly pidfd: PidFd;
  /** Ends the watch for its end. */
  readonly unwatch: () => void;
  /** No child of ours. */
  readonly isAdopted: boolean;
  /** null: whoever asks may be told of its end. */
  starter: Starter | null;
}

const WATCHED_AFTER_MS = 20;
/** Whose child it is by now collects it soon, or never. */
const COLLECTED_WITHIN_MS = 3000;

/** Whoever starts and waits at once is told by the wait itself: only what runs on has a watch set up. */
export function watchEnd(pidfd: PidFd, clock: Clock, onEnd: () => void): () => void {
  let watch: Watch | null = null;
  const cancel = clock.setTimer(WATCHED_AFTER_MS, () => {
    watch = watchKept(pidfd.fd, EPOLL.IN | EPOLL.ONESHOT, onEnd);
  });
  return () => {
    cancel();
    watch?.[Symbol.dispose]();
  };
}

/** Calls `onEnd` with the status of one that is no child of ours; null: nobody knows. */
export function watchAdopted(
  pidfd: PidFd,
  clock: Clock,
  { onEnd, onProblem }: { readonly onEnd: (status: number | null) => void; readonly onProblem: (why: unknown) => void },
): () => void {
  const giveUp = new AbortController();
  endOf(pidfd, clock, giveUp.signal).then((status) => {
    if (!giveUp.signal.aborted) onEnd(status);
  }, onProblem);
  return () => giveUp.abort();
}

async function endOf(pidfd: PidFd, clock: Clock, signal: AbortSignal): Promise<number | null> {
  if (!(await pidfd.exited(signal))) return null;
  const impatience = new AbortController();
  const cancel = clock.setTimer(COLLECTED_WITHIN_MS, () => impatience.abort());
  const status = await pidfd.reaped(AbortSignal.any([signal, impatience.signal]));
  cancel();
  return status;
}

/** unknown: something else in this process has collected the child, and the kernel keeps no status (before Linux 6.15). */
export function statusOf({ pidfd, isAdopted }: RunningProcess): number | "running" | "unknown" {
  try {
    return pidfd.reap() ?? "running";
  } catch (thrown) {
    if (!(thrown instanceof SysError && thrown.errnoName === "ECHILD")) throw thrown;
    // Where it was adopted its end is waited for elsewhere.
    return pidfd.exitStatus() ?? (isAdopted ? "running" : "unknown");
  }
}
