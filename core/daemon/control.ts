/**
 * daemon_control() of LibUCW: check, start, stop and signal under the guard lock, and restart as one action under one
 * guard lock. (seed: LibUCW, "Daemon control")
 *
 *     guard lock --> look at the pid file --> act --> wait for the lock of the pid file --> guard unlocked
 */
import type { Fd } from "#ffi/fd.ts";
import { signalName } from "#ffi/signals.ts";
import { type Answer, answer, failure, judge } from "./answer.ts";
import {
  type ActiveParams,
  type ControlAction,
  type ControlContext,
  type ControlParams,
  type ControlResult,
  type ControlStep,
  signalStep,
} from "./control-params.ts";
import { takeGuard, takeGuardNow } from "./guard.ts";
import { holdProcess } from "./holder.ts";
import { openPidFile, type PidFileReading, readPidFile } from "./pid-file.ts";
import { startDaemon } from "./start.ts";
import { stopDaemon } from "./stop.ts";

/** Never throws: what goes wrong is a result with status error, as LibUCW's error_msg. The guard lock is always given back. */
export async function daemonControl(params: ControlParams, context: ControlContext): Promise<ControlResult> {
  const acted = { done: false };
  const onStep = (step: ControlStep) => {
    if (step.op === "signal" || step.op === "run") acted.done = true;
    params.onStep?.(step);
  };
  try {
    let guard = takeGuardNow(params.guardFile);
    if (!guard) {
      onStep({ op: "guard", text: `another action holds ${params.guardFile}, waiting for it`, path: params.guardFile });
      guard = await takeGuard(params.guardFile, params.abort);
    }
    using _held = guard;
    return { ...(await act({ ...params, onStep }, context)), hasActed: acted.done };
  } catch (thrown) {
    return { ...failure(thrown, params.pidFile), hasActed: acted.done };
  }
}

function act(params: ActiveParams, context: ControlContext) {
  const { action } = params;
  switch (action.type) {
    case "check":
      return check(params.pidFile);
    case "start":
      return startDaemon(action.command, params, context);
    case "stop":
      return stopDaemon(action.order, params, context);
    case "signal":
      return signalDaemon(action.signal, params, context);
    case "restart":
      return restartDaemon(action, params, context);
  }
}

/** CHECK: running 0, stopped 101, stale 103, unreadable or without a pid 102. */
function check(pidFile: string): Answer {
  using fd = openPidFile(pidFile);
  if (!fd) return answer("notRunning", `${pidFile} does not exist: the daemon is not running`);
  return judge(pidFile, readPidFile(fd));
}

async function signalDaemon(signal: number, params: ActiveParams, context: ControlContext): Promise<Answer> {
  using fd = openPidFile(params.pidFile);
  if (!fd) return check(params.pidFile);
  const reading = readPidFile(fd);
  const now = judge(params.pidFile, reading);
  if (now.status !== "ok") return now;
  if (reading.content.phase !== "pid") return answer("notRunning", "the daemon is just exiting; nothing was signalled");
  const pid = reading.content.pid;
  const sent = sendSignal(fd, reading, pid, signal, params, context);
  if (!sent) return answer("notRunning", `process ${pid} has just exited; nothing was signalled`);
  return answer("ok", `sent ${signalName(signal)} to process ${pid}`);
}

function sendSignal(
  fd: Fd,
  reading: PidFileReading,
  pid: number,
  signal: number,
  params: ActiveParams,
  context: ControlContext,
): boolean {
  const holder = holdProcess(fd, reading, pid, context.procRoot, params.identity ?? null);
  if (!holder) return false;
  using pidfd = holder.pidfd;
  if (!pidfd.sendSignal(signal)) return false;
  params.onStep(signalStep(signal, pid, holder.identity));
  return true;
}

async function restartDaemon(
  action: Extract<ControlAction, { type: "restart" }>,
  params: ActiveParams,
  context: ControlContext,
): Promise<Answer> {
  const stopped = await stopDaemon(action.order, params, context);
  if (stopped.status === "error") return stopped;
  return startDaemon(action.command, params, context);
}
