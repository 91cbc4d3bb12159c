/** Categories: the names under which vital processes are registered, and how their members fare. */
import type { Category } from "#core/model/category.ts";
import type { Member } from "#core/model/member.ts";
import { hasFailed, membersOf } from "#core/store/process-set.ts";
import { stateLine } from "./detail-lines.ts";
import { duration } from "./measures.ts";
import { memberStateCell } from "./members.ts";
import type { Cell, Column, DetailLine, DrawContext, Pane, Sign, Tone } from "./pane.ts";

/** Members told of one by one in the detail; the others are a key away. */
const MOST_MEMBERS = 30;

type Fare = "failed" | "running" | "ended" | "empty";

const LOOKS: Readonly<Record<Fare, { readonly sign: Sign; readonly tone: Tone; readonly rank: number }>> = {
  failed: { sign: "failed", tone: "error", rank: 0 },
  running: { sign: "up", tone: "ok", rank: 1 },
  ended: { sign: "down", tone: "text", rank: 2 },
  empty: { sign: "none", tone: "dim", rank: 3 },
};

/** The worst that is true of its members. */
function fareOf(category: Category): Fare {
  if (category.failed > 0) return "failed";
  if (category.running > 0) return "running";
  return category.members > 0 ? "ended" : "empty";
}

function stateCell(category: Category): Cell {
  const fare = fareOf(category);
  return { text: fare, tone: LOOKS[fare].tone, sign: LOOKS[fare].sign };
}

/** Of the counts the failures are the last to go. */
function count(
  id: string,
  value: (category: Category) => number,
  priority: number,
  tone: Tone = "text",
): Column<Category> {
  return {
    id,
    title: id.toUpperCase(),
    min: id.length,
    ideal: 8,
    priority,
    align: "right",
    cut: "never",
    cell: (category) => ({ text: String(value(category)), tone: value(category) > 0 ? tone : "dim" }),
    sortValue: value,
  };
}

const COLUMNS: readonly Column<Category>[] = [
  {
    id: "name",
    title: "CATEGORY",
    min: 14,
    ideal: 31,
    priority: 0,
    align: "left",
    cut: "middle",
    cell: (category) => ({ text: category.name, tone: category.members > 0 ? "strong" : "text" }),
    sortValue: (category) => category.name,
  },
  {
    id: "state",
    title: "STATE",
    min: 10,
    ideal: 10,
    priority: 0,
    align: "left",
    cut: "never",
    cell: stateCell,
    sortValue: (category) => LOOKS[fareOf(category)].rank,
  },
  count("running", (category) => category.running, 1),
  count("exited", (category) => category.exited, 2),
  count("failed", (category) => category.failed, 0, "error"),
  {
    id: "note",
    title: "NOTE",
    min: 10,
    ideal: 12,
    priority: 3,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (category) => ({ text: category.wellKnown ? "well-known" : "", tone: "dim" }),
    sortValue: (category) => (category.wellKnown ? "well-known" : null),
  },
];

function detail(category: Category, context: DrawContext): readonly DetailLine[] {
  const counts = `${category.running} running, ${category.exited} exited, ${category.failed} of them failed`;
  const members = membersOf(context.snapshot, category.name);
  const more = members.length - MOST_MEMBERS;
  return [
    stateLine(stateCell(category)),
    { label: "members", text: category.members === 0 ? "none: A registers a process" : counts },
    { label: "known", text: category.wellKnown ? "one of the well-known categories" : "added by an operator" },
    { label: "id", text: category.id, tone: "dim" },
    ...(members.length > 0 ? [{ heading: "Members (m shows them all)" }] : []),
    ...members.slice(0, MOST_MEMBERS).map((member) => memberLine(member, context)),
    ...(more > 0 ? [{ label: "", text: `and ${more} more`, tone: "dim" } as const] : []),
  ];
}

/** `812   ● running for 3 h 2 min: nginx -g daemon off;` */
function memberLine(member: Member, { atMs }: DrawContext): DetailLine {
  const state = memberStateCell(member);
  const isRunning = !member.flags.exit && member.startedAt !== null;
  const time = isRunning ? ` for ${duration(atMs - Date.parse(member.startedAt ?? ""))}` : "";
  return {
    label: String(member.pid),
    text: `${state.text}${time}: ${member.argv || (member.comm ?? "")}`,
    tone: hasFailed(member) ? (state.tone ?? "text") : "text",
    sign: state.sign ?? "none",
  };
}

export const CATEGORIES_PANE: Pane<"categories"> = {
  id: "categories",
  kinds: ["categories"],
  counted: "categories",
  title: "Categories",
  shortTitle: "Cat",
  columns: COLUMNS,
  sort: { column: "state", isReverse: false },
  progressColumn: "state",
  isChronicle: false,
  isListWide: false,
  hasHistory: true,
  sampled: [],
  loading: "Reading the process set...",
  empty: "No categories. Press a to add one.",
  label: (category) => category.name,
  alarm: (category) => (category.failed > 0 ? "error" : null),
  searchText: (category) => `${category.name} ${fareOf(category)} ${category.wellKnown ? "well-known" : ""}`,
  detail,
};
