/** A container of any engine, as the engine's state and the kernel tell of it. (PCP: pmdaroot(1)) */
import * as v from "valibot";
import { ProblemSchema, UsageSchema } from "./daemon.ts";

const note = v.description;

/** In the order in which one counts if several tell of the same container: podman's is also runc's, docker's containerd's. */
export const CONTAINER_ENGINES = ["docker", "podman", "lxc", "nspawn", "cri", "crun", "runc"] as const;
export type ContainerEngine = (typeof CONTAINER_ENGINES)[number];

/** created: it was never started; stopped: its first process is gone, whatever the engine has written. */
export const CONTAINER_STATES = ["running", "paused", "restarting", "created", "stopped"] as const;
export type ContainerState = (typeof CONTAINER_STATES)[number];

/** cgroup: one of its own; namespace: it has none, but a pid namespace of its own. */
export const CONTAINER_BOUNDARIES = ["cgroup", "namespace"] as const;
export type ContainerBoundary = (typeof CONTAINER_BOUNDARIES)[number];

export const ContainerSchema = v.object({
  id: v.pipe(v.string(), note("node/container/engine/containerId; of a user's engine node/container/uid/engine/...")),
  kind: v.literal("Container"),
  node: v.string(),
  engine: v.picklist(CONTAINER_ENGINES),
  containerId: v.pipe(v.string(), note("the engine's own: 64 hex digits, or a name where names are all there is")),
  name: v.pipe(v.string(), note("what people call it; its id if it has no name")),
  uid: v.pipe(v.nullable(v.number()), note("the user whose own engine it is; null: the system's")),
  user: v.pipe(v.nullable(v.string()), note("that user's name")),
  state: v.picklist(CONTAINER_STATES),
  image: v.pipe(v.nullable(v.string()), note("null where the engine does not tell")),
  labels: v.pipe(v.record(v.string(), v.string()), note("as the engine tells them")),
  pid: v.pipe(v.nullable(v.number()), note("its first process; null if it does not run")),
  identity: v.pipe(v.nullable(v.string()), note("pid:starttime of the first process")),
  startedAt: v.pipe(v.nullable(v.string()), note("when the first process started")),
  hostName: v.pipe(
    v.nullable(v.string()),
    note("as it is seen inside; null if it does not run or may not be looked at"),
  ),
  cgroup: v.pipe(v.nullable(v.string()), note("as the kernel tells it, below the mount; null if it does not run")),
  boundary: v.pipe(
    v.nullable(v.picklist(CONTAINER_BOUNDARIES)),
    note("what tells its processes from others; null: nothing does, or it does not run"),
  ),
  processes: v.pipe(v.nullable(v.number()), note("inside it; null if it is not on a screen or cannot be told")),
  identities: v.pipe(
    v.array(v.string()),
    note("pid:starttime of its processes, the first 1000 by pid; none if it is not on a screen or cannot be told"),
  ),
  usage: v.pipe(v.nullable(UsageSchema), note("of all its processes together; null if it is not on a screen")),
  problems: v.array(ProblemSchema),
});
export type Container = Readonly<v.InferOutput<typeof ContainerSchema>>;
