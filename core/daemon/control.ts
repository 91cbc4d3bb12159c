/**
 * daemon_control() of LibUCW: check, start, stop and signal under the guard lock, and restart as one action under one
 * guard lock. (seed: LibUCW, "Daemon control")
 *
 *     guard lock --> look at the pid file --> act --> wait for the lock of the pid file --> guard unlocked
 */

import type { Step } from "#core/model/step.ts";
import { type Answer, failure } from "./answer.ts";
import { check } from "./check.ts";
import type { ActiveParams, ControlAction, ControlContext, ControlParams, ControlResult } from "./control-params.ts";
import { takeGuard, takeGuardNow } from "./guard.ts";

/** Never throws: what goes wrong is a result with status error, as LibUCW's error_msg. The guard lock is always given back. */
export async function daemonControl(params: ControlParams, context: ControlContext): Promise<ControlResult> {
  const acted = { done: false };
  const onStep = (step: Step) => {
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

/** Only what an action needs is loaded: a check, the most frequent of them, needs next to nothing. */
async function act(params: ActiveParams, context: ControlContext): Promise<Answer> {
  const { action } = params;
  switch (action.type) {
    case "check":
      return check(params.pidFile);
    case "start":
      return (await import("./start.ts")).startDaemon(action.command, params, context);
    case "stop":
      return (await import("./stop.ts")).stopDaemon(action.order, params, context);
    case "signal":
      return (await import("./signal.ts")).signalDaemon(action.signal, params, context);
    case "restart":
      return restartDaemon(action, params, context);
  }
}

async function restartDaemon(
  action: Extract<ControlAction, { type: "restart" }>,
  params: ActiveParams,
  context: ControlContext,
): Promise<Answer> {
  const [{ stopDaemon }, { startDaemon }] = await Promise.all([import("./stop.ts"), import("./start.ts")]);
  const stopped = await stopDaemon(action.order, params, context);
  if (stopped.status === "error") return stopped;
  return startDaemon(action.command, params, context);
}
