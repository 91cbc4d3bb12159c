/**
 * User and group of a daemon: a name, or `#` and a number. A user without a group brings the group of the passwd entry
 * and all groups he is in; an explicit group comes alone: the groups of whoever starts the daemon are never kept.
 */
import { MusterError } from "#core/model/error.ts";
import { groupsOf, lookupGroup, lookupUser } from "#ffi/accounts.ts";

export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Null if neither is given. `self` are the ids of this process, for what is left open. Throws NOT_FOUND or USAGE. */
export function resolveCredentials(
  user: string | null,
  group: string | null,
  self: { readonly uid: number; readonly gid: number },
): Credentials | null {
  if (user === null && group === null) return null;
  const account = user === null ? null : findUser(user);
  const gid = group === null ? (account?.gid ?? self.gid) : findGroup(group);
  const uid = account?.uid ?? self.uid;
  const name = account?.name ?? null;
  return { uid, gid, groups: group === null && name !== null ? groupsOf(name, gid) : [gid] };
}

function findUser(user: string): { name: string | null; uid: number; gid: number | null } {
  const found = lookupUser(parseId(user, "user") ?? user);
  if (found) return found;
  const uid = parseId(user, "user");
  if (uid !== null) return { name: null, uid, gid: null };
  throw new MusterError("NOT_FOUND", `no such user: ${user}`, { target: user, hint: "give a name or #uid" });
}

function findGroup(group: string): number {
  const gid = parseId(group, "group");
  if (gid !== null) return gid;
  const found = lookupGroup(group);
  if (found) return found.gid;
  throw new MusterError("NOT_FOUND", `no such group: ${group}`, { target: group, hint: "give a name or #gid" });
}

function parseId(text: string, what: "user" | "group"): number | null {
  if (!text.startsWith("#")) return null;
  const id = Number(text.slice(1));
  // 2^32-1 means "leave as it is" to setresuid(2).
  if (/^#[0-9]+$/.test(text) && id < 0xffffffff) return id;
  throw new MusterError("USAGE", `not a valid ${what}: ${text}`, { target: text, hint: `give a name or #number` });
}
