/** Which actions are confirmed besides those that are hard to reverse, and what the dialog says of them. */
import type { ActionId, ActionSpec } from "#core/act/actions.ts";
import type { Endpoint } from "#core/model/endpoint.ts";
import { nameOf } from "#core/model/id.ts";
import type { Items, Kind } from "#core/model/kinds.ts";
import { itemOf } from "#core/store/select.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { fieldsFor, presentValues, type ValueChange, valueChanges, WRITES_VALUES } from "./policy-typing.ts";
import { isTakeOver } from "./taking-over.ts";
import type { Arguments, Captured } from "./ui-state.ts";

export interface Confirmation {
  readonly consequence: string;
  /** Values before and after; null where no values are written. */
  readonly changes: readonly ValueChange[] | null;
}

/** null: it is done without asking. */
export function confirmationOf(
  snapshot: Snapshot,
  action: ActionSpec,
  captured: Captured,
  given: Arguments,
): Confirmation | null {
  const item = itemOf(snapshot, captured.kind, captured.target.id) ?? null;
  const id = action.id as ActionId;
  const present = presentValues(item);
  const changes = WRITES_VALUES.includes(id)
    ? valueChanges(present, String(given.values ?? ""), fieldsFor(snapshot, captured))
    : null;
  const consequence = consequenceOf(action, captured, item, given);
  if (consequence === null) return null;
  if (changes?.length === 0 && present.length > 0)
    return { consequence: `These are the values that are there already. ${consequence}`, changes };
  return { consequence, changes };
}

function consequenceOf(
  action: ActionSpec,
  captured: Captured,
  item: Items[Kind] | null,
  given: Arguments,
): string | null {
  if (captured.consequence !== undefined) return captured.consequence;
  if (action.id === "policy.set") return policyConsequence(captured);
  if (action.id === "endpoint.create") return createConsequence(captured, item, given);
  if (action.effect !== "destroy" || item === null) return null;
  return action.consequence?.(item) ?? action.description;
}

function policyConsequence({ target }: Captured): string {
  const [agent = "", ...profile] = nameOf(target.id).split("/");
  const whose = profile.length === 0 ? "and no policy for their profile" : `and profile ${profile.join("/")}`;
  return `Controllers with ${agent} ${whose} get it where an endpoint is bound to the store, also those that run now.`;
}

/** The name of an endpoint that does not mean the same to everyone. */
const isUserKey = (name: string) => name.lastIndexOf("/") === 0;

function createConsequence(captured: Captured, item: Items[Kind] | null, given: Arguments): string | null {
  const name = nameOf(captured.target.id);
  if (isTakeOver(given)) return takeOverConsequence(name, item?.kind === "Endpoint" ? item : null);
  if (!isUserKey(name)) return null;
  return (
    `"${name}" depends on the user: of the service's user it is in /run/user/UID, or in /dev/shm where that is not. ` +
    `A controller of another user looks elsewhere. /dev/shm${name} is the same for everyone.`
  );
}

function takeOverConsequence(name: string, item: Endpoint | null): string {
  const goesOn = `The service goes on with the regions of ${name} as their owner; what is in them stays.`;
  if (item === null || item.owned === false) return goesOn;
  const owner = item.ownerPid === null ? "a process that made it" : `pid ${item.ownerPid}`;
  return item.owned === null
    ? `${goesOn} Whether another owner lives cannot be told.`
    : `${goesOn} But its owner, ${owner}, lives, and goes on with them too.`;
}
