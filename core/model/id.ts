/**
 * Identities. An item is `node/kind/name`; the name may itself hold slashes (a discovered pid file is named by its path).
 * A process is (pid, start time), never a pid: pids are reused within seconds under load.
 */

export type ItemKind =
  | "daemon"
  | "category"
  | "member"
  | "module"
  | "job"
  | "attachment"
  | "endpoint"
  | "policy"
  | "container"
  | "process"
  | "event";

/** `node/kind/name`, unique on all nodes. */
export type Id = `${string}/${ItemKind}/${string}`;

export function makeId(node: string, kind: ItemKind, name: string): Id {
  return `${node}/${kind}/${name}`;
}

/** The name part of an id: everything behind the second slash. */
export function nameOf(id: string): string {
  const afterNode = id.indexOf("/");
  const afterKind = id.indexOf("/", afterNode + 1);
  return id.slice(afterKind + 1);
}

/** `pid:starttime`, start time in clock ticks since boot as in field 22 of /proc/PID/stat (proc_pid_stat(5)). */
export type Identity = `${number}:${string}`;

export function makeIdentity(pid: number, startTicks: string): Identity {
  return `${pid}:${startTicks}`;
}
