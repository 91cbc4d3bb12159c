/** Events: what happened on this node, newest first. */
import type { MusterEvent, Severity } from "#core/model/event.ts";
import { nameOf } from "#core/model/id.ts";
import { KIND_NAMES } from "#core/model/kind-names.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { userText } from "./detail-lines.ts";
import { fullTime } from "./measures.ts";
import type { Cell, Column, DetailLine, DrawContext, Jump, Pane, Sign, Tone } from "./pane.ts";

const LOOKS: Readonly<Record<Severity, { readonly sign: Sign; readonly tone: Tone; readonly rank: number }>> = {
  error: { sign: "error", tone: "error", rank: 0 },
  warn: { sign: "warn", tone: "warn", rank: 1 },
  info: { sign: "info", tone: "dim", rank: 2 },
};

export function severityCell(event: MusterEvent): Cell {
  const look = LOOKS[event.severity];
  return { text: event.severity, tone: look.tone, sign: look.sign };
}

/** The number behind the last slash: the order in which the journal took them. */
const numberOf = (event: MusterEvent) => Number(nameOf(event.id));

/** The name of what it is about; where that is a number for machines what people call it, as long as it is there. */
export function aboutText({ target }: MusterEvent, { shelves }: Snapshot): string {
  if (target === null) return "-";
  const container = shelves.containers.items.get(target);
  if (container) return container.name;
  const process = shelves.processes.items.get(target);
  return process ? `${process.label} (${process.pid})` : nameOf(target);
}

const COLUMNS: readonly Column<MusterEvent>[] = [
  {
    id: "time",
    title: "TIME",
    min: 14,
    ideal: 14,
    priority: 0,
    align: "left",
    cut: "never",
    cell: (event) => ({ text: fullTime(Date.parse(event.at)).slice(5), tone: "dim" }),
    sortValue: numberOf,
  },
  {
    id: "severity",
    title: "LEVEL",
    min: 7,
    ideal: 7,
    priority: 0,
    align: "left",
    cut: "never",
    cell: severityCell,
    sortValue: (event) => LOOKS[event.severity].rank,
  },
  {
    id: "target",
    title: "ABOUT",
    min: 10,
    ideal: 20,
    priority: 2,
    align: "left",
    cut: "middle",
    cell: (event, { snapshot }) => ({ text: aboutText(event, snapshot) }),
    sortValue: (event) => (event.target === null ? null : nameOf(event.target)),
  },
  {
    id: "message",
    title: "WHAT HAPPENED",
    min: 20,
    ideal: 60,
    priority: 0,
    align: "left",
    cut: "end",
    isFilling: true,
    cell: (event) => ({ text: event.message, tone: event.severity === "info" ? "text" : LOOKS[event.severity].tone }),
    sortValue: (event) => event.message,
  },
  {
    id: "code",
    title: "CODE",
    min: 24,
    ideal: 24,
    priority: 3,
    leavesFilling: 60,
    align: "left",
    cut: "end",
    cell: (event) => ({ text: event.code, tone: "dim" }),
    sortValue: (event) => event.code,
  },
];

const DOORS: Readonly<Record<string, string>> = {
  cli: "on the command line",
  console: "in the console",
  socket: "over the service's socket",
  jobd: "over jobd's socket",
};

/** Uid and door. */
function askerText(snapshot: Snapshot, actor: string): string {
  const [uid = "", door = ""] = actor.split(" ");
  const where = DOORS[door];
  return where === undefined || !/^\d+$/.test(uid) ? actor : `${userText(snapshot, Number(uid))}, ${where}`;
}

function detail(event: MusterEvent, { snapshot }: DrawContext): readonly DetailLine[] {
  const severity = severityCell(event);
  const lines: DetailLine[] = [
    { label: "level", text: severity.text, tone: severity.tone ?? "text", sign: severity.sign ?? "none" },
    { label: "at", text: fullTime(Date.parse(event.at)) },
    { label: "what", text: event.message },
    { label: "about", text: event.target ?? "this node", tone: event.target ? "text" : "dim" },
    { label: "code", text: event.code },
  ];
  if (event.action || event.requestId || event.actor) {
    lines.push({ heading: "Action" });
    if (event.action) lines.push({ label: "action", text: event.action });
    if (event.outcome) lines.push({ label: "outcome", text: event.outcome });
    if (event.actor) lines.push({ label: "asked by", text: askerText(snapshot, event.actor) });
    if (event.requestId) lines.push({ label: "request", text: event.requestId, tone: "dim" });
  }
  const variables = Object.entries(event.variables ?? {});
  if (variables.length > 0) lines.push({ heading: "Variables" });
  for (const [name, value] of variables) lines.push({ label: name, text: String(value) });
  lines.push({ label: "id", text: event.id, tone: "dim" });
  return lines;
}

/** To the item it is about, if that is still there. */
function jump(event: MusterEvent, snapshot: Snapshot): Jump {
  const { target } = event;
  if (target === null) return { reason: "this event is about the node" };
  for (const kind of KIND_NAMES) {
    if (kind !== "events" && snapshot.shelves[kind].items.has(target)) return { kind, id: target };
  }
  return { reason: `${nameOf(target)} is not there any more` };
}

export const EVENTS_PANE: Pane<"events"> = {
  id: "events",
  kinds: ["events"],
  counted: "events",
  title: "Events",
  shortTitle: "Ev",
  columns: COLUMNS,
  sort: { column: "time", isReverse: true },
  progressColumn: null,
  isChronicle: true,
  isListWide: true,
  hasHistory: false,
  sampled: [],
  loading: "Reading the journal...",
  empty: "No events yet. They appear here as daemons, members and jobs come, go and are acted on.",
  label: (event) => `event ${nameOf(event.id)}`,
  alarm: () => null,
  searchText: (event) => `${event.severity} ${event.target ?? ""} ${event.code} ${event.message} ${event.action ?? ""}`,
  detail,
  jump,
};
