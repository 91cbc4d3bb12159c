/** The item that came of a request for a new one: it may be named otherwise than it was asked for. */
import { pidOfMemberId } from "#core/act/new-subjects.ts";
import type { ActionTarget } from "#core/act/request.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";

/** A member and a job are asked for by a pid, a module also by the path of its file, a privileged process by its label. */
export function madeItem(snapshot: Snapshot, kind: Kind, target: ActionTarget): Items[Kind] | undefined {
  const { id, identity } = target;
  const exact = itemOf(snapshot, kind, id);
  if (exact) return exact;
  const { shelves } = snapshot;
  switch (kind) {
    case "members": {
      const pid = pidOfMemberId(id);
      const [category] = nameOf(id).split("/", 1);
      return [...shelves.members.items.values()].find(
        (member) => member.pid === pid && member.category === category && !member.flags.exit,
      );
    }
    case "jobs":
      return [...shelves.jobs.items.values()].find((job) => job.identity !== null && job.identity === identity);
    case "modules":
      return [...shelves.modules.items.values()].find(({ path }) => path !== null && path === nameOf(id));
    case "processes":
      return [...shelves.processes.items.values()]
        .filter(({ label }) => label === nameOf(id))
        .reduce<Items["processes"] | undefined>((a, b) => (a && a.startedAt > b.startedAt ? a : b), undefined);
    default:
      return undefined;
  }
}
