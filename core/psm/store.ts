/**
 * psm.db: the set in SQLite (WAL, synchronous FULL). What was acknowledged survives kill -9 and a power cut; a damaged file
 * is moved aside with its name told, never deleted.
 */
import { KeptDatabase } from "#core/keep/database.ts";
import type { MemberEntry } from "./entry.ts";
import { psmError } from "./status.ts";
import { FORMAT, fromRow, type MemberRow, toRow } from "./store-schema.ts";

export interface StoredCategory {
  readonly name: string;
  /** Of whose share of the room it is; null: of nobody's. */
  readonly uid: number | null;
}

export interface StoredSet {
  /** Those that were added; the well-known ones are not stored. */
  readonly categories: readonly StoredCategory[];
  /** In the order of registration. */
  readonly members: readonly MemberEntry[];
  /** The start of the machine in which the members were seen last; null if nothing was kept yet. */
  readonly bootId: string | null;
}

/** A registration and all that goes with it, as one transaction. */
export interface Registration {
  readonly member: Omit<MemberEntry, "number">;
  /** The exited instance it replaces, by number. */
  readonly replaces: number | null;
  /** Its category, if that is new too. */
  readonly newCategory: StoredCategory | null;
}

export class SetStore {
  readonly #kept: KeptDatabase;

  private constructor(kept: KeptDatabase) {
    this.#kept = kept;
  }

  /** Opens or makes it. Throws EIO (cannot be opened, locked, read-only, of a newer muster). */
  static open(path: string, nowMs: number): SetStore {
    return new SetStore(KeptDatabase.open(path, FORMAT, nowMs, storeError));
  }

  /** For one who only looks, beside the owner. Throws EIO. */
  static openReadOnly(path: string): SetStore {
    return new SetStore(KeptDatabase.openReadOnly(path, storeError));
  }

  /** Set if a damaged file was moved aside to make room for this one. */
  get movedAside(): string | null {
    return this.#kept.movedAside;
  }

  read(): StoredSet {
    return this.#kept.transact(() => ({
      // What was written by an earlier version has no uid, as long as nobody but one who looks has opened it.
      categories: this.#kept
        .all<{ name: string; uid?: number | null }>("SELECT * FROM category ORDER BY number")
        .map(({ name, uid = null }) => ({ name, uid })),
      members: this.#kept.all<MemberRow>("SELECT * FROM member ORDER BY number").map(fromRow),
      bootId: this.#kept.all<{ value: string }>("SELECT value FROM meta WHERE key = 'boot_id'")[0]?.value ?? null,
    }));
  }

  setBoot(bootId: string): void {
    this.#kept.transact(() => this.#kept.run("INSERT OR REPLACE INTO meta (key, value) VALUES ('boot_id', ?)", bootId));
  }

  addCategory(category: StoredCategory): void {
    this.#kept.transact(() => this.#insert(category));
  }

  removeCategory(name: string): void {
    this.#kept.transact(() => this.#kept.run("DELETE FROM category WHERE name = ?", name));
  }

  /** The number it got. */
  addMember({ member, replaces, newCategory }: Registration): number {
    return this.#kept.transact(() => {
      if (newCategory) this.#insert(newCategory);
      if (replaces !== null) this.#kept.run("DELETE FROM member WHERE number = ?", replaces);
      const columns = "category, pid, start_ticks, uid, argv, argv_cut, state, registered_ms, started_ms";
      const sql = `INSERT INTO member (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      return this.#kept.run(sql, ...toRow(member));
    });
  }

  removeMember(number: number): void {
    this.#kept.transact(() => this.#kept.run("DELETE FROM member WHERE number = ?", number));
  }

  setState(number: number, state: string): void {
    this.#kept.transact(() => this.#kept.run("UPDATE member SET state = ? WHERE number = ?", state, number));
  }

  /** All of them or none. */
  recordExits(exited: readonly MemberEntry[]): void {
    const sql = "UPDATE member SET state = ?, exited_ms = ?, exit_status = ? WHERE number = ?";
    this.#kept.transact(() => {
      for (const { number, state, exit } of exited) {
        this.#kept.run(sql, state, exit?.atMs ?? null, exit?.status ?? null, number);
      }
    });
  }

  #insert({ name, uid }: StoredCategory): void {
    this.#kept.run("INSERT INTO category (name, uid) VALUES (?, ?)", name, uid);
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return this.#kept.dataVersion();
  }

  close(): void {
    this.#kept.close();
  }
}

/** Whatever the reason, to the caller of the set its store has failed. */
function storeError(message: string, cause: unknown) {
  return psmError("EIO", message, { cause });
}
