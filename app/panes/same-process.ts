/** One process in several panes: a daemon, a member and a process of a job lead to each other, round in that order. */
import { attachmentOfProcess } from "#core/store/aggregates.ts";
import { daemonOfProcess, memberOfProcess } from "#core/store/process-set.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import type { Jump } from "./pane.ts";

const ROUND = ["daemons", "members", "attachments"] as const;
type Place = (typeof ROUND)[number];

const FIND = { daemons: daemonOfProcess, members: memberOfProcess, attachments: attachmentOfProcess };

/** To where else the process is known, from the place it is looked at in; null if it is known nowhere else. */
export function sameProcess(snapshot: Snapshot, identity: string, from: Place): Jump | null {
  const at = ROUND.indexOf(from);
  for (const kind of [...ROUND.slice(at + 1), ...ROUND.slice(0, at)]) {
    const item = FIND[kind](snapshot, identity);
    if (item) return { kind, id: item.id };
  }
  return null;
}
