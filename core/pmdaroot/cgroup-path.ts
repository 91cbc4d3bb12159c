/** The cgroup of a container, out of /proc/PID/cgroup of its first process: cgroups(7). */
import { type ContainerRecord, isHexId } from "./container.ts";

/**
 * The path in the hierarchy that matters, with its leading slash; null if the text tells none. On v2 there is one hierarchy;
 * on v1 memory's, which every engine uses; where both are mounted, v2's unless nobody has moved the process there.
 */
export function processCgroup(text: string): string | null {
  const byController = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^[0-9]+:([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    for (const controller of (match[1] ?? "").split(",")) byController.set(controller, match[2] ?? "");
  }
  const candidates = ["", "memory", "name=systemd", "cpu", "pids"].map((name) => byController.get(name));
  const told = candidates.find((path) => path !== undefined && path !== "/") ?? candidates.find(Boolean);
  return told ?? byController.values().next().value ?? null;
}

/** Up to the container's own cgroup: a container that runs systemd puts its first process into a group of its own below. */
export function containerCgroup(path: string, record: Pick<ContainerRecord, "engine" | "id">): string {
  const parts = path.split("/");
  const own = parts.findIndex((part) => namesContainer(part, record));
  return own < 0 ? path : parts.slice(0, own + 1).join("/");
}

/** Whether a part of a cgroup path is the one the engine makes for this container. */
export function namesContainer(part: string, { engine, id }: Pick<ContainerRecord, "engine" | "id">): boolean {
  if (isHexId(id)) return part.includes(id);
  if (engine === "lxc") return part === id || isNumbered(part, `lxc.payload.${id}`);
  if (engine === "nspawn")
    return part === `machine-${escapeUnit(id)}.scope` || part === `systemd-nspawn@${escapeUnit(id)}.service`;
  return part === id || part.endsWith(`-${id}.scope`);
}

/** A second container of the same name in another directory gets a number: lxc.payload.web-1. */
function isNumbered(part: string, name: string): boolean {
  return part.startsWith(name) && /^(-[0-9]+)?$/.test(part.slice(name.length));
}

/** As systemd-escape(1) does. */
function escapeUnit(name: string): string {
  return name.replace(/[^A-Za-z0-9:_.]|^\./g, (letter) =>
    [...Buffer.from(letter)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}
