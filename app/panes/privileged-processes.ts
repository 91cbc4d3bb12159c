/** Privileged processes: who had them started, whether they run, and how they ended. */
import type { Process, ProcessDoor } from "#core/model/process.ts";
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { containerOfProcess } from "#core/store/containers.ts";
import { daemonOfProcess, memberOfProcess } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { ContainerLook } from "./container-look.ts";
import { endedLine, runningLine, startedLine, stateLine, usageLines } from "./detail-lines.ts";
import { duration } from "./measures.ts";
import type { Cell, DetailLine, DrawContext, Jump } from "./pane.ts";
import { sameProcess } from "./same-process.ts";

const isUnknown = ({ state, exitCode }: Process) => state === "exited" && exitCode === null;
const hasFailed = ({ state, exitCode }: Process) => state === "exited" && exitCode !== null && exitCode !== 0;

/** `text`: how it ended, in as many words as there is room for. */
function stateWith(process: Process, text: string): Cell {
  if (process.state === "running") return { text: "running", tone: "ok", sign: "up" };
  if (isUnknown(process)) return { text, tone: "warn", sign: "unknown" };
  return hasFailed(process) ? { text, tone: "error", sign: "failed" } : { text, tone: "dim", sign: "down" };
}

/** `exit 3`, `SIGSEGV, core`: what a column has room for. */
function stateCell(process: Process): Cell {
  if (isUnknown(process)) return stateWith(process, "exit unknown");
  const words = process.exit?.text ?? "exited";
  return stateWith(process, words.replace("killed by ", "").replace("core dumped", "core"));
}

/** In the order in which they need somebody, beside the states of containers. */
function stateRank(process: Process): number {
  if (hasFailed(process)) return process.waited ? 7 : 0;
  if (isUnknown(process)) return process.waited ? 7 : 1;
  return process.state === "running" ? 4 : 7;
}

const DOORS: Readonly<Record<ProcessDoor, string>> = {
  service: "by muster",
  socket: "at the socket of the root server",
};

const starterText = ({ starterUid, starterUser, starterPid, via }: Process) => {
  const who = starterUser === null ? `uid ${starterUid}` : `${starterUser} (uid ${starterUid})`;
  const by = starterPid === null ? "" : `, pid ${starterPid}`;
  return `${who}${by}, ${DOORS[via]}`;
};

function endLines(process: Process): readonly DetailLine[] {
  const { state, exit, waited, via, startedAt } = process;
  if (state === "running") return [];
  const whoAsks = via === "service" ? "w asks how it ended" : "its starter has not asked how it ended";
  const told: DetailLine = waited
    ? { label: "told", text: "how it ended was told to whoever asked" }
    : { label: "told", text: `nobody yet: ${whoAsks}`, tone: "warn" };
  if (exit === null) return [told];
  const ran = Date.parse(exit.at) - Date.parse(startedAt);
  return [endedLine(exit), { label: "ran", text: duration(ran) }, told];
}

function detail(process: Process, context: DrawContext): readonly DetailLine[] {
  const { snapshot } = context;
  const { identity, state } = process;
  const isRunning = state === "running";
  const words = isUnknown(process) ? "exited; how, nobody could learn" : (process.exit?.text ?? "exited");
  const daemon = isRunning ? daemonOfProcess(snapshot, identity) : undefined;
  const member = isRunning ? memberOfProcess(snapshot, identity) : undefined;
  const job = isRunning ? (attachmentOfProcess(snapshot, identity)?.job ?? null) : null;
  const container = isRunning ? containerOfProcess(snapshot, identity) : undefined;
  return [
    stateLine(stateWith(process, words)),
    ...endLines(process),
    { label: "label", text: process.label },
    { label: "command", text: process.commandLine },
    { label: "program", text: process.program },
    { label: "started by", text: starterText(process) },
    ...(process.adopted ? [{ label: "adopted", text: "an earlier run of the service started it" }] : []),
    { heading: "Process" },
    { label: "pid", text: isRunning ? String(process.pid) : `${process.pid}, which may be another process by now` },
    { label: "identity", text: identity },
    startedLine(process.startedAt),
    ...(isRunning ? [runningLine(process.startedAt, context)] : []),
    ...usageLines(process.usage, "process"),
    ...(daemon ? [{ label: "daemon", text: `${daemon.label}, ${daemon.state}` }] : []),
    ...(member ? [{ label: "process set", text: `member of ${member.category}, ${member.state}` }] : []),
    ...(job === null ? [] : [{ label: "job", text: job }]),
    ...(container ? [{ label: "container", text: container.name }] : []),
    { label: "id", text: process.id, tone: "dim" },
  ];
}

function jump(process: Process, snapshot: Snapshot): Jump {
  if (process.state !== "running") return { reason: `process ${process.pid} (${process.label}) has ended` };
  const reason = `process ${process.pid} (${process.label}) is no daemon that muster knows, no member and in no job`;
  return sameProcess(snapshot, process.identity, "processes") ?? { reason };
}

export const PROCESS_LOOK: ContainerLook<Process> = {
  name: ({ label }) => ({ text: label }),
  nameKey: ({ label, pid, startedAt }) => `1${label}\0${startedAt}\0${String(pid).padStart(10)}`,
  state: stateCell,
  stateRank,
  engine: () => ({ text: "process", tone: "dim" }),
  pid: ({ pid, state }) => (state === "running" ? pid : null),
  host: () => null,
  processes: () => null,
  processCount: () => null,
  usage: ({ usage }) => usage,
  startedAt: ({ startedAt }) => startedAt,
  endedAt: ({ exit }) => exit?.at ?? null,
  content: ({ commandLine, state }) => ({ text: commandLine, tone: state === "running" ? "text" : "dim" }),
  cgroup: () => null,
  label: ({ label, pid }) => `${label} (${pid})`,
  // Whoever had it started and was told how it ended needs nobody else to look.
  alarm: (process) => {
    if (process.waited) return null;
    if (hasFailed(process)) return "error";
    return isUnknown(process) ? "warn" : null;
  },
  searchText: (process) =>
    `${process.label} process ${process.pid} ${process.state} ${process.exit?.text ?? ""} ${process.commandLine} ` +
    `${process.starterUser ?? process.starterUid} ${process.via}`,
  detail,
  jump,
};
