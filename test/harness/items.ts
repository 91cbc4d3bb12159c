/** Items of every kind for tests: plausible in every field, changed in the one that matters. */
import type { Category } from "#core/model/category.ts";
import type { Daemon } from "#core/model/daemon.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Member } from "#core/model/member.ts";

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

export function category(name: string, change: Partial<Category> = {}): Category {
  const { running = 0, exited = 0 } = change;
  return {
    id: `n1/category/${name}`,
    kind: "Category",
    node: "n1",
    name,
    wellKnown: false,
    members: running + exited,
    running,
    exited,
    failed: 0,
    ...change,
  };
}

/** `status`: the wait status it ended with; left out while it runs; null if nobody knows. */
export function member(
  name: string,
  pid: number,
  change: Partial<Member> = {},
  status: number | null | undefined = undefined,
): Member {
  const hasExited = status !== undefined;
  const signal = (status ?? 0) & 0x7f;
  const killed = signal === 11 ? "killed by SIGSEGV, core dumped" : "killed by SIGTERM";
  const words = signal === 0 ? `exit ${(status ?? 0) >> 8}` : killed;
  return {
    id: `n1/member/${name}/${pid}:5000`,
    kind: "Member",
    node: "n1",
    category: name,
    name: `n1-${pid}`,
    pid,
    identity: `${pid}:5000`,
    uid: 33,
    comm: hasExited ? null : "worker",
    state: hasExited ? "exited" : "running",
    flags: { exit: hasExited, argvTruncated: false },
    exitCode: status ?? null,
    exit: hasExited
      ? { at: "2026-03-01T09:30:00.000Z", status, text: status === null ? "status unknown" : words }
      : null,
    argv: `worker --number ${pid}`,
    registeredAt: "2026-03-01T08:00:01.000Z",
    startedAt: "2026-03-01T08:00:00.000Z",
    usage: hasExited ? null : { cpuPercent: 1.5, cpuSeconds: 12, memoryBytes: 12 * 1048576 },
    ...change,
  };
}
