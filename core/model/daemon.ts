/**
 * One daemon as muster knows it: its facts, each on its own, and a word of state derived from them (state.ts).
 * This schema is the item of `daemons --json`, of the panes, of fixtures and of the wire.
 */
import * as v from "valibot";

export const DAEMON_STATES = ["up", "starting", "stopping", "down", "failed", "stale", "unlocked", "unknown"] as const;
export type DaemonState = (typeof DAEMON_STATES)[number];

const note = v.description;

export const UsageSchema = v.object({
  cpuPercent: v.pipe(v.nullable(v.number()), note("of one core, since the sample before; null on the first")),
  cpuSeconds: v.pipe(v.number(), note("user and system time since its start")),
  memoryBytes: v.pipe(v.number(), note("resident set")),
});
export type Usage = Readonly<v.InferOutput<typeof UsageSchema>>;

export const ExitSchema = v.object({
  at: v.pipe(v.string(), note("when muster learnt of it")),
  status: v.pipe(v.nullable(v.number()), note("wait status as in waitpid(2); null when the kernel did not tell")),
  text: v.pipe(v.string(), note("the same in words, such as `exit 3` or `killed by SIGSEGV`")),
});
export type Exit = Readonly<v.InferOutput<typeof ExitSchema>>;

export const ProblemSchema = v.object({
  code: v.pipe(v.string(), note("LOCK_LOST, PID_FILE_INVALID, PID_FILE_UNREADABLE, STALE_PID_FILE, ...")),
  message: v.string(),
});
export type Problem = Readonly<v.InferOutput<typeof ProblemSchema>>;

export const DaemonSchema = v.object({
  id: v.pipe(v.string(), note("node/daemon/name")),
  kind: v.literal("Daemon"),
  name: v.pipe(v.string(), note("declared name; for a discovered one the path of its pid file")),
  label: v.pipe(v.string(), note("short name for people; not unique")),
  description: v.nullable(v.string()),
  managed: v.pipe(v.boolean(), note("declared in the configuration, not only found")),
  wanted: v.pipe(v.nullable(v.picklist(["up", "down"])), note("what was last asked of muster; null if nothing was")),
  present: v.pipe(v.nullable(v.boolean()), note("its process lives; null if that cannot be told")),
  ready: v.pipe(v.nullable(v.boolean()), note("its initialization is over: the pid is written under the lock")),
  pid: v.pipe(v.nullable(v.number()), note("as the pid file says; null if there is none or it is not valid")),
  identity: v.pipe(v.nullable(v.string()), note("pid:starttime of the living process")),
  comm: v.pipe(v.nullable(v.string()), note("name of the living process, as in /proc/PID/comm")),
  startedAt: v.pipe(v.nullable(v.string()), note("when the living process started")),
  pidFile: v.string(),
  guardFile: v.nullable(v.string()),
  lock: v.object({
    held: v.pipe(v.nullable(v.boolean()), note("the pid file is locked by flock(2); null if that cannot be told")),
    by: v.pipe(v.nullable(v.number()), note("a living process that holds the descriptor; null if none can be seen")),
  }),
  state: v.pipe(v.picklist(DAEMON_STATES), note("derived from the facts above")),
  since: v.pipe(v.nullable(v.string()), note("when muster first saw this state")),
  exit: v.pipe(v.nullable(ExitSchema), note("how its last process ended, if muster saw it")),
  usage: v.pipe(v.nullable(UsageSchema), note("null for what does not run")),
  problems: v.array(ProblemSchema),
});
export type Daemon = Readonly<v.InferOutput<typeof DaemonSchema>>;
