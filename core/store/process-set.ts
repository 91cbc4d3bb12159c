/**
 * Questions asked of the process set in a snapshot. Answers for all members at once are kept with the members they were
 * made from: ten thousand of them are gone through once a snapshot, not once a key.
 */
import type { Daemon } from "#core/model/daemon.ts";
import type { Member } from "#core/model/member.ts";
import { indexer } from "./indexer.ts";
import type { Snapshot } from "./snapshot.ts";

type Index<T> = ReadonlyMap<string, T>;

/** It ended, and not well: with a status other than 0, or with none that is known. */
export const hasFailed = (member: Member): boolean => member.flags.exit && member.exitCode !== 0;

const byCategory = indexer((members: Index<Member>) => {
  const index = new Map<string, Member[]>();
  for (const member of members.values()) {
    const list = index.get(member.category);
    if (list) list.push(member);
    else index.set(member.category, [member]);
  }
  for (const list of index.values()) list.sort(worstFirst);
  return index;
});

const byIdentity = indexer(
  (members: Index<Member>) =>
    new Map([...members.values()].filter(({ flags }) => !flags.exit).map((member) => [member.identity, member])),
);

const daemonsByIdentity = indexer(
  (daemons: Index<Daemon>) =>
    new Map([...daemons.values()].flatMap((daemon) => (daemon.identity === null ? [] : [[daemon.identity, daemon]]))),
);

/** Of one category: those that failed, those that run, those that ended well; each in the order of their pids. */
export function membersOf(snapshot: Snapshot, category: string): readonly Member[] {
  return byCategory(snapshot.shelves.members.items).get(category) ?? [];
}

/** The entry of a living process. */
export function memberOfProcess(snapshot: Snapshot, identity: string): Member | undefined {
  return byIdentity(snapshot.shelves.members.items).get(identity);
}

export function daemonOfProcess(snapshot: Snapshot, identity: string): Daemon | undefined {
  return daemonsByIdentity(snapshot.shelves.daemons.items).get(identity);
}

function worstFirst(a: Member, b: Member): number {
  return rankOf(a) - rankOf(b) || a.pid - b.pid || (a.id < b.id ? -1 : 1);
}

const rankOf = (member: Member) => (hasFailed(member) ? 0 : member.flags.exit ? 2 : 1);
