/** Processes that are attached to a module: the leaves and branches below jobs and modules. */
import type { Attachment } from "#core/model/attachment.ts";
import { stateCounts } from "#core/store/aggregates.ts";
import { daemonOfProcess, memberOfProcess } from "#core/store/process-set.ts";
import type { AggregateLook } from "./aggregate-look.ts";
import { runningLine, startedLine, stateLine, usageLines, userText } from "./detail-lines.ts";
import type { Cell, DetailLine, DrawContext, Sign, Tone } from "./pane.ts";
import { sameProcess } from "./same-process.ts";

/** Processes told of one by one in the detail of what they belong to. */
const MOST_PROCESSES = 30;

interface StateLook {
  readonly word: string;
  readonly sign: Sign;
  readonly tone: Tone;
}

/** Letters of proc_pid_stat(5), in the order in which they are worth a look. */
const STATES: ReadonlyMap<string, StateLook> = new Map([
  ["Z", { word: "zombie", sign: "down", tone: "warn" }],
  ["X", { word: "dead", sign: "down", tone: "dim" }],
  ["D", { word: "disk wait", sign: "busy", tone: "busy" }],
  ["T", { word: "stopped", sign: "frozen", tone: "accent" }],
  ["t", { word: "traced", sign: "frozen", tone: "accent" }],
  ["R", { word: "running", sign: "up", tone: "ok" }],
  ["S", { word: "sleeping", sign: "up", tone: "text" }],
  ["I", { word: "idle", sign: "up", tone: "dim" }],
]);

const lookOf = (letter: string): StateLook => STATES.get(letter) ?? { word: letter, sign: "unknown", tone: "unknown" };

function stateCell({ state }: Attachment): Cell {
  const { word, sign, tone } = lookOf(state);
  return { text: word, tone, sign };
}

const RANKS = new Map([...STATES.keys()].map((letter, rank) => [letter, rank]));

/** What a group consists of: how many of each state, and the first of them by pid. */
export function processList(processes: readonly Attachment[]): readonly DetailLine[] {
  if (processes.length === 0) return [];
  const counts = [...stateCounts(processes)].map(([letter, count]) => `${count} ${lookOf(letter).word}`);
  const more = processes.length - MOST_PROCESSES;
  return [
    { heading: "Processes" },
    { label: "of them", text: counts.join(", ") },
    ...processes.slice(0, MOST_PROCESSES).map(processLine),
    ...(more > 0 ? [{ label: "", text: `and ${more} more`, tone: "dim" } as const] : []),
  ];
}

function processLine(process: Attachment): DetailLine {
  const { text, sign } = stateCell(process);
  return { label: String(process.pid), text: `${text}: ${process.argv || process.comm}`, sign: sign ?? "none" };
}

function detail(process: Attachment, context: DrawContext): readonly DetailLine[] {
  const { snapshot } = context;
  const daemon = daemonOfProcess(snapshot, process.identity);
  const member = memberOfProcess(snapshot, process.identity);
  return [
    stateLine(stateCell(process), ` (${process.state})`),
    process.job === null ? { label: "module", text: process.module } : { label: "job", text: process.job },
    { label: "command", text: process.argv || process.comm },
    ...(process.data === null ? [] : [{ label: "data", text: process.data }]),
    { heading: "Process" },
    { label: "pid", text: String(process.pid) },
    { label: "identity", text: process.identity },
    { label: "comm", text: process.comm },
    { label: "parent", text: String(process.parentPid) },
    { label: "user", text: process.uid === null ? "not known" : userText(snapshot, process.uid) },
    ...(process.startedAt === null ? [] : [startedLine(process.startedAt), runningLine(process.startedAt, context)]),
    ...usageLines(process.usage, "process"),
    ...(daemon ? [{ label: "daemon", text: `${daemon.label}, ${daemon.state}` }] : []),
    ...(member ? [{ label: "process set", text: `member of ${member.category}, ${member.state}` }] : []),
    { label: "id", text: process.id, tone: "dim" },
  ];
}

export const ATTACHMENT_LOOK: AggregateLook<Attachment> = {
  name: (process) => ({ text: `${process.pid} ${process.comm}` }),
  nameKey: (process) => String(process.pid).padStart(10, "0"),
  uid: (process) => process.uid,
  state: stateCell,
  stateRank: (process) => RANKS.get(process.state) ?? RANKS.size,
  processes: () => null,
  usage: (process) => process.usage,
  since: (process) => process.startedAt,
  command: (process) => ({ text: process.argv || process.comm }),
  label: (process) => `process ${process.pid} (${process.comm})`,
  alarm: () => null,
  searchText: (process) =>
    `${process.pid} ${process.comm} ${process.module} ${lookOf(process.state).word} ${process.argv} ${process.data ?? ""}`,
  detail,
  jump: (process, snapshot) => {
    const reason = `process ${process.pid} is no daemon that muster knows and no member of the process set`;
    return sameProcess(snapshot, process.identity, "attachments") ?? { reason };
  },
};
