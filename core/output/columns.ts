/** Columns of the plain tables, and the words in them. */
import type { Category } from "#core/model/category.ts";
import type { Daemon, DaemonState } from "#core/model/daemon.ts";
import type { MusterEvent } from "#core/model/event.ts";
import type { Member } from "#core/model/member.ts";
import type { Column, Tone } from "./table.ts";

const STATE_TONE: Readonly<Record<DaemonState, Tone>> = {
  up: "ok",
  starting: "warn",
  stopping: "warn",
  down: "dim",
  failed: "error",
  stale: "error",
  unlocked: "warn",
  unknown: "warn",
};

const SEVERITY_TONE = { info: null, warn: "warn", error: "error" } as const;

export const orDash = (value: string | number | null | undefined) =>
  value === null || value === undefined ? "-" : String(value);

/** 1536 -> `1.5K`: three digits and a unit are all that a column has room for. */
export function byteText(bytes: number): string {
  let value = bytes;
  for (const unit of ["", "K", "M", "G", "T"]) {
    if (value < 1000) return unit === "" || value >= 10 ? `${Math.round(value)}${unit}` : `${value.toFixed(1)}${unit}`;
    value /= 1024;
  }
  return `${Math.round(value)}P`;
}

/** `2026-11-21T01:30:00.000Z` -> `2026-11-21 01:30:00`: UTC, as everywhere. */
export function shortTime(time: string): string {
  return time.slice(0, 19).replace("T", " ");
}

export const DAEMON_COLUMNS: readonly Column<Daemon>[] = [
  { title: "NAME", text: (daemon) => daemon.label },
  { title: "STATE", text: (daemon) => daemon.state, tone: (daemon) => STATE_TONE[daemon.state] ?? null },
  { title: "PID", isRight: true, text: (daemon) => orDash(daemon.pid) },
  { title: "STARTED", text: (daemon) => (daemon.startedAt === null ? "-" : shortTime(daemon.startedAt)) },
  {
    title: "MEMORY",
    isRight: true,
    text: (daemon) => (daemon.usage === null ? "-" : byteText(daemon.usage.memoryBytes)),
  },
  { title: "FROM", text: (daemon) => (daemon.managed ? "declared" : "found") },
  { title: "PID FILE", text: (daemon) => daemon.pidFile },
  {
    title: "PROBLEMS",
    text: (daemon) => orDash(daemon.problems.map((problem) => problem.code).join(" ") || null),
    tone: (daemon) => (daemon.problems.length > 0 ? "warn" : null),
  },
];

export const CATEGORY_COLUMNS: readonly Column<Category>[] = [
  { title: "CATEGORY", text: (category) => category.name },
  { title: "RUNNING", isRight: true, text: (category) => String(category.running) },
  { title: "EXITED", isRight: true, text: (category) => String(category.exited) },
  {
    title: "FAILED",
    isRight: true,
    text: (category) => String(category.failed),
    tone: (category) => (category.failed > 0 ? "error" : null),
  },
];

export const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { title: "CATEGORY", text: (member) => member.category },
  { title: "PID", isRight: true, text: (member) => String(member.pid) },
  {
    title: "STATE",
    text: (member) => member.exit?.text ?? member.state,
    tone: (member) => (member.flags.exit && member.exitCode !== 0 ? "error" : null),
  },
  { title: "REGISTERED", text: (member) => shortTime(member.registeredAt) },
  { title: "COMMAND", text: (member) => member.argv },
];

export const EVENT_COLUMNS: readonly Column<MusterEvent>[] = [
  { title: "TIME", text: (event) => shortTime(event.at) },
  { title: "SEVERITY", text: (event) => event.severity, tone: (event) => SEVERITY_TONE[event.severity] },
  { title: "CODE", text: (event) => event.code },
  { title: "TARGET", text: (event) => orDash(event.target) },
  { title: "MESSAGE", text: (event) => event.message },
];

/** All facts of one item, a line each: `lock.held  true`. */
export function factLines(item: object, prefix = ""): [string, string][] {
  return Object.entries(item).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) {
      const elements = value.flatMap((element: unknown, index) => factLines({ [index]: element }, `${prefix}${name}.`));
      return elements.length > 0 ? elements : [[prefix + name, "-"]];
    }
    if (typeof value === "object" && value !== null) return factLines(value, `${prefix}${name}.`);
    return [[prefix + name, orDash(value as string | number | null)]];
  });
}
