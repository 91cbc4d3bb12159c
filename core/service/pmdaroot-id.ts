/** Ids of containers and privileged processes: `node/container/[UID/]ENGINE/ID`, `node/process/PID:START`. */
import { type Id, makeId, nameOf } from "#core/model/id.ts";
import type { ContainerRecord } from "#core/pmdaroot/container.ts";

export function containerId(node: string, { engine, owner, id }: Pick<ContainerRecord, "engine" | "owner" | "id">): Id {
  return makeId(node, "container", `${owner === null ? "" : `${owner}/`}${engine}/${id}`);
}

export const isContainerId = (id: string): boolean => /^[^/]*\/container\/./s.test(id);

export const processId = (node: string, identity: string): Id => makeId(node, "process", identity);

/** `pid:starttime` as it stands there, or what one that is to be started shall be called; null for the id of anything else. */
export function processOfId(id: string): string | null {
  return /^[^/]*\/process\/./s.test(id) ? nameOf(id) : null;
}
