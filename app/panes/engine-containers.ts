/** Containers: what their engine and the kernel tell of them, and what else muster knows of the processes inside. */
import type { Container, ContainerBoundary, ContainerState } from "#core/model/container.ts";
import { identitiesOf, insideOf } from "#core/store/containers.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { ContainerLook } from "./container-look.ts";
import { problemLines, runningLine, startedLine, stateLine, usageLines } from "./detail-lines.ts";
import {
  type Cell,
  type DetailLine,
  type DrawContext,
  type Jump,
  NONE,
  type Place,
  type Sign,
  type Tone,
} from "./pane.ts";
import { jumpTo } from "./same-process.ts";

/** Pids told of one by one. */
const MOST_PIDS = 30;

interface StateLook {
  readonly sign: Sign;
  readonly tone: Tone;
  readonly rank: number;
  readonly meaning: string;
}

const STATES: Readonly<Record<ContainerState, StateLook>> = {
  restarting: { sign: "busy", tone: "warn", rank: 2, meaning: "its engine starts it again and again" },
  paused: { sign: "frozen", tone: "accent", rank: 3, meaning: "its processes stand still" },
  running: { sign: "up", tone: "ok", rank: 4, meaning: "" },
  created: { sign: "down", tone: "dim", rank: 5, meaning: "it was never started" },
  stopped: { sign: "down", tone: "dim", rank: 6, meaning: "its first process is gone" },
};

/** One with a problem bears the sign of a warning. */
function stateCell({ state, problems }: Container): Cell {
  const { sign, tone } = STATES[state];
  return problems.length > 0 ? { text: state, tone: "warn", sign: "warn" } : { text: state, tone, sign };
}

const ownerOf = ({ uid, user }: Container) => (uid === null ? null : (user ?? `uid ${uid}`));

const labelsOf = ({ labels }: Container) => Object.entries(labels).map(([name, value]) => `${name}=${value}`);

const SHORT_DIGITS = 12;

/** Of one that has no name but its id as many digits as people read. */
const shownName = ({ name }: Container) => (/^[0-9a-f]{32,}$/.test(name) ? name.slice(0, SHORT_DIGITS) : name);

/** The image; where the engine tells of none its labels; what is wrong before that. */
function content(container: Container): Cell {
  const problem = container.problems[0];
  if (problem) return { text: problem.message, tone: "warn" };
  if (container.image !== null) return { text: container.image };
  const labels = labelsOf(container);
  return labels.length > 0 ? { text: labels.join(" "), tone: "dim" } : NONE;
}

const BOUNDARIES: Readonly<Record<ContainerBoundary, string>> = {
  cgroup: "its own control group",
  namespace: "its pid namespace: it has no control group of its own",
};

function insideText({ boundary, state }: Container): DetailLine {
  if (boundary !== null) return { label: "held by", text: BOUNDARIES[boundary] };
  const text = state === "running" ? "nothing: its processes cannot be told from others" : "nothing: it does not run";
  return { label: "held by", text, tone: state === "running" ? "warn" : "dim" };
}

function processLines(container: Container, context: DrawContext): readonly DetailLine[] {
  const { pid, identity, startedAt, processes } = container;
  if (pid === null) return [{ label: "pid", text: "none: it does not run", tone: "dim" }, { ...insideText(container) }];
  const pids = identitiesOf(container).map((each) => each.split(":", 1)[0] ?? each);
  const more = Math.max(processes ?? 0, pids.length) - MOST_PIDS;
  const rest = more > 0 ? ` and ${more} more` : "";
  return [
    { label: "pid", text: `${pid}, its first process` },
    ...(identity === null ? [] : [{ label: "identity", text: identity }]),
    ...(startedAt === null ? [] : [startedLine(startedAt), runningLine(startedAt, context)]),
    insideText(container),
    { label: "cgroup", text: container.cgroup ?? "not known", tone: container.cgroup === null ? "dim" : "text" },
    processes === null
      ? { label: "processes", text: "not counted", tone: "dim" }
      : { label: "processes", text: `${processes}: pid ${pids.slice(0, MOST_PIDS).join(" ")}${rest}` },
    ...usageLines(container.usage, "group"),
  ];
}

