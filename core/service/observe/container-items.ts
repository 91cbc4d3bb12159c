/** A container as its engine and the kernel tell of it, as an item of the model. */
import { timestamp } from "#core/model/clock.ts";
import type { Container, ContainerState } from "#core/model/container.ts";
import type { Problem, Usage } from "#core/model/daemon.ts";
import { makeIdentity } from "#core/model/id.ts";
import { containerCgroup } from "#core/pmdaroot/cgroup-path.ts";
import { type ContainerRecord, displayName } from "#core/pmdaroot/container.ts";
import type { Listed } from "#core/pmdaroot/container-index.ts";
import type { FirstProcess } from "#core/pmdaroot/first-process.ts";
import type { Inside, Insides } from "#core/pmdaroot/inside.ts";
import { bootTimeMs, clockTicksPerSecond } from "#ffi/procfs.ts";
import { SysError } from "#ffi/sys-error.ts";
import { containerId } from "../pmdaroot-id.ts";

export interface ContainerContext {
  readonly node: string;
  readonly procRoot: string;
  readonly insides: Insides;
  readonly userName: (uid: number) => string | null;
}

/** `looked`: what is inside, of one that is on a screen; null of all others. */
export function containerItem(
  { record, process }: Listed,
  { node, procRoot, insides, userName }: ContainerContext,
  looked: { readonly inside: Inside; readonly usage: Usage | null } | null,
): Container {
  const { engine, id, owner, image, labels } = record;
  const running = process?.isAlive() ? process : null;
  const path = running && ask(() => running.cgroup());
  return {
    id: containerId(node, record),
    kind: "Container",
    node,
    engine,
    containerId: id,
    name: displayName(record),
    uid: owner,
    user: owner === null ? null : userName(owner),
    state: stateOf(record, running, insides),
    image,
    labels: { ...labels },
    pid: running?.pid ?? null,
    identity: running && makeIdentity(running.pid, running.startTicks),
    startedAt: running && startedAt(procRoot, running),
    hostName: running && ask(() => running.hostName()),
    cgroup: path === null ? null : containerCgroup(path, record),
    boundary: running && (looked?.inside.boundary ?? insides.boundaryOf(record, running)),
    processes: looked?.inside.count ?? null,
    identities: [...(looked?.inside.identities ?? [])],
    usage: looked?.usage ?? null,
    problems: problemsOf(record, running),
  };
}

/** It runs if its first process does, whatever is written; not every engine writes that it stands still. */
function stateOf(record: ContainerRecord, running: FirstProcess | null, insides: Insides): ContainerState {
  const { state } = record;
  if (running === null) return state === "created" || state === "restarting" ? state : "stopped";
  return state === "paused" || (ask(() => insides.isFrozen(record, running)) ?? false) ? "paused" : "running";
}

function startedAt(procRoot: string, { startTicks }: FirstProcess): string {
  return timestamp(bootTimeMs(procRoot) + (Number(startTicks) * 1000) / clockTicksPerSecond());
}

/** Podman leaves the pid of what has stopped behind: that is no problem. Others say that it runs. */
const ENGINES_THAT_SAY: ReadonlySet<ContainerRecord["engine"]> = new Set(["docker"]);

function problemsOf({ engine, state, pid }: ContainerRecord, running: FirstProcess | null): Problem[] {
  const isGone = running === null && pid !== null && (state === "running" || state === "paused");
  if (!isGone || !ENGINES_THAT_SAY.has(engine)) return [];
  return [{ code: "PROCESS_GONE", message: `${engine} says that it runs, but process ${pid} is gone or another one` }];
}

/** null for what may not be looked at, and for what has ended meanwhile. */
function ask<T>(question: () => T): T | null {
  try {
    return question();
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}
