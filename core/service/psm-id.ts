/** Ids of the process set taken apart: `node/category/NAME`, `node/member/CATEGORY/PID[:START]`. */
import { nameOf } from "#core/model/id.ts";

export interface NamedMember {
  readonly category: string;
  readonly pid: number;
  /** null: whoever has the pid. */
  readonly startTicks: string | null;
}

/** null for the id of anything else. */
export function memberOfId(id: string): NamedMember | null {
  if (!/^[^/]*\/member\//.test(id)) return null;
  const match = /^(.*)\/(-?[0-9]{1,10})(?::([0-9]+))?$/s.exec(nameOf(id));
  if (!match) return null;
  const [, category = "", pid = "", startTicks = null] = match;
  return { category, pid: Number(pid), startTicks };
}

/** null for the id of anything else. */
export function categoryOfId(id: string): string | null {
  return /^[^/]*\/category\//.test(id) ? nameOf(id) : null;
}
