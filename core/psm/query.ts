/** What may be asked of a set, whoever keeps it: cfg_psm_catget(3) and cfg_psm_memget(3), and the items of muster. */
import type { Category } from "#core/model/category.ts";
import type { Member } from "#core/model/member.ts";
import { categoryItem, type MemberEntry, memberItem } from "./entry.ts";
import type { MemberIndex } from "./members.ts";
import { PSM_ALLCAT, PSM_ALLPID } from "./names.ts";
import { type CategoryRecord, categoryRecords, type MemberRecord, memberRecords } from "./record.ts";
import { psmError } from "./status.ts";

export class SetQuery {
  readonly node: string;
  protected readonly index: MemberIndex;

  constructor(node: string, index: MemberIndex) {
    this.node = node;
    this.index = index;
  }

  /** One category, or with null (_PSM_ALLCAT) all of them. Throws ENOENT. */
  catget(category: string | null): readonly CategoryRecord[] {
    if (category === PSM_ALLCAT) return categoryRecords(this.index.categories());
    const counts = this.index.counts(category);
    if (!counts) throw noCategory(category);
    return categoryRecords([[category, counts]]);
  }

  /**
   * pid given: that process, in `category` unless that is null (_PSM_ALLCAT). pid 0 (_PSM_ALLPID): all of the category, or of
   * all of them. Throws ENOENT (no such category, or pid in it), EINVAL (no process id).
   */
  memget(category: string | null, pid: number): readonly MemberRecord[] {
    return memberRecords(this.node, this.members(category, pid));
  }

  /** As memget, as entries; what is empty is empty. */
  members(category: string | null, pid: number): readonly MemberEntry[] {
    const ofCategory = category === PSM_ALLCAT ? null : this.index.of(category);
    if (category !== PSM_ALLCAT && !ofCategory) throw noCategory(category);
    if (pid === PSM_ALLPID) return ofCategory ?? this.index.all();
    return [this.member(category, pid)];
  }

  /** The one member a pid means. Throws ENOENT, EINVAL. */
  member(category: string | null, pid: number): MemberEntry {
    if (!Number.isInteger(pid) || pid < 1 || pid > 0x7fff_ffff) throw psmError("EINVAL", `not a process id: ${pid}`);
    const entry = this.index.find(category, pid);
    if (entry) return entry;
    throw psmError("ENOENT", `process ${pid} is not registered${category === null ? "" : ` in ${category}`}`);
  }

  /** By identity: what a pid meant when somebody looked. */
  memberWithIdentity(category: string, pid: number, startTicks: string): MemberEntry | null {
    return this.index.withIdentity(category, pid, startTicks);
  }

  hasCategory(name: string): boolean {
    return this.index.hasCategory(name);
  }

  categoryItem(name: string): Category | null {
    const counts = this.index.counts(name);
    return counts && categoryItem(this.node, name, counts);
  }

  categoryItems(): readonly Category[] {
    return this.index.categories().map(([name, counts]) => categoryItem(this.node, name, counts));
  }

  memberItems(): readonly Member[] {
    return this.index.all().map((entry) => memberItem(this.node, entry));
  }
}

export function noCategory(category: string) {
  return psmError("ENOENT", `there is no category ${category}`);
}
