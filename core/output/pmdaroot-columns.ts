/** Columns of the plain tables of containers and privileged processes. */
import type { Container, ContainerState } from "#core/model/container.ts";
import type { Process } from "#core/model/process.ts";
import { orDash, shortTime } from "./columns.ts";
import type { Column, Tone } from "./table.ts";

const STATE_TONE: Readonly<Record<ContainerState, Tone>> = {
  running: "ok",
  paused: "warn",
  restarting: "warn",
  created: "dim",
  stopped: "dim",
};

/** As many digits of an id as people read. */
const SHORT_ID = 12;

export const shortId = ({ containerId }: Pick<Container, "containerId">): string =>
  /^[0-9a-f]{32,}$/.test(containerId) ? containerId.slice(0, SHORT_ID) : containerId;

export const CONTAINER_COLUMNS: readonly Column<Container>[] = [
  { title: "ENGINE", text: (container) => container.engine },
  { title: "USER", text: (container) => container.user ?? orDash(container.uid) },
  { title: "NAME", text: (container) => container.name },
  { title: "ID", text: shortId },
  { title: "STATE", text: (container) => container.state, tone: (container) => STATE_TONE[container.state] ?? null },
  { title: "PID", isRight: true, text: (container) => orDash(container.pid) },
  { title: "HOST NAME", text: (container) => orDash(container.hostName) },
  { title: "IMAGE", text: (container) => orDash(container.image) },
  { title: "CGROUP", text: (container) => orDash(container.cgroup) },
  {
    title: "PROBLEMS",
    text: (container) => orDash(container.problems.map((problem) => problem.message).join("; ") || null),
    tone: (container) => (container.problems.length > 0 ? "warn" : null),
  },
];

export const PROCESS_COLUMNS: readonly Column<Process>[] = [
  { title: "LABEL", text: (process) => process.label },
  { title: "PID", isRight: true, text: (process) => String(process.pid) },
  {
    title: "STATE",
    text: (process) => (process.state === "running" ? "running" : (process.exit?.text ?? "exited")),
    tone: (process) => (process.state === "exited" && process.exitCode !== 0 ? "error" : null),
  },
  { title: "STARTED", text: (process) => shortTime(process.startedAt) },
  { title: "BY", text: (process) => `${process.starterUser ?? process.starterUid} ${process.via}` },
  { title: "COMMAND", text: (process) => process.commandLine },
];
