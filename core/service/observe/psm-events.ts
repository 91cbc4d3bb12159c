/** What a change of the process set is worth an event, and which: sys.unix.psm.*, gated by psm_noevm. */
import type { NewEvent } from "#core/journal/journal.ts";
import { makeId } from "#core/model/id.ts";
import { NOEVM } from "#core/model/psm-settings.ts";
import type { SetChange } from "#core/psm/change.ts";
import { exitText, hasFailed, type MemberEntry, memberId } from "#core/psm/entry.ts";
import { memberName } from "#core/psm/names.ts";

type Event = Omit<NewEvent, "atMs">;

/** null if there is none for this change, or it is not wanted. */
export function eventOfChange(change: SetChange, node: string, noevm: number): Event | null {
  const isWanted = (bit: number) => (noevm & bit) === 0;
  switch (change.type) {
    case "categoryAdded":
      return isWanted(NOEVM.CAT) ? categoryEvent("added", change.category, node) : null;
    case "categoryRemoved":
      return isWanted(NOEVM.CAT) ? categoryEvent("removed", change.category, node) : null;
    case "memberAdded":
      return isWanted(NOEVM.MEM) ? memberEvent("added", change.entry, node, "has been added") : null;
    case "memberRemoved": {
      const words = change.reason === "replaced" ? "has given way to its next instance" : "has been removed";
      return isWanted(NOEVM.MEM) ? memberEvent("removed", change.entry, node, words) : null;
    }
    case "memberExited":
      return isWanted(NOEVM.EXMEM) ? exitEvent(change.entry, node) : null;
    case "memberChanged":
      return null;
  }
}

/** The set itself: kept from now on, or no longer. */
export function setEvent(what: "added" | "removed", node: string, noevm: number): Event | null {
  if ((noevm & NOEVM.SET) !== 0) return null;
  return {
    severity: "info",
    code: `sys.unix.psm.set.${what}`,
    target: null,
    message: `The process set has been ${what}`,
    variables: { _node: node },
  };
}

function categoryEvent(what: "added" | "removed", category: string, node: string): Event {
  return {
    severity: "info",
    code: `sys.unix.psm.category.${what}`,
    target: makeId(node, "category", category),
    message: `A category "${category}" has been ${what}`,
    variables: { _catname: category, _node: node },
  };
}

function memberEvent(what: "added" | "removed" | "exited", entry: MemberEntry, node: string, words: string): Event {
  const name = memberName(node, entry.pid);
  const status = entry.exit?.status ?? null;
  return {
    severity: what === "exited" && hasFailed(entry) ? "warn" : "info",
    code: `sys.unix.psm.member.${what}`,
    target: memberId(node, entry),
    message: `A member "${name}" of category "${entry.category}" ${words}`,
    variables: {
      _catname: entry.category,
      _pid: entry.pid,
      _memname: name,
      ...(status === null ? {} : { _exitcode: status }),
      _node: node,
    },
  };
}

function exitEvent(entry: MemberEntry, node: string): Event {
  return memberEvent("exited", entry, node, `has exited: ${entry.exit ? exitText(entry.exit) : ""}`);
}
