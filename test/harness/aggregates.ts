/** Modules, jobs and attached processes for tests: plausible in every field, changed in the one that matters. */
import type { Attachment } from "#core/model/attachment.ts";
import type { Job } from "#core/model/job.ts";
import type { Module } from "#core/model/module.ts";

export function module(name: string, change: Partial<Module> = {}): Module {
  const isJob = name === "job";
  return {
    id: `n1/module/${name}`,
    kind: "Module",
    node: "n1",
    name,
    state: "registered",
    builtin: isJob,
    description: null,
    path: isJob ? null : `/etc/muster/modules/${name}.ts`,
    hooks: { init: false, exec: false, paggctl: true },
    attached: 0,
    jobs: isJob ? 0 : null,
    registeredAt: "2026-03-01T08:00:00.000Z",
    problems: [],
    ...change,
  };
}

export const jidOf = (sid: number): string => `0x${sid.toString(16).padStart(16, "0")}`;

export function job(sid: number, change: Partial<Job> = {}): Job {
  const pid = change.pid === undefined ? sid * 100 : change.pid;
  return {
    id: `n1/job/${jidOf(sid)}`,
    kind: "Job",
    node: "n1",
    jid: jidOf(sid),
    uid: 1000,
    user: "alice",
    state: "running",
    containment: "cgroup",
    cgroup: `/muster/jobs/${jidOf(sid)}`,
    pid,
    identity: pid === null ? null : `${pid}:5000`,
    command: "sh -c make",
    processes: 1,
    total: 1,
    createdAt: "2026-03-01T08:00:00.000Z",
    usage: { cpuPercent: 12.5, cpuSeconds: 60, memoryBytes: 64 * 1048576 },
    problems: [],
    ...change,
  };
}

/** A process of a job by its sid, or of another module by its name. */
export function attachment(holder: number | string, pid: number, change: Partial<Attachment> = {}): Attachment {
  const name = typeof holder === "number" ? "job" : holder;
  return {
    id: `n1/attachment/${name}/${pid}:5000`,
    kind: "Attachment",
    node: "n1",
    module: name,
    job: typeof holder === "number" ? jidOf(holder) : null,
    pid,
    identity: `${pid}:5000`,
    parentPid: 1,
    uid: 1000,
    state: "S",
    comm: "sh",
    argv: `sh -c number-${pid}`,
    startedAt: "2026-03-01T08:00:00.000Z",
    data: null,
    usage: { cpuPercent: 1.5, cpuSeconds: 12, memoryBytes: 12 * 1048576 },
    ...change,
  };
}
