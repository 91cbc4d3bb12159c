/** The exit code of `daemons check`: 0 runs, 1 does not; with --lsb that of an init script's status action. */
import type { ActionReport, ActionRequest } from "#core/act/request.ts";
import type { Daemon } from "#core/model/daemon.ts";
import { fromRecord } from "#core/model/error.ts";
import type { Service } from "#core/service/service.ts";
import { type Call, fail } from "../context.ts";
import { partial } from "../targets.ts";

/** Linux Standard Base, "Init Script Actions": status. */
export const LSB = { running: 0, deadWithPidFile: 1, deadWithLock: 2, notRunning: 3, unknown: 4 } as const;

export function checkExit(call: Call, service: Service, report: ActionReport): number {
  const daemons = report.results.map(({ id }) => service.snapshot().shelves.daemons.items.get(id));
  const [first] = report.results;
  if (call.invocation.options.has("lsb")) return first?.error ? LSB.unknown : lsbCode(daemons[0]);
  const errors = report.results.flatMap(({ error }) => (error ? [fromRecord(error)] : []));
  if (errors.length > 0) {
    return fail(call, partial(errors, report.results.length));
  }
  return daemons.every((daemon) => daemon?.lock.held === true) ? 0 : 1;
}

/** The answer out of the facts alone. */
export function checkReport(request: ActionRequest, daemons: readonly Daemon[]): ActionReport {
  const { action, dryRun, requestId } = request;
  const results = daemons.map(({ id, label, state }) => ({
    id,
    outcome: "done" as const,
    plan: [],
    before: { state },
    after: { state },
    elapsedMs: 0,
    undo: null,
    message: `${label} is ${state}`,
    error: null,
  }));
  return { action, dryRun, requestId, results, warnings: [] };
}

export function lsbCode(daemon: Daemon | undefined): number {
  if (!daemon || daemon.lock.held === null || daemon.state === "unknown" || daemon.state === "unlocked")
    return LSB.unknown;
  if (daemon.lock.held) return daemon.present === false ? LSB.deadWithLock : LSB.running;
  return daemon.problems.some((problem) => problem.code === "STALE_PID_FILE") ? LSB.deadWithPidFile : LSB.notRunning;
}
