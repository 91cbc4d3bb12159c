/** SIGNAL: to the process that holds the lock, and to no other. Stopped 101, exiting 101, stale 103, sent 0. */

import type { Step } from "#core/model/step.ts";
import type { Fd } from "#ffi/fd.ts";
import { signalName } from "#ffi/signals.ts";
import { type Answer, answer, judge } from "./answer.ts";
import { check } from "./check.ts";
import type { ActiveParams, ControlContext } from "./control-params.ts";
import { holdProcess } from "./holder.ts";
import { openPidFile, type PidFileReading, readPidFile } from "./pid-file.ts";

export async function signalDaemon(signal: number, params: ActiveParams, context: ControlContext): Promise<Answer> {
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

export function signalStep(signal: number, pid: number, identity: string | null): Step {
  const name = signalName(signal);
  const step = { op: "signal", text: `sent ${name} to process ${pid}`, signal: name, pid } as const;
  return identity === null ? step : { ...step, identity };
}
