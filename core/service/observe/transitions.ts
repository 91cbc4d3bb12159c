/** What a change of state is worth an event, and which. */
import type { NewEvent } from "#core/journal/journal.ts";
import type { Daemon, DaemonState, Exit } from "#core/model/daemon.ts";
import type { EventCode, MusterEvent, Severity } from "#core/model/event.ts";

const OF_STATE: Readonly<Record<DaemonState, readonly [EventCode, Severity, string]>> = {
  up: ["DAEMON_UP", "info", "is up"],
  starting: ["DAEMON_STARTING", "info", "is starting"],
  stopping: ["DAEMON_STOPPING", "info", "is exiting"],
  down: ["DAEMON_DOWN", "info", "is down"],
  failed: ["DAEMON_FAILED", "error", "is wanted up, but it is not"],
  stale: ["DAEMON_STALE", "warn", "has left a stale pid file"],
  unlocked: ["DAEMON_UNLOCKED", "warn", "does not lock its pid file"],
  unknown: ["DAEMON_UNKNOWN", "warn", "cannot be judged"],
};

/** The event of having gone from one state to another; null if the state is the same. */
export function transitionEvent(before: Daemon, after: Daemon): Omit<NewEvent, "atMs"> | null {
  if (before.state === after.state && before.identity === after.identity) return null;
  const [code, severity, words] = OF_STATE[after.state];
  const process = after.pid !== null && after.present ? ` as process ${after.pid}` : "";
  const problem = after.problems.find((one) => one.code !== "NOT_UP");
  const why = problem ? `: ${problem.message}` : "";
  return {
    severity,
    code,
    target: after.id,
    message: `${after.label} ${words}${process}${why}`,
    // Several musters on one node see the same thing; the journal keeps it once.
    once: `${after.id} ${code} ${after.identity ?? before.identity ?? after.since ?? ""}`,
  };
}

const TRANSITIONS: ReadonlySet<string> = new Set(Object.values(OF_STATE).map(([code]) => code));

/**
 * When a state began that was there already at the first look: if it is the last one the journal has, and the pid file was
 * not written since, as it is by whatever runs in between. Else nobody knows.
 */
export function beganAt(state: DaemonState, past: readonly MusterEvent[], writtenMs: number): string | null {
  const last = past.findLast(({ code }) => TRANSITIONS.has(code));
  return last?.code === OF_STATE[state][0] && Date.parse(last.at) >= Math.floor(writtenMs) ? last.at : null;
}

export function exitEvent(item: Daemon, identity: string, exit: Exit): Omit<NewEvent, "atMs"> {
  const pid = identity.split(":")[0];
  return {
    severity: exit.status === 0 ? "info" : "warn",
    code: "DAEMON_EXIT",
    target: item.id,
    message: `process ${pid} of ${item.label} has ended: ${exit.text}`,
    once: `${item.id} DAEMON_EXIT ${identity}`,
  };
}
