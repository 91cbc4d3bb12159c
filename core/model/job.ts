/** An inescapable job of the Job module: processes that were forked out of one, until the last has left. (SGI: job(7)) */
import * as v from "valibot";
import { ExitSchema, ProblemSchema, UsageSchema } from "./daemon.ts";

const note = v.description;

/** dying: it was sent SIGKILL as a whole and has not ended yet. */
export const JOB_STATES = ["running", "freezing", "frozen", "dying"] as const;
export type JobState = (typeof JOB_STATES)[number];

/** cgroup: the kernel's own list, nothing gets out; tracker: followed by process events, see core/pagg/README.md. */
export const CONTAINMENTS = ["cgroup", "tracker"] as const;
export type Containment = (typeof CONTAINMENTS)[number];

export const JobSchema = v.object({
  id: v.pipe(v.string(), note("node/job/jid")),
  kind: v.literal("Job"),
  node: v.string(),
  jid: v.pipe(v.string(), note("0x and 16 hex digits: host id and job id on that host, 32 bits each")),
  uid: v.pipe(v.number(), note("its owner")),
  user: v.pipe(v.nullable(v.string()), note("the owner's name; null if there is none")),
  state: v.picklist(JOB_STATES),
  containment: v.pipe(v.picklist(CONTAINMENTS), note("what holds its processes")),
  cgroup: v.pipe(v.nullable(v.string()), note("path of its control group below the mount; null for a tracker's")),
  pid: v.pipe(
    v.nullable(v.number()),
    note("the prime process: the oldest that is still in the job; null if it has none"),
  ),
  identity: v.pipe(v.nullable(v.string()), note("pid:starttime of the prime process")),
  command: v.pipe(v.string(), note("of the process it was created for, as it was then")),
  processes: v.pipe(v.number(), note("in the job now")),
  total: v.pipe(v.nullable(v.number()), note("that were ever in it; null if some may have been missed")),
  createdAt: v.string(),
  usage: v.pipe(v.nullable(UsageSchema), note("of all its processes together; null if it is not on a screen")),
  problems: v.array(ProblemSchema),
});
export type Job = Readonly<v.InferOutput<typeof JobSchema>>;

/** What is kept of a job that has ended: `muster jobs report`. */
export const JobReportSchema = v.object({
  kind: v.literal("JobReport"),
  node: v.string(),
  jid: v.string(),
  uid: v.number(),
  user: v.nullable(v.string()),
  command: v.string(),
  containment: v.picklist(CONTAINMENTS),
  createdAt: v.string(),
  endedAt: v.pipe(v.string(), note("when its last process left; when muster learnt of it, if that was later")),
  elapsedSeconds: v.number(),
  cpuSeconds: v.pipe(v.nullable(v.number()), note("user and system; null if nothing counted it")),
  userSeconds: v.nullable(v.number()),
  systemSeconds: v.nullable(v.number()),
  peakMemoryBytes: v.pipe(v.nullable(v.number()), note("null where the memory controller is not at hand")),
  readBytes: v.pipe(v.nullable(v.number()), note("null where the io controller is not at hand")),
  writtenBytes: v.nullable(v.number()),
  processes: v.pipe(v.nullable(v.number()), note("that were ever in it; null if some may have been missed")),
  reason: v.pipe(v.picklist(["exit", "detach", "lost"]), note("how its last process left; lost: nobody saw it")),
  exit: v.pipe(v.nullable(ExitSchema), note("of the last process to leave; null if it was detached")),
});
export type JobReport = Readonly<v.InferOutput<typeof JobReportSchema>>;
