/** Members: the processes that were registered in a category, alive or ended with their status kept. */
import type { Member } from "#core/model/member.ts";
import { fullTime } from "./measures.ts";
import type { Cell, Column, DetailLine, Pane } from "./pane.ts";

function stateCell(member: Member): Cell {
  if (!member.flags.exit) return { text: member.state, tone: "ok", sign: "up" };
  const text = member.exit?.text ?? "exited, status unknown";
  return member.exitCode === 0 ? { text, tone: "dim", sign: "down" } : { text, tone: "error", sign: "failed" };
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
    sortValue: (member) => member.category,
  },
  {
    id: "pid",
    title: "PID",
    min: 7,
    ideal: 8,
    priority: 0,
    align: "right",
    cut: "never",
    cell: (member) => ({ text: String(member.pid) }),
    sortValue: (member) => member.pid,
  },
  {
    id: "state",
    title: "STATE",
    min: 16,
    ideal: 24,
    priority: 0,
    align: "left",
    cut: "end",
    cell: stateCell,
    sortValue: (member) => stateCell(member).text,
  },
  {
    id: "argv",
    title: "COMMAND",
    min: 16,
    ideal: 40,
    priority: 1,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (member) => ({ text: member.argv }),
    sortValue: (member) => member.argv,
  },
];

function detail(member: Member): readonly DetailLine[] {
  const state = stateCell(member);
  return [
    { label: "state", text: state.text, tone: state.tone ?? "text", sign: state.sign ?? "none" },
    { label: "category", text: member.category },
    { label: "pid", text: String(member.pid) },
    { label: "name", text: member.name },
    { label: "argv", text: member.argv + (member.flags.argvTruncated ? " (cut)" : "") },
    { label: "registered", text: fullTime(Date.parse(member.registeredAt)) },
    { label: "id", text: member.id, tone: "dim" },
  ];
}

export const MEMBERS_PANE: Pane<"members"> = {
  kind: "members",
  title: "Members",
  one: "member",
  many: "members",
  columns: COLUMNS,
  sort: { column: "category", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  hasHistory: true,
  loading: "Reading the process set...",
  empty: "No members. Press a to register a process.",
  label: (member) => `${member.category} ${member.pid}`,
  alarm: (member) => (member.flags.exit && member.exitCode !== 0 ? "error" : null),
  searchText: (member) => `${member.category} ${member.pid} ${member.argv} ${member.state}`,
  detail,
};
