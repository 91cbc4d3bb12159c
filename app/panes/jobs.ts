/** Jobs: who owns them, what holds them, how they fare, and the processes in them. */
import type { Job, JobState } from "#core/model/job.ts";
import { processesOfJob } from "#core/store/aggregates.ts";
import type { AggregateLook } from "./aggregate-look.ts";
import { processList } from "./attachments.ts";
import { problemLines, stateLine, usageLines } from "./detail-lines.ts";
import { clockTime, duration, fullTime } from "./measures.ts";
import type { Cell, DetailLine, DrawContext, Sign, Tone } from "./pane.ts";
import { sameProcess } from "./same-process.ts";

interface StateLook {
  readonly sign: Sign;
  readonly tone: Tone;
  readonly rank: number;
  readonly meaning: string;
}

const STATES: Readonly<Record<JobState, StateLook>> = {
  dying: { sign: "down", tone: "warn", rank: 0, meaning: "it was sent SIGKILL as a whole and has not ended yet" },
  freezing: { sign: "busy", tone: "busy", rank: 1, meaning: "not all of its processes stand still yet" },
  frozen: { sign: "frozen", tone: "accent", rank: 2, meaning: "its processes stand still; T lets them go on" },
  running: { sign: "up", tone: "ok", rank: 3, meaning: "" },
};

/** It is looked at twice: processes can get out of what only follows them. */
const isDoubtful = (job: Job) => job.containment === "tracker" || job.problems.length > 0;

/** A job that runs but is not held by its cgroup bears the sign of a warning. */
function stateCell(job: Job): Cell {
  const { sign, tone } = STATES[job.state];
  return job.state === "running" && isDoubtful(job)
    ? { text: job.state, tone: "warn", sign: "warn" }
    : { text: job.state, tone, sign };
}

function containmentLine(job: Job): DetailLine {
  if (job.containment === "cgroup")
    return { label: "held by", text: "its control group: nothing gets out", sign: "up" };
  const text = "the tracker, which follows process events: no control group could be had";
  return { label: "held by", text, tone: "warn", sign: "warn" };
}

function detail(job: Job, context: DrawContext): readonly DetailLine[] {
  const { meaning } = STATES[job.state];
  const createdMs = Date.parse(job.createdAt);
  const total = job.total === null ? "in all not known: some may have been missed" : `${job.total} in all`;
  return [
    stateLine(stateCell(job), meaning === "" ? "" : `: ${meaning}`),
    ...problemLines(job.problems),
    { label: "owner", text: job.user === null ? `uid ${job.uid}, who has no name` : `${job.user} (uid ${job.uid})` },
    { label: "command", text: job.command },
    { label: "created", text: fullTime(createdMs) },
    { label: "age", text: `${duration(context.atMs - createdMs)} at ${clockTime(context.atMs)}` },
    { label: "processes", text: `${job.processes} now, ${total}`, tone: job.total === null ? "warn" : "text" },
    ...usageLines(job.usage, "group"),
    { heading: "Containment" },
    containmentLine(job),
    { label: "cgroup", text: job.cgroup ?? "none", tone: job.cgroup === null ? "dim" : "text" },
    { label: "prime", text: job.pid === null ? "no process" : `pid ${job.pid}, the oldest of the job` },
    ...(job.identity === null ? [] : [{ label: "identity", text: job.identity }]),
    { label: "id", text: job.id, tone: "dim" },
    ...processList(processesOfJob(context.snapshot, job.jid)),
  ];
}

export const JOB_LOOK: AggregateLook<Job> = {
  name: (job) => ({ text: job.jid, tone: "strong" }),
  nameKey: (job) => job.jid,
  uid: (job) => job.uid,
  state: stateCell,
  stateRank: (job) => STATES[job.state].rank - (job.state === "running" && isDoubtful(job) ? 0.5 : 0),
  processes: (job) => job.processes,
  usage: (job) => job.usage,
  since: (job) => job.createdAt,
  command: (job) => {
    const problem = job.problems[0];
    return problem ? { text: problem.message, tone: "warn" } : { text: job.command };
  },
  label: (job) => job.jid,
  alarm: (job) => (isDoubtful(job) ? "warn" : null),
  searchText: (job) => `${job.jid} ${job.user ?? ""} ${job.uid} ${job.state} ${job.containment} ${job.command}`,
  detail,
  jump: (job, snapshot) => {
    if (job.identity === null) return { reason: `${job.jid} has no process` };
    const reason = `the prime process of ${job.jid} is no daemon that muster knows and no member`;
    return sameProcess(snapshot, job.identity, "attachments") ?? { reason };
  },
};
