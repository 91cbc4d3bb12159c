/** A container as its engine's own state tells of it. Plain data. */

import type { ContainerEngine, ContainerState } from "#core/model/container.ts";

export interface ContainerRecord {
  readonly engine: ContainerEngine;
  /** The engine's own: 64 hexadecimal digits, or a name where names are all there is. */
  readonly id: string;
  /** Without a slash in front; the last one is the one people use. */
  readonly names: readonly string[];
  /** The user whose own engine it is; null for the system's. */
  readonly owner: number | null;
  /** Process 1 of the container, by its number in the namespace of the server. */
  readonly pid: number | null;
  /** Start of that process where the engine tells it: with the pid, its identity. */
  readonly startTicks: string | null;
  /** When the engine wrote the pid, milliseconds since 1970: what started later is another process. */
  readonly writtenAtMs: number;
  /** What the engine says. That it runs is true only as long as its process lives, whatever is written here. */
  readonly state: ContainerState;
  readonly image: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** Key of a container among all engines and users. */
export function containerKey({ engine, owner, id }: Pick<ContainerRecord, "engine" | "owner" | "id">): string {
  return `${engine} ${owner ?? ""} ${id}`;
}

/** Ids that may be shortened; a shorter one, or a name, is only ever taken whole. */
export function isHexId(id: string): boolean {
  return /^[0-9a-f]{32,}$/.test(id);
}

/** What people call it. */
export function displayName({ id, names }: Pick<ContainerRecord, "id" | "names">): string {
  return names.at(-1) ?? id;
}
