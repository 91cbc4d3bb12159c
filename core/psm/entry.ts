/** What the set keeps of a member, and how it is shown: as an item of muster, and as the records of psm.h. */

import type { Category } from "#core/model/category.ts";
import { timestamp } from "#core/model/clock.ts";
import { type Identity, makeId, makeIdentity } from "#core/model/id.ts";
import type { Member } from "#core/model/member.ts";
import { describeWaitStatus } from "#ffi/signals.ts";
import { isWellKnown, memberName } from "./names.ts";

/** Immutable: a change makes another one. */
export interface MemberEntry {
  /** Order of registration, and the key in the store. */
  readonly number: number;
  readonly category: string;
  readonly pid: number;
  /** With the pid its identity. */
  readonly startTicks: string;
  /** Real user id at registration: the owner of the entry. */
  readonly uid: number;
  readonly comm: string | null;
  readonly argv: string;
  readonly isArgvTruncated: boolean;
  readonly state: string;
  readonly registeredMs: number;
  readonly startedMs: number | null;
  readonly exit: MemberExit | null;
}

export interface MemberExit {
  readonly atMs: number;
  /** Wait status; null as long as it is not known, and for ever if nobody could tell. */
  readonly status: number | null;
}

export const RUNNING = "running";
export const EXITED = "exited";

export const identityOf = ({ pid, startTicks }: Pick<MemberEntry, "pid" | "startTicks">): Identity =>
  makeIdentity(pid, startTicks);

/** Exited otherwise than with status 0, or nobody knows how. */
export const hasFailed = ({ exit }: MemberEntry): boolean => exit !== null && exit.status !== 0;

export const memberId = (node: string, entry: Pick<MemberEntry, "category" | "pid" | "startTicks">): string =>
  makeId(node, "member", `${entry.category}/${identityOf(entry)}`);

export function memberItem(node: string, entry: MemberEntry): Member {
  const { exit } = entry;
  return {
    id: memberId(node, entry),
    kind: "Member",
    node,
    category: entry.category,
    name: memberName(node, entry.pid),
    pid: entry.pid,
    identity: identityOf(entry),
    uid: entry.uid,
    comm: entry.comm,
    state: entry.state,
    flags: { exit: exit !== null, argvTruncated: entry.isArgvTruncated },
    exitCode: exit?.status ?? null,
    exit: exit && { at: timestamp(exit.atMs), status: exit.status, text: exitText(exit) },
    argv: entry.argv,
    registeredAt: timestamp(entry.registeredMs),
    startedAt: entry.startedMs === null ? null : timestamp(entry.startedMs),
    usage: null,
  };
}

export function exitText({ status }: MemberExit): string {
  return status === null ? "status unknown" : describeWaitStatus(status);
}

/** How many members a category has. */
export interface CategoryCounts {
  running: number;
  exited: number;
  failed: number;
}

export function categoryItem(node: string, name: string, counts: CategoryCounts): Category {
  const { running, exited, failed } = counts;
  return {
    id: makeId(node, "category", name),
    kind: "Category",
    node,
    name,
    wellKnown: isWellKnown(name),
    members: running + exited,
    running,
    exited,
    failed,
  };
}
