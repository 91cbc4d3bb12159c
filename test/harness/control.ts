/** daemonControl() on a pid file in a test's directory. */
import { systemClock } from "#app/cli/system-clock.ts";
import { daemonControl } from "#core/daemon/control.ts";
import type { ControlAction, ControlParams } from "#core/daemon/control-params.ts";
import { guardFileFor } from "#core/daemon/guard.ts";
import type { StartCommand } from "#core/daemon/start.ts";
import type { StopOrder } from "#core/daemon/stop.ts";

export const context = { clock: systemClock, procRoot: "/proc" };

export function control(pidFile: string, action: ControlAction, more: Partial<ControlParams> = {}) {
  return daemonControl({ pidFile, guardFile: guardFileFor(pidFile) ?? "", action, ...more }, context);
}

export const CHECK: ControlAction = { type: "check" };

export function stop(order: Partial<StopOrder> = {}): ControlAction {
  return { type: "stop", order: { signal: 15, deadlineSeconds: 10, escalation: [], clearsPidFile: false, ...order } };
}

export function startCommand(argv: readonly string[], more: Partial<StartCommand> = {}): StartCommand {
  const env = { PATH: "/usr/bin:/bin" };
  return { argv, env, cwd: null, credentials: null, deadlineSeconds: 10, daemonize: null, output: "null", ...more };
}

export function start(argv: readonly string[], more: Partial<StartCommand> = {}): ControlAction {
  return { type: "start", command: startCommand(argv, more) };
}
