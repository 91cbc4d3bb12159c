/**
 * One process in several panes: a daemon, a member, a process of a job, a privileged process and the container around it lead
 * to each other, round in that order.
 */
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { containerOfProcess, privilegedOfProcess } from "#core/store/containers.ts";
import { daemonOfProcess, memberOfProcess } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Jump, Place } from "./pane.ts";

const ROUND = ["daemons", "members", "attachments", "processes", "containers"] as const;

const FIND = {
  daemons: daemonOfProcess,
  members: memberOfProcess,
  attachments: attachmentOfProcess,
  processes: privilegedOfProcess,
  containers: containerOfProcess,
};

/** To where else the process is known, from the place it is looked at in; null if it is known nowhere else. */
export function sameProcess(snapshot: Snapshot, identity: string, from: (typeof ROUND)[number]): Jump | null {
  const at = ROUND.indexOf(from);
  for (const kind of [...ROUND.slice(at + 1), ...ROUND.slice(0, at)]) {
    const item = FIND[kind](snapshot, identity);
    if (item) return { kind, id: item.id };
  }
  return null;
}

/** To the only place at once; where there are several, the operator chooses. */
export function jumpTo(places: readonly Place[], reason: string): Jump {
  const [first, ...others] = places;
  if (!first) return { reason };
  return others.length === 0 ? { kind: first.kind, id: first.id } : { places };
}
