/** Daemons: columns, the facts of one daemon each on its own line, and the sentences of an empty list. */
import type { Daemon, DaemonState } from "#core/model/daemon.ts";
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { memberOfProcess } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { problemLines, runningLine, startedLine, stateLine, usageLines } from "./detail-lines.ts";
import { fullTime } from "./measures.ts";
import type { Cell, Column, DetailLine, DrawContext, Jump, Pane, Sign, Tone } from "./pane.ts";
import { pidColumn, usageColumns } from "./process-columns.ts";
import { sameProcess } from "./same-process.ts";
import { sinceColumn } from "./time-columns.ts";

const STATE_LOOKS: Readonly<Record<DaemonState, { readonly sign: Sign; readonly tone: Tone; readonly rank: number }>> =
  {
    failed: { sign: "failed", tone: "error", rank: 0 },
    stale: { sign: "stale", tone: "warn", rank: 1 },
    unlocked: { sign: "unlocked", tone: "warn", rank: 2 },
    unknown: { sign: "unknown", tone: "unknown", rank: 3 },
    stopping: { sign: "busy", tone: "busy", rank: 4 },
    starting: { sign: "busy", tone: "busy", rank: 5 },
    down: { sign: "down", tone: "dim", rank: 6 },
    up: { sign: "up", tone: "ok", rank: 7 },
  };

function stateCell(daemon: Daemon): Cell {
  const look = STATE_LOOKS[daemon.state];
  return { text: daemon.state, tone: look.tone, sign: look.sign };
}

function note(daemon: Daemon): Cell {
  const problem = daemon.problems[0];
  if (problem) return { text: problem.message, tone: "warn" };
  if (daemon.description) return { text: daemon.description, tone: "dim" };
  return { text: daemon.managed ? "" : `found: ${daemon.pidFile}`, tone: "dim" };
}

const COLUMNS: readonly Column<Daemon>[] = [
  {
    id: "name",
    title: "NAME",
    min: 14,
    ideal: 26,
    priority: 0,
    align: "left",
    cut: "middle",
    cell: (daemon) => ({ text: daemon.label, tone: daemon.managed ? "strong" : "text" }),
    sortValue: (daemon) => daemon.label.toLowerCase(),
  },
  {
    id: "state",
    title: "STATE",
    min: 13,
    ideal: 13,
    priority: 0,
    align: "left",
    cut: "never",
    cell: stateCell,
    sortValue: (daemon) => STATE_LOOKS[daemon.state].rank,
  },
  pidColumn(({ pid }) => pid),
  ...usageColumns<Daemon>(({ usage }) => usage),
  sinceColumn(({ since }) => (since === null ? null : Date.parse(since))),
  {
    id: "note",
    title: "NOTE",
    min: 24,
    ideal: 30,
    priority: 6,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: note,
    sortValue: (daemon) => note(daemon).text || null,
  },
];

const yesNo = (value: boolean | null, yes: string, no: string, unknown: string): { text: string; tone: Tone } => {
  if (value === null) return { text: unknown, tone: "unknown" };
  return value ? { text: yes, tone: "ok" } : { text: no, tone: "dim" };
};

function lockLine(daemon: Daemon): DetailLine {
  const { held, by } = daemon.lock;
  if (held === null) return { label: "locked", text: "cannot be told (no right to read the lock)", tone: "unknown" };
  if (!held) return { label: "locked", text: "no", tone: daemon.present ? "warn" : "dim" };
  if (by === null) return { label: "locked", text: "yes, by a process that cannot be seen", tone: "warn" };
  const isOther = daemon.pid !== null && by !== daemon.pid;
  return { label: "locked", text: `yes, by pid ${by}`, tone: isOther ? "warn" : "ok" };
}

function detail(daemon: Daemon, context: DrawContext): readonly DetailLine[] {
  const lines: DetailLine[] = [];
  const since = daemon.since === null ? "" : `, since ${fullTime(Date.parse(daemon.since))}`;
  lines.push(stateLine(stateCell(daemon), since), ...problemLines(daemon.problems));
  if (daemon.description) lines.push({ label: "about", text: daemon.description });
  lines.push({ label: "managed", text: daemon.managed ? "yes, declared" : "no, only found" });

  lines.push({ heading: "Facts" });
  lines.push({
    label: "wanted",
    text: daemon.wanted ?? "nothing asked of muster",
    tone: daemon.wanted ? "text" : "dim",
  });
  lines.push({ label: "present", ...yesNo(daemon.present, "yes, its process lives", "no", "cannot be told") });
  lines.push(lockLine(daemon));
  lines.push({
    label: "ready",
    ...yesNo(daemon.ready, "yes, its pid is written under the lock", "no", "cannot be told"),
  });

  lines.push({ heading: "Process" });
  lines.push({
    label: "pid",
    text: daemon.pid === null ? "none" : String(daemon.pid),
    tone: daemon.pid ? "text" : "dim",
  });
  if (daemon.identity) lines.push({ label: "identity", text: daemon.identity });
  if (daemon.comm) lines.push({ label: "command", text: daemon.comm });
  if (daemon.startedAt) lines.push(startedLine(daemon.startedAt), runningLine(daemon.startedAt, context));
  lines.push(...usageLines(daemon.usage, "process"));
  if (daemon.exit) {
    const tone = daemon.exit.status === 0 ? "dim" : "warn";
    lines.push({ label: "last exit", text: `${daemon.exit.text}, ${fullTime(Date.parse(daemon.exit.at))}`, tone });
  }

  const member = daemon.identity === null ? undefined : memberOfProcess(context.snapshot, daemon.identity);
  if (member) lines.push({ label: "process set", text: `member of ${member.category}, ${member.state}` });

  const attachment = daemon.identity === null ? undefined : attachmentOfProcess(context.snapshot, daemon.identity);
  if (attachment?.job) lines.push({ label: "job", text: attachment.job });

  lines.push({ heading: "Files" });
  lines.push({ label: "pid file", text: daemon.pidFile });
  lines.push({ label: "guard file", text: daemon.guardFile ?? "none", tone: daemon.guardFile ? "text" : "dim" });
  lines.push({ label: "id", text: daemon.id, tone: "dim" });
  return lines;
}

/** To its entry in the process set, or in its job. */
function jump(daemon: Daemon, snapshot: Snapshot): Jump {
  if (daemon.identity === null) return { reason: `${daemon.label} has no process` };
  const reason = `process ${daemon.pid} of ${daemon.label} is not in the process set and in no job`;
  return sameProcess(snapshot, daemon.identity, "daemons") ?? { reason };
}

export const DAEMONS_PANE: Pane<"daemons"> = {
  id: "daemons",
  kinds: ["daemons"],
  counted: "daemons",
  title: "Daemons",
  shortTitle: "Daem",
  columns: COLUMNS,
  sort: { column: "name", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: false,
  hasHistory: true,
  sampled: ["daemons"],
  loading: "Reading declared daemons and pid files...",
  empty:
    "No daemons: none is declared and no pid file was found. Declare one in daemons.d and start muster again; what writes a pid file appears by itself.",
  label: (daemon) => daemon.label,
  alarm: (daemon) => {
    const { tone } = STATE_LOOKS[daemon.state];
    if (tone === "error") return "error";
    return tone === "warn" || daemon.problems.length > 0 ? "warn" : null;
  },
  searchText: (daemon) =>
    `${daemon.label} ${daemon.name} ${daemon.state} ${daemon.comm ?? ""} ${daemon.pid ?? ""} ${daemon.description ?? ""}`,
  detail,
  jump,
};