/** One of a list: no label of its own. */
const indented = (text: string): DetailLine => ({ label: "", text, labelColumns: 2 });

/** What J leads to, one after another. */
function placesIn(snapshot: Snapshot, container: Container): readonly Place[] {
  const { daemons, members, processes, jobs, attachments } = insideOf(snapshot, container);
  return [
    ...daemons.map(({ id, label, pid }) => ({ kind: "daemons", id, label: `daemon ${label}, pid ${pid}` }) as const),
    ...members.map(({ id, category, pid }) => ({ kind: "members", id, label: `member ${category}/${pid}` }) as const),
    ...processes.map(
      ({ id, label, pid }) => ({ kind: "processes", id, label: `privileged process ${pid} (${label})` }) as const,
    ),
    ...jobs.map(
      ([{ id, jid }, count]) =>
        ({ kind: "jobs", id, label: `job ${jid}, ${count} ${count === 1 ? "process" : "processes"}` }) as const,
    ),
    ...attachments.map(
      ({ id, pid, comm, module }) =>
        ({ kind: "attachments", id, label: `process ${pid} (${comm}) of ${module}` }) as const,
    ),
  ];
}

function detail(container: Container, context: DrawContext): readonly DetailLine[] {
  const { meaning } = STATES[container.state];
  const { image, hostName, engine, uid, user } = container;
  const places = placesIn(context.snapshot, container);
  const labels = labelsOf(container);
  const whose = uid === null ? "the system's" : `of ${user === null ? "" : `${user}, `}uid ${uid}`;
  const isDown = container.pid === null;
  return [
    stateLine(stateCell(container), meaning === "" ? "" : `: ${meaning}`),
    ...problemLines(container.problems),
    { label: "engine", text: `${engine}, ${whose}` },
    { label: "name", text: container.name },
    { label: "engine's id", text: container.containerId },
    { label: "image", text: image ?? "its engine does not tell", tone: image === null ? "dim" : "text" },
    hostName === null
      ? { label: "host name", text: isDown ? "none: it does not run" : "may not be looked at", tone: "dim" }
      : { label: "host name", text: hostName },
    { heading: "Processes" },
    ...processLines(container, context),
    ...(places.length === 0 ? [] : [{ heading: "Known besides (J leads there)" }]),
    ...places.map(({ label }) => indented(label)),
    ...(labels.length === 0 ? [] : [{ heading: "Labels" }]),
    ...labels.map(indented),
    { label: "id", text: container.id, tone: "dim" },
  ];
}

function jump(container: Container, snapshot: Snapshot): Jump {
  if (container.pid === null) return { reason: `${shownName(container)} does not run: it has no processes` };
  const reason = `no process of ${shownName(container)} is a daemon that muster knows, a member or in a job`;
  return jumpTo(placesIn(snapshot, container), reason);
}

export const CONTAINER_LOOK: ContainerLook<Container> = {
  name: (container) => ({ text: shownName(container), tone: container.pid === null ? "text" : "strong" }),
  nameKey: ({ name, engine, uid }) => `0${name}\0${engine}\0${uid ?? ""}`,
  state: stateCell,
  stateRank: ({ state, problems }) => STATES[state].rank - (problems.length > 0 ? 0.5 : 0),
  engine: (container) => {
    const owner = ownerOf(container);
    return { text: owner === null ? container.engine : `${container.engine} ${owner}` };
  },
  pid: ({ pid }) => pid,
  host: ({ hostName }) => (hostName === null ? NONE : { text: hostName }),
  processes: ({ processes }) => (processes === null ? NONE : { text: String(processes) }),
  processCount: ({ processes }) => processes,
  usage: ({ usage }) => usage,
  startedAt: ({ startedAt }) => startedAt,
  endedAt: () => null,
  content,
  cgroup: ({ cgroup }) => cgroup,
  label: shownName,
  alarm: ({ state, problems }) => (state === "restarting" || problems.length > 0 ? "warn" : null),
  searchText: (container) =>
    `${container.name} ${container.engine} ${ownerOf(container) ?? ""} ${container.containerId} ${container.state} ` +
    `${container.pid ?? ""} ${container.hostName ?? ""} ${container.image ?? ""} ${container.cgroup ?? ""} ${labelsOf(container).join(" ")}`,
  detail,
  jump,
};
