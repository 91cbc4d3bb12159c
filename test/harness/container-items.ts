/** Containers and privileged processes for tests: plausible in every field, changed in the one that matters. */
import type { Container } from "#core/model/container.ts";
import type { Process } from "#core/model/process.ts";
import { hexId } from "./containers.ts";

/** It runs, unless its pid is null. */
export function container(name: string, change: Partial<Container> = {}): Container {
  const pid = change.pid === undefined ? 4200 : change.pid;
  const isRunning = pid !== null;
  const { engine = "docker", uid = null } = change;
  const containerId = hexId(name);
  const identity = isRunning ? `${pid}:5000` : null;
  return {
    id: `n1/container/${uid === null ? "" : `${uid}/`}${engine}/${containerId}`,
    kind: "Container",
    node: "n1",
    engine,
    containerId,
    name,
    uid,
    user: null,
    state: isRunning ? "running" : "stopped",
    image: `registry.example/${name}:7`,
    labels: {},
    pid,
    identity,
    startedAt: isRunning ? "2026-03-01T08:00:00.000Z" : null,
    hostName: isRunning ? `${name}-host` : null,
    cgroup: isRunning ? `/system.slice/docker-${containerId}.scope` : null,
    boundary: isRunning ? "cgroup" : null,
    processes: isRunning ? 1 : null,
    identities: identity === null ? [] : [identity],
    usage: isRunning ? { cpuPercent: 12.5, cpuSeconds: 60, memoryBytes: 64 * 1048576 } : null,
    problems: [],
    ...change,
  };
}

/** `status`: the wait status it ended with; left out while it runs; null if nobody knows. */
export function privileged(
  label: string,
  pid: number,
  change: Partial<Process> = {},
  status: number | null | undefined = undefined,
): Process {
  const hasExited = status !== undefined;
  const signal = (status ?? 0) & 0x7f;
  const killed = signal === 11 ? "killed by SIGSEGV, core dumped" : "killed by SIGKILL";
  const words = signal === 0 ? `exit ${(status ?? 0) >> 8}` : killed;
  return {
    id: `n1/process/${pid}:5000`,
    kind: "Process",
    node: "n1",
    label,
    pid,
    identity: `${pid}:5000`,
    program: "/usr/bin/collect",
    commandLine: `collect --number ${pid}`,
    via: "service",
    starterUid: 0,
    starterUser: "root",
    starterPid: null,
    state: hasExited ? "exited" : "running",
    exitCode: status ?? null,
    exit: hasExited
      ? { at: "2026-03-01T09:30:00.000Z", status, text: status === null ? "status unknown" : words }
      : null,
    waited: false,
    adopted: false,
    startedAt: "2026-03-01T08:00:00.000Z",
    usage: hasExited ? null : { cpuPercent: 1.5, cpuSeconds: 12, memoryBytes: 12 * 1048576 },
    ...change,
  };
}
