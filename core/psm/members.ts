/** The set in memory: categories in their order, members by number, pid and category, and what each category counts. */
import { type CategoryCounts, hasFailed, identityOf, type MemberEntry } from "./entry.ts";
import { WELL_KNOWN_CATEGORIES } from "./names.ts";

interface Shelf {
  readonly members: Map<number, MemberEntry>;
  readonly counts: CategoryCounts;
  /** Of whose share of the room it is; null: of nobody's. */
  readonly uid: number | null;
}

export class MemberIndex {
  readonly #categories = new Map<string, Shelf>();
  readonly #byNumber = new Map<number, MemberEntry>();
  readonly #byPid = new Map<number, readonly number[]>();
  readonly #countByUid = new Map<number, number>();

  constructor() {
    for (const name of WELL_KNOWN_CATEGORIES) this.addCategory(name);
  }

  get size(): number {
    return this.#byNumber.size;
  }

  /** Members whose process was that user's when it was registered. */
  countOf(uid: number): number {
    return this.#countByUid.get(uid) ?? 0;
  }

  /** Categories of that user's share. */
  categoryCountOf(uid: number): number {
    let count = 0;
    for (const shelf of this.#categories.values()) if (shelf.uid === uid) count++;
    return count;
  }

  get categoryCount(): number {
    return this.#categories.size;
  }

  hasCategory(name: string): boolean {
    return this.#categories.has(name);
  }

  addCategory(name: string, uid: number | null = null): void {
    if (!this.#categories.has(name)) {
      this.#categories.set(name, { members: new Map(), counts: { running: 0, exited: 0, failed: 0 }, uid });
    }
  }

  removeCategory(name: string): void {
    this.#categories.delete(name);
  }

  /** null if there is no such category. */
  counts(name: string): CategoryCounts | null {
    const shelf = this.#categories.get(name);
    return shelf ? { ...shelf.counts } : null;
  }

  categories(): readonly (readonly [string, CategoryCounts])[] {
    return [...this.#categories].map(([name, { counts }]) => [name, { ...counts }] as const);
  }

  /** Puts it in, or in the place of the one with its number. Its category is there. */
  put(entry: MemberEntry): void {
    const before = this.#byNumber.get(entry.number);
    if (before) this.#count(before, -1);
    else this.#byPid.set(entry.pid, [...(this.#byPid.get(entry.pid) ?? []), entry.number]);
    this.#byNumber.set(entry.number, entry);
    this.#shelfOf(entry).members.set(entry.number, entry);
    this.#count(entry, 1);
  }

  delete(entry: MemberEntry): void {
    if (!this.#byNumber.delete(entry.number)) return;
    const shelf = this.#shelfOf(entry);
    this.#count(shelf.members.get(entry.number) ?? entry, -1);
    shelf.members.delete(entry.number);
    const rest = (this.#byPid.get(entry.pid) ?? []).filter((number) => number !== entry.number);
    if (rest.length === 0) this.#byPid.delete(entry.pid);
    else this.#byPid.set(entry.pid, rest);
  }

  get(number: number): MemberEntry | undefined {
    return this.#byNumber.get(number);
  }

  /** In the order of registration; null if there is no such category. */
  of(category: string): readonly MemberEntry[] | null {
    const shelf = this.#categories.get(category);
    return shelf ? [...shelf.members.values()] : null;
  }

  all(): readonly MemberEntry[] {
    return [...this.#byNumber.values()];
  }

  /** All that were registered under this pid: at most one of them runs. */
  withPid(pid: number): readonly MemberEntry[] {
    return (this.#byPid.get(pid) ?? []).flatMap((number) => this.#byNumber.get(number) ?? []);
  }

  /** The member a pid means: the one that runs, else the last that was registered; of `category`, unless that is null. */
  find(category: string | null, pid: number): MemberEntry | null {
    const found = this.withPid(pid).filter((entry) => category === null || entry.category === category);
    return found.find((entry) => entry.exit === null) ?? found.at(-1) ?? null;
  }

  withIdentity(category: string, pid: number, startTicks: string): MemberEntry | null {
    const wanted = identityOf({ pid, startTicks });
    return this.withPid(pid).find((entry) => entry.category === category && identityOf(entry) === wanted) ?? null;
  }

  #shelfOf(entry: MemberEntry): Shelf {
    this.addCategory(entry.category);
    const shelf = this.#categories.get(entry.category);
    if (!shelf) throw new Error(`no category ${entry.category}`);
    return shelf;
  }

  #count(entry: MemberEntry, by: 1 | -1): void {
    const { counts } = this.#shelfOf(entry);
    this.#countByUid.set(entry.uid, this.countOf(entry.uid) + by);
    if (entry.exit === null) counts.running += by;
    else counts.exited += by;
    if (hasFailed(entry)) counts.failed += by;
  }
}
