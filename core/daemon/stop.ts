/**
 * STOP: signal the process that holds the lock, then wait for the lock: a process is gone for the protocol when its
 * descriptor is. There is a deadline, and after it, if asked for, one stronger signal after another, each a deadline apart.
 */
import { MusterError } from "#core/model/error.ts";
import type { Step } from "#core/model/step.ts";
import { type Fd, OPEN, openFd, readAt, truncate } from "#ffi/fd.ts";
import { tryLock, unlock, waitLock } from "#ffi/flock.ts";
import { lockHolders } from "#ffi/procfs.ts";
import { signalName } from "#ffi/signals.ts";
import { SysError } from "#ffi/sys-error.ts";
import { prepareLockWait } from "#ffi/wait-lock.ts";
import { answer, judge } from "./answer.ts";
import type { ActiveParams, ControlContext } from "./control-params.ts";
import { waitWithDeadline } from "./deadline.ts";
import { type Holder, holdProcess } from "./holder.ts";
import { isCurrent, LONGEST, openPidFile, parsePidFile, readPidFile } from "./pid-file.ts";
import { signalStep } from "./signal.ts";

export interface StopOrder {
  readonly signal: number;
  /** For each signal sent; null: wait without end, as LibUCW does. */
  readonly deadlineSeconds: number | null;
  /** Signals sent one after another when a deadline passes. */
  readonly escalation: readonly number[];
  /** The program knows nothing of its pid file (run-command.ts): when it has ended as ordered, the file is emptied for it. */
  readonly clearsPidFile: boolean;
}

/** How long a process may live on without its lock before we stop waiting for it. */
const LINGER_SECONDS = 1;

/** Stopped already 100; stale 103, nothing done; stopped now 0. Throws TIMED_OUT when the last deadline
 * passes, STOP_FAILED when the process has ended and its lock is still held. */
export async function stopDaemon(order: StopOrder, params: ActiveParams, context: ControlContext) {
  using fd = openPidFile(params.pidFile);
  if (!fd) return answer("alreadyDone", `${params.pidFile} does not exist: the daemon is not running`);
  const reading = readPidFile(fd);
  const now = judge(params.pidFile, reading);
  if (now.status === "notRunning") return answer("alreadyDone", now.message);
  if (now.status !== "ok") return now;
  const holder =
    reading.content.phase === "pid"
      ? holdProcess(fd, reading, reading.content.pid, context.procRoot, params.identity ?? null)
      : null;
  using _pidfd = holder?.pidfd ?? null;
  await endProcess(order, fd, holder, params, context);
  if (order.clearsPidFile && holder) clearAfter(fd.path, holder.pidfd.pid);
  return answer("ok", await howEnded(holder, context));
}

/** Under the guard, and only if nobody has taken the file since and it still names the process that was ended. */
function clearAfter(pidFile: string, pid: number): void {
  using fd = openToClear(pidFile);
  if (!fd || !tryLock(fd, "exclusive") || !isCurrent(fd)) return;
  const content = parsePidFile(readAt(fd, LONGEST + 1, 0));
  if (content.phase === "pid" && content.pid === pid) truncate(fd, 0);
}

/** null for what is not there to be emptied: the program took its file away, or put something else in its place. */
function openToClear(pidFile: string): Fd | null {
  try {
    return openFd(pidFile, OPEN.READ_WRITE | OPEN.NOFOLLOW | OPEN.NONBLOCK | OPEN.NOCTTY);
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}

/**
 * The lock goes with the descriptors, a moment before the process itself. For the protocol it has ended then; we say so
 * of the process only when it is true.
 */
async function howEnded(holder: Holder | null, { clock }: ControlContext): Promise<string> {
  if (!holder) return "the daemon has ended";
  const { pidfd } = holder;
  const isGone = await waitWithDeadline(clock, LINGER_SECONDS, undefined, (signal) => pidfd.exited(signal));
  return isGone ? `process ${pidfd.pid} has ended` : `process ${pidfd.pid} has given back its lock, but still lives`;
}

async function endProcess(
  order: StopOrder,
  fd: Fd,
  holder: Holder | null,
  params: ActiveParams,
  context: ControlContext,
) {
  // Before the signal: a daemon may end while the thread that waits for its lock is still being made.
  prepareLockWait();
  for (const signal of [order.signal, ...order.escalation]) {
    if (holder?.pidfd.sendSignal(signal)) params.onStep(signalStep(signal, holder.pidfd.pid, holder.identity));
    params.onStep(waitStep(order, params.pidFile));
    if (await isReleased(fd, order.deadlineSeconds, params.abort, context)) return;
    if (params.abort?.aborted) {
      throw new MusterError("CANCELLED", `gave up waiting for the daemon of ${params.pidFile}; it may still end`, {
        target: params.pidFile,
      });
    }
    // Without a living process of its own there is nobody to send a stronger signal to.
    if (!holder?.pidfd.isAlive()) break;
  }
  throw stillHeld(order, fd, holder, context);
}

function waitStep(order: StopOrder, path: string): Step {
  const until = order.deadlineSeconds === null ? "without a deadline" : `for at most ${order.deadlineSeconds} s`;
  const step = { op: "wait", text: `waiting ${until} for the lock of ${path}`, path } as const;
  return order.deadlineSeconds === null ? step : { ...step, timeoutSeconds: order.deadlineSeconds };
}

/** Resolves true as soon as the kernel gives the lock; false when the deadline passes or the wait is aborted. */
function isReleased(fd: Fd, seconds: number | null, abort: AbortSignal | undefined, { clock }: ControlContext) {
  return waitWithDeadline(clock, seconds, abort, async (signal) => {
    const isFree = await waitLock(fd, "shared", signal);
    if (isFree) unlock(fd);
    return isFree;
  });
}

function stillHeld(order: StopOrder, fd: Fd, holder: Holder | null, context: ControlContext): MusterError {
  const { pidFile, others } = whoHolds(fd, holder, context);
  const sent = [order.signal, ...order.escalation].map(signalName).join(", ");
  if (holder?.pidfd.isAlive()) {
    return new MusterError("TIMED_OUT", `process ${holder.pidfd.pid} still holds ${pidFile} after ${sent}`, {
      target: pidFile,
      hint: "give it more time with --timeout, or escalate with --force",
    });
  }
  const who = others.length > 0 ? `process ${others.join(", ")}` : "a process that cannot be seen from here";
  const gone = holder ? `process ${holder.pidfd.pid} has ended, but` : "the daemon is exiting, but";
  return new MusterError("STOP_FAILED", `${gone} ${who} still holds the lock of ${pidFile}`, {
    target: pidFile,
    hint: "a child has inherited the lock: end it by hand when you know what it is",
  });
}

function whoHolds(fd: Fd, holder: Holder | null, { procRoot }: ControlContext) {
  const { device, inode } = readPidFile(fd);
  const others = lockHolders(procRoot, device, inode).filter((pid) => pid !== holder?.pidfd.pid);
  return { pidFile: fd.path, others };
}
