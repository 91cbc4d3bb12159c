/**
 * psm.db: the set in SQLite (WAL, synchronous FULL). What was acknowledged survives kill -9 and a power cut; a damaged file
 * is moved aside with its name told, never deleted.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { timestamp } from "#core/model/clock.ts";
import { errnoName, MusterError } from "#core/model/error.ts";
import type { MemberEntry } from "./entry.ts";
import { psmError } from "./status.ts";
import { fromRow, type MemberRow, SCHEMA, SCHEMA_VERSION, toRow } from "./store-schema.ts";

/** Nobody else writes: whoever holds the lock longer than this is no muster, and the service waits for nobody. */
const BUSY_MS = 100;

export interface StoredSet {
  /** Those that were added; the well-known ones are not stored. */
  readonly categories: readonly string[];
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
  readonly addsCategory: boolean;
}

export class SetStore {
  readonly path: string;
  /** Set if a damaged file was moved aside to make room for this one. */
  readonly movedAside: string | null;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement<unknown[]>>();

  private constructor(path: string, database: Database.Database, movedAside: string | null) {
    this.path = path;
    this.#database = database;
    this.movedAside = movedAside;
  }

  /** Opens or makes it. Throws EIO (cannot be opened, locked, read-only, of a newer muster). */
  static open(path: string, nowMs: number): SetStore {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return new SetStore(path, openDatabase(path), null);
    } catch (thrown) {
      if (!isDamage(thrown)) throw storeError(path, thrown);
    }
    const aside = `${path}.damaged-${timestamp(nowMs).replaceAll(":", "")}`;
    try {
      for (const suffix of ["", "-wal", "-shm"]) renameIfThere(path + suffix, aside + suffix);
      return new SetStore(path, openDatabase(path), aside);
    } catch (thrown) {
      throw storeError(path, thrown);
    }
  }

  /** For one who only looks, beside the owner. Throws EIO. */
  static openReadOnly(path: string): SetStore {
    try {
      return new SetStore(path, new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS }), null);
    } catch (thrown) {
      throw storeError(path, thrown);
    }
  }

  read(): StoredSet {
    return this.#transact(() => ({
      categories: this.#all<{ name: string }>("SELECT name FROM category ORDER BY number").map((row) => row.name),
      members: this.#all<MemberRow>("SELECT * FROM member ORDER BY number").map(fromRow),
      bootId: this.#all<{ value: string }>("SELECT value FROM meta WHERE key = 'boot_id'")[0]?.value ?? null,
    }));
  }

  setBoot(bootId: string): void {
    this.#transact(() => this.#run("INSERT OR REPLACE INTO meta (key, value) VALUES ('boot_id', ?)", bootId));
  }

  addCategory(name: string): void {
    this.#transact(() => this.#run("INSERT INTO category (name) VALUES (?)", name));
  }

  removeCategory(name: string): void {
    this.#transact(() => this.#run("DELETE FROM category WHERE name = ?", name));
  }

  /** The number it got. */
  addMember({ member, replaces, addsCategory }: Registration): number {
    return this.#transact(() => {
      if (addsCategory) this.#run("INSERT INTO category (name) VALUES (?)", member.category);
      if (replaces !== null) this.#run("DELETE FROM member WHERE number = ?", replaces);
      const columns = "category, pid, start_ticks, uid, argv, argv_cut, state, registered_ms, started_ms";
      const sql = `INSERT INTO member (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      return Number(this.#run(sql, ...toRow(member)).lastInsertRowid);
    });
  }

  removeMember(number: number): void {
    this.#transact(() => this.#run("DELETE FROM member WHERE number = ?", number));
  }

  setState(number: number, state: string): void {
    this.#transact(() => this.#run("UPDATE member SET state = ? WHERE number = ?", state, number));
  }

  /** All of them or none. */
  recordExits(exited: readonly MemberEntry[]): void {
    const sql = "UPDATE member SET state = ?, exited_ms = ?, exit_status = ? WHERE number = ?";
    this.#transact(() => {
      for (const { number, state, exit } of exited) {
        this.#run(sql, state, exit?.atMs ?? null, exit?.status ?? null, number);
      }
    });
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return this.#guard(() => Number(this.#database.pragma("data_version", { simple: true })));
  }

  close(): void {
    this.#database.close();
  }

  #transact<T>(body: () => T): T {
    return this.#guard(() => this.#database.transaction(body)());
  }

  #guard<T>(body: () => T): T {
    try {
      return body();
    } catch (thrown) {
      throw storeError(this.path, thrown);
    }
  }

  #run(sql: string, ...values: readonly unknown[]): Database.RunResult {
    return this.#statement(sql).run(...values);
  }

  #all<T>(sql: string): T[] {
    return this.#statement(sql).all() as T[];
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: BUSY_MS });
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    const migrate = database.transaction(() => {
      const version = Number(database.pragma("user_version", { simple: true }));
      if (version > SCHEMA_VERSION) {
        throw new MusterError("UNSUPPORTED", `it was written by a newer muster (version ${version})`);
      }
      if (version === 0) database.exec(SCHEMA);
    });
    migrate.immediate();
    // A page that is damaged shows itself now, while there is still a choice, and not in the middle of an answer.
    const verdict = String(database.pragma("quick_check(1)", { simple: true }));
    if (verdict !== "ok") throw new Database.SqliteError(verdict, "SQLITE_CORRUPT");
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

const sqliteCode = (thrown: unknown): string => (thrown instanceof Database.SqliteError ? thrown.code : "");

function isDamage(thrown: unknown): boolean {
  return ["SQLITE_CORRUPT", "SQLITE_NOTADB"].some((code) => sqliteCode(thrown).startsWith(code));
}

/** Whatever the reason, to the caller of the set its store has failed: EIO. */
function storeError(path: string, thrown: unknown): MusterError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const code = sqliteCode(thrown) || errnoName(thrown);
  return psmError("EIO", `${path}: ${why}${code === "" || code === null ? "" : ` (${code})`}`, { cause: thrown });
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errnoName(thrown) !== "ENOENT") throw thrown;
  }
}
