/** Daemons and events for tests: plausible in every field, changed in the one that matters. */
import type { Daemon } from "#core/model/daemon.ts";
import type { MusterEvent } from "#core/model/event.ts";

export function daemon(name: string, change: Partial<Daemon> = {}): Daemon {
  const isUp = (change.state ?? "up") === "up";
  const pid = change.pid === undefined ? (isUp ? 800 : null) : change.pid;
  return {
    id: `n1/daemon/${name}`,
    kind: "Daemon",
    name,
    label: name,
    description: null,
    managed: true,
    wanted: null,
    present: isUp,
    ready: isUp,
    pid,
    identity: pid === null ? null : `${pid}:5000`,
    comm: isUp ? name : null,
    startedAt: isUp ? "2026-03-01T08:00:00.000Z" : null,
    pidFile: `/run/${name}.pid`,
    guardFile: `/run/${name}.lock`,
    lock: { held: isUp, by: isUp ? pid : null },
    state: "up",
    since: "2026-03-01T08:00:00.000Z",
    exit: null,
    usage: isUp ? { cpuPercent: 1.5, cpuSeconds: 12, memoryBytes: 12 * 1048576 } : null,
    problems: [],
    ...change,
  };
}

export function event(number: number, change: Partial<MusterEvent> = {}): MusterEvent {
  return {
    id: `n1/event/${number}`,
    kind: "Event",
    at: new Date(Date.parse("2026-03-01T09:00:00Z") + number * 1000).toISOString(),
    severity: "info",
    code: "DAEMON_UP",
    target: null,
    message: `event number ${number}`,
    requestId: null,
    action: null,
    outcome: null,
    actor: null,
    variables: null,
    ...change,
  };
}
