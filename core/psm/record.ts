/** psm_catrsp_t and psm_memrsp_t of psm.h, as cfg_psm_catget(3) and cfg_psm_memget(3) return them. */
import type { Member } from "#core/model/member.ts";
import type { CategoryCounts, MemberEntry } from "./entry.ts";
import { memberName } from "./names.ts";

export const PSM_FL_EXIT = 1;
export const PSM_FL_ARGTRUNC = 2;

/** psm_catrsp_t */
export interface CategoryRecord {
  /** From 1. */
  readonly crs_listidx: number;
  readonly crs_listcnt: number;
  readonly crs_total: number;
  readonly crs_memcnt: number;
  readonly crs_cat: string;
}

/** psm_memrsp_t */
export interface MemberRecord {
  /** From 1. */
  readonly mrs_listidx: number;
  /** Always the same as mrs_total. */
  readonly mrs_listcnt: number;
  readonly mrs_total: number;
  readonly mrs_pid: number;
  /** Wait status; valid with PSM_FL_EXIT. null is what psm.h has no word for: it has exited, and nobody knows how. */
  readonly mrs_exitcode: number | null;
  /** PSM_FL_* */
  readonly mrs_flags: number;
  readonly mrs_name: string;
  readonly mrs_state: string;
  readonly mrs_argv: string;
}

export function categoryRecords(found: readonly (readonly [string, CategoryCounts])[]): readonly CategoryRecord[] {
  const total = found.length;
  return found.map(([name, { running, exited }], index) => ({
    crs_listidx: index + 1,
    crs_listcnt: total,
    crs_total: total,
    crs_memcnt: running + exited,
    crs_cat: name,
  }));
}

/** A generic query that finds nothing gives one element with all fields 0; any other one is an error before it comes here. */
export function memberRecords(node: string, found: readonly MemberEntry[]): readonly MemberRecord[] {
  if (found.length === 0) return [NOTHING];
  return found.map((entry, index) => {
    const exitCode = entry.exit ? entry.exit.status : 0;
    const flags = flagWord(entry.exit !== null, entry.isArgvTruncated);
    return record(index, found.length, entry, exitCode, flags, memberName(node, entry.pid));
  });
}

/** The same of items, wherever they came from. */
export function recordsOfItems(found: readonly Member[]): readonly MemberRecord[] {
  if (found.length === 0) return [NOTHING];
  return found.map((item, index) => {
    const { exit, argvTruncated } = item.flags;
    const exitCode = exit ? item.exitCode : 0;
    return record(index, found.length, item, exitCode, flagWord(exit, argvTruncated), item.name);
  });
}

const flagWord = (exit: boolean, argvTruncated: boolean): number =>
  (exit ? PSM_FL_EXIT : 0) | (argvTruncated ? PSM_FL_ARGTRUNC : 0);

function record(
  index: number,
  total: number,
  member: { readonly pid: number; readonly state: string; readonly argv: string },
  exitCode: number | null,
  flags: number,
  name: string,
): MemberRecord {
  return {
    mrs_listidx: index + 1,
    mrs_listcnt: total,
    mrs_total: total,
    mrs_pid: member.pid,
    mrs_exitcode: exitCode,
    mrs_flags: flags,
    mrs_name: name,
    mrs_state: member.state,
    mrs_argv: member.argv,
  };
}

const NOTHING: MemberRecord = {
  mrs_listidx: 0,
  mrs_listcnt: 0,
  mrs_total: 0,
  mrs_pid: 0,
  mrs_exitcode: 0,
  mrs_flags: 0,
  mrs_name: "",
  mrs_state: "",
  mrs_argv: "",
};
