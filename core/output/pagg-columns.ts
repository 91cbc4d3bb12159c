/** Columns of the plain tables of process aggregates. */
import type { Attachment } from "#core/model/attachment.ts";
import type { Job, JobReport, JobState } from "#core/model/job.ts";
import type { Module, ModuleState } from "#core/model/module.ts";
import { byteText, orDash, shortTime } from "./columns.ts";
import type { Column, Tone } from "./table.ts";

const MODULE_TONE: Readonly<Record<ModuleState, Tone>> = { registered: "ok", loading: "warn", failed: "error" };

const JOB_TONE: Readonly<Record<JobState, Tone>> = { running: "ok", freezing: "warn", frozen: "warn", dying: "error" };

export const MODULE_COLUMNS: readonly Column<Module>[] = [
  { title: "MODULE", text: (module) => module.name },
  { title: "STATE", text: (module) => module.state, tone: (module) => MODULE_TONE[module.state] ?? null },
  { title: "ATTACHED", isRight: true, text: (module) => String(module.attached) },
  { title: "JOBS", isRight: true, text: (module) => orDash(module.jobs) },
  { title: "FROM", text: (module) => (module.builtin ? "muster" : orDash(module.path)) },
  {
    title: "PROBLEMS",
    text: (module) => orDash(module.problems.map((problem) => problem.message).join("; ") || null),
    tone: (module) => (module.problems.length > 0 ? "warn" : null),
  },
];

const ownerOf = ({ user, uid }: { readonly user: string | null; readonly uid: number }) => user ?? String(uid);

export const JOB_COLUMNS: readonly Column<Job>[] = [
  { title: "JID", text: (job) => job.jid },
  { title: "OWNER", text: ownerOf },
  { title: "STATE", text: (job) => job.state, tone: (job) => JOB_TONE[job.state] ?? null },
  { title: "PROCESSES", isRight: true, text: (job) => String(job.processes) },
  { title: "PRIME", isRight: true, text: (job) => orDash(job.pid) },
  { title: "HELD BY", text: (job) => job.containment, tone: (job) => (job.containment === "cgroup" ? null : "warn") },
  { title: "CREATED", text: (job) => shortTime(job.createdAt) },
  { title: "COMMAND", text: (job) => job.command },
];

export const ATTACHMENT_COLUMNS: readonly Column<Attachment>[] = [
  { title: "MODULE", text: (attachment) => attachment.module },
  { title: "JOB", text: (attachment) => orDash(attachment.job) },
  { title: "PID", isRight: true, text: (attachment) => String(attachment.pid) },
  { title: "PPID", isRight: true, text: (attachment) => String(attachment.parentPid) },
  { title: "STATE", text: (attachment) => attachment.state },
  { title: "COMMAND", text: (attachment) => attachment.argv },
];

const secondsText = (seconds: number | null) => (seconds === null ? "-" : seconds.toFixed(2));

export const REPORT_COLUMNS: readonly Column<JobReport>[] = [
  { title: "JID", text: (report) => report.jid },
  { title: "OWNER", text: ownerOf },
  { title: "ENDED", text: (report) => shortTime(report.endedAt) },
  { title: "SECONDS", isRight: true, text: (report) => secondsText(report.elapsedSeconds) },
  { title: "CPU", isRight: true, text: (report) => secondsText(report.cpuSeconds) },
  {
    title: "PEAK",
    isRight: true,
    text: (report) => (report.peakMemoryBytes === null ? "-" : byteText(report.peakMemoryBytes)),
  },
  { title: "PROCESSES", isRight: true, text: (report) => orDash(report.processes) },
  {
    title: "STATUS",
    text: (report) => report.exit?.text ?? report.reason,
    tone: (report) => (report.reason === "exit" && report.exit?.status === 0 ? null : "warn"),
  },
  { title: "COMMAND", text: (report) => report.command },
];
