/** Members: the processes that were registered in a category, alive or ended with their status kept. */
import type { Member } from "#core/model/member.ts";
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { daemonOfProcess, hasFailed } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { endedLine, runningLine, startedLine, stateLine, usageLines } from "./detail-lines.ts";
import { duration, fullTime } from "./measures.ts";
import { type Cell, type Column, type DetailLine, type DrawContext, type Jump, NONE, type Pane } from "./pane.ts";
import { pidColumn, usageColumns } from "./process-columns.ts";
import { sameProcess } from "./same-process.ts";
import { oldestLast, sinceColumn } from "./time-columns.ts";

const UNKNOWN_EXIT = "exited, status unknown";

/** What it does, or how it ended, in words. */
export function memberStateCell(member: Member): Cell {
  if (!member.flags.exit) return { text: member.state, tone: "ok", sign: "up" };
  if (member.exit === null || member.exitCode === null) return { text: UNKNOWN_EXIT, tone: "warn", sign: "unknown" };
  // What a column has room for: `killed by SIGSEGV, core`.
  const text = member.exit.text.replace("core dumped", "core");
  return hasFailed(member) ? { text, tone: "error", sign: "failed" } : { text, tone: "dim", sign: "down" };
}

/** Failures come first. */
function stateRank(member: Member): string {
  const { sign, text } = memberStateCell(member);
  const rank = { failed: 0, unknown: 1, up: 2, down: 3 }[sign as "failed" | "unknown" | "up" | "down"];
  return `${rank} ${text}`;
}

const startOf = (member: Member) => (member.startedAt === null ? null : Date.parse(member.startedAt));
const endOf = (member: Member) => (member.exit === null ? null : Date.parse(member.exit.at));

/** How long it has been running; of one that ended how long it ran. */
function ranMs(member: Member, atMs: number): number | null {
  const start = startOf(member);
  const end = member.flags.exit ? endOf(member) : atMs;
  return start === null || end === null ? null : Math.max(0, end - start);
}

const COLUMNS: readonly Column<Member>[] = [
  {
    id: "category",
    title: "CATEGORY",
    min: 10,
    ideal: 16,
    priority: 0,
    align: "left",
    cut: "middle",
    cell: (member) => ({ text: member.category }),
    // Within a category the failed ones first, then by pid: as text 1000 would come before 900.
    sortValue: (member) => `${member.category}\0${stateRank(member)[0]}${String(member.pid).padStart(10)}`,
  },
  { ...pidColumn(({ pid }) => pid), ideal: 8, priority: 0 },
  {
    id: "state",
    title: "STATE",
    min: 25,
    ideal: 25,
    priority: 0,
    align: "left",
    cut: "end",
    cell: memberStateCell,
    sortValue: stateRank,
  },
  {
    id: "uptime",
    title: "UPTIME",
    min: 11,
    ideal: 11,
    priority: 1,
    align: "right",
    cut: "never",
    cell: (member, { atMs }) => {
      const ms = ranMs(member, atMs);
      return ms === null ? NONE : { text: duration(ms), tone: member.flags.exit ? "dim" : "text" };
    },
    sortValue: ({ startedAt }) => oldestLast(startedAt),
  },
  ...usageColumns<Member>(({ usage }) => usage),
  sinceColumn((member) => (member.flags.exit ? endOf(member) : startOf(member))),
  {
    id: "argv",
    title: "COMMAND",
    min: 12,
    ideal: 40,
    priority: 2,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (member) => ({ text: member.argv || (member.comm ?? ""), tone: member.flags.exit ? "dim" : "text" }),
    sortValue: (member) => member.argv || null,
  },
];

function detail(member: Member, context: DrawContext): readonly DetailLine[] {
  const lines: DetailLine[] = [stateLine(memberStateCell(member))];
  // The word its owner set last stays beside the exit status.
  if (member.flags.exit && member.state !== "exited") lines.push({ label: "was", text: member.state });
  const { exit } = member;
  if (exit) lines.push(endedLine(exit));
  lines.push({ label: "category", text: member.category });
  lines.push({ label: "command", text: member.argv + (member.flags.argvTruncated ? " (cut)" : "") });
  lines.push({ label: "name", text: member.name });

  lines.push({ heading: "Process" });
  lines.push({ label: "pid", text: String(member.pid) });
  lines.push({ label: "identity", text: member.identity });
  if (member.comm) lines.push({ label: "comm", text: member.comm });
  lines.push({ label: "user", text: `uid ${member.uid}, when it was registered` });
  lines.push({ label: "registered", text: fullTime(Date.parse(member.registeredAt)) });
  if (member.startedAt) {
    lines.push(startedLine(member.startedAt));
    const ran = ranMs(member, context.atMs);
    if (!member.flags.exit) lines.push(runningLine(member.startedAt, context));
    else if (ran !== null) lines.push({ label: "ran", text: duration(ran) });
  }
  lines.push(...usageLines(member.usage, "process"));
  const daemon = daemonOfProcess(context.snapshot, member.identity);
  if (daemon) lines.push({ label: "daemon", text: `${daemon.label}, ${daemon.state}` });
  const job = member.flags.exit ? null : (attachmentOfProcess(context.snapshot, member.identity)?.job ?? null);
  if (job !== null) lines.push({ label: "job", text: job });
  lines.push({ label: "id", text: member.id, tone: "dim" });
  return lines;
}

/** To the same process in its job, or to the daemon that it is. */
function jump(member: Member, snapshot: Snapshot): Jump {
  if (member.flags.exit) return { reason: `process ${member.pid} of ${member.category} has ended` };
  const reason = `process ${member.pid} of ${member.category} is no daemon that muster knows, and in no job`;
  return sameProcess(snapshot, member.identity, "members") ?? { reason };
}

export const MEMBERS_PANE: Pane<"members"> = {
  id: "members",
  kinds: ["members"],
  counted: "members",
  title: "Members",
  shortTitle: "Memb",
  columns: COLUMNS,
  sort: { column: "category", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: true,
  hasHistory: true,
  sampled: ["members"],
  loading: "Reading the process set...",
  empty: "No process is registered. Press a to choose one, or start one with: muster members run CATEGORY -- COMMAND",
  label: (member) => `${member.category}/${member.pid}`,
  alarm: (member) => {
    const { sign } = memberStateCell(member);
    if (sign === "failed") return "error";
    return sign === "unknown" ? "warn" : null;
  },
  searchText: (member) =>
    `${member.category} ${member.pid} ${member.name} ${member.state} ${member.exit?.text ?? ""} ${member.argv} ${member.comm ?? ""}`,
  detail,
  scopeColumn: "category",
  scopeOf: (member) => member.category,
  jump,
};
