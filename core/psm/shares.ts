/**
 * Every user may register processes of his own, so users have a share of the set and no more: root's vital processes find
 * room whatever the others do, and no user fills it for the rest.
 */
import { counted } from "#core/model/counted.ts";
import type { PsmSettings } from "#core/model/psm-settings.ts";
import type { MemberIndex } from "./members.ts";
import { psmError } from "./status.ts";

/** Of psm_mem_max and psm_cat_max: full for users from then on. */
const OF_ALL_USERS = 3 / 4;
/** Of either, for one user. */
const OF_ONE_USER = 1 / 4;

/** Whose share it is taken from; null: of somebody to whom all of it is open. */
export type Share = { readonly uid: number } | null;

/** Throws ENOSPC: psm_mem_max. */
export function checkMemberRoom(index: MemberIndex, { memMax }: PsmSettings, share: Share): void {
  const hint = "remove those that have exited, or raise mem_max";
  if (index.size >= memMax) {
    throw psmError("ENOSPC", `the set has ${counted(index.size, "member")}, and ${memMax} at most`, { hint });
  }
  if (share === null) return;
  const ofOne = Math.ceil(memMax * OF_ONE_USER);
  const own = index.countOf(share.uid);
  if (own >= ofOne) {
    throw psmError("ENOSPC", `the set has ${counted(own, "member")} of uid ${share.uid}, and ${ofOne} at most`, {
      hint,
    });
  }
  if (index.size >= memMax * OF_ALL_USERS) {
    const kept = "the last quarter of its room is kept for root";
    throw psmError("ENOSPC", `the set has ${counted(index.size, "member")} of ${memMax}: ${kept}`, { hint });
  }
}

/** Throws ENOSPC: psm_cat_max. */
export function checkCategoryRoom(index: MemberIndex, { catMax }: PsmSettings, name: string, share: Share): void {
  const hint = "remove those that are empty, or raise cat_max";
  const own = share === null ? 0 : index.categoryCountOf(share.uid);
  const ofOne = Math.ceil(catMax * OF_ONE_USER);
  if (share !== null && own >= ofOne) {
    throw psmError("ENOSPC", `no room for category ${name}: ${ofOne} are the most that uid ${share.uid} may add`, {
      hint,
    });
  }
  const most = share === null ? catMax : Math.floor(catMax * OF_ALL_USERS);
  if (index.categoryCount < most) return;
  const whose = share === null ? "are the most" : "are the most for users, the rest is kept for root";
  throw psmError("ENOSPC", `no room for category ${name}: ${most} ${whose}`, { hint });
}
