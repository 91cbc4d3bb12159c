/**
 * An SQLite file that one process keeps and others may look into. What was acknowledged survives kill -9; a damaged file is
 * moved aside with its name told, never deleted.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { timestamp } from "#core/model/clock.ts";
import { errnoName, type MusterError } from "#core/model/error.ts";

export interface Format {
  /** Statements that make all of it, `PRAGMA user_version` among them. */
  readonly schema: string;
  readonly version: number;
  /** Statements that lead from each earlier version, 1 first, to the next, `PRAGMA user_version` among them. */
  readonly upgrades?: readonly string[];
  /** FULL: survives a power cut too. */
  readonly synchronous: "FULL" | "NORMAL";
}

/** The error of who keeps it. */
export type Failure = (message: string, cause: unknown) => MusterError;

type Value = string | number | bigint | null;

/** Nobody else writes: whoever holds the lock longer than this is no muster, and the service waits for nobody. */
const BUSY_MS = 100;

export class KeptDatabase {
  readonly path: string;
  /** Set if a damaged file was moved aside to make room for this one. */
  readonly movedAside: string | null;
  readonly #database: Database.Database;
  readonly #failed: Failure;
  readonly #statements = new Map<string, Database.Statement<unknown[]>>();

  private constructor(path: string, database: Database.Database, movedAside: string | null, failed: Failure) {
    this.path = path;
    this.movedAside = movedAside;
    this.#database = database;
    this.#failed = failed;
  }

  /** Opens or makes it. Throws `failed` (cannot be opened, locked, read-only, of a newer muster). */
  static open(path: string, format: Format, nowMs: number, failed: Failure): KeptDatabase {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return new KeptDatabase(path, openDatabase(path, format), null, failed);
    } catch (thrown) {
      if (!isDamage(thrown)) throw failure(path, thrown, failed);
    }
    const aside = `${path}.damaged-${timestamp(nowMs).replaceAll(":", "")}`;
    try {
      for (const suffix of ["", "-wal", "-shm"]) renameIfThere(path + suffix, aside + suffix);
      return new KeptDatabase(path, openDatabase(path, format), aside, failed);
    } catch (thrown) {
      throw failure(path, thrown, failed);
    }
  }

  /** For one who only looks, beside the keeper. Throws `failed`. */
  static openReadOnly(path: string, failed: Failure): KeptDatabase {
    try {
      const database = new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
      return new KeptDatabase(path, database, null, failed);
    } catch (thrown) {
      throw failure(path, thrown, failed);
    }
  }

  /** All of it or nothing. */
  transact<T>(body: () => T): T {
    return this.guard(() => this.#database.transaction(body)());
  }

  /** What goes wrong in it is the keeper's error. */
  guard<T>(body: () => T): T {
    try {
      return body();
    } catch (thrown) {
      throw failure(this.path, thrown, this.#failed);
    }
  }

  /** The number of the row that was inserted last. */
  run(sql: string, ...values: readonly Value[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  /** Values by place, or one object of them by number: `?1`. */
  all<Row>(sql: string, ...values: readonly (Value | Readonly<Record<number, Value>>)[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return this.guard(() => Number(this.#database.pragma("data_version", { simple: true })));
  }

  close(): void {
    this.#database.close();
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare<unknown[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function openDatabase(path: string, { schema, version: known, upgrades = [], synchronous }: Format): Database.Database {
  const database = new Database(path, { timeout: BUSY_MS });
  try {
    database.pragma("journal_mode = WAL");
    database.pragma(`synchronous = ${synchronous}`);
    database.pragma("foreign_keys = ON");
    const migrate = database.transaction(() => {
      const version = Number(database.pragma("user_version", { simple: true }));
      if (version > known) throw new Error(`it was written by a newer muster (version ${version})`);
      if (version === 0) database.exec(schema);
      else for (const upgrade of upgrades.slice(version - 1)) database.exec(upgrade);
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

function failure(path: string, thrown: unknown, failed: Failure): MusterError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const code = sqliteCode(thrown) || errnoName(thrown);
  return failed(`${path}: ${why}${code === "" || code === null ? "" : ` (${code})`}`, thrown);
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errnoName(thrown) !== "ENOENT") throw thrown;
  }
}
