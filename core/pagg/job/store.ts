/**
 * jobs.db: the jobs there are and the reports of those that have ended, in SQLite (WAL). No job outlives a power cut, so
 * synchronous NORMAL is enough: it loses nothing to kill -9. A damaged file is moved aside with its name told.
 */
import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { timestamp } from "#core/model/clock.ts";
import { errnoName, type MusterError } from "#core/model/error.ts";
import type { Containment, JobReport } from "#core/model/job.ts";
import type { JobRecord } from "./entry.ts";
import { jobError } from "./errors.ts";
import { formatJid, parseJid } from "./jid.ts";
import type { Jid } from "./requests.ts";
import { SCHEMA, SCHEMA_VERSION } from "./store-schema.ts";

/** Nobody else writes: whoever holds the lock longer than this is no muster, and the service waits for nobody. */
const BUSY_MS = 100;

export interface StoredProcess {
  readonly pid: number;
  readonly startTicks: string;
}

export interface ReportQuery {
  readonly jid?: Jid;
  /** Ended at or after: milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly limit?: number;
}

interface JobRow {
  readonly jid: string;
  readonly uid: number;
  readonly user: string | null;
  readonly command: string;
  readonly containment: Containment;
  readonly cgroup: string | null;
  readonly origin: string | null;
  readonly created_ms: number;
}

export class JobStore {
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
  static open(path: string, nowMs: number): JobStore {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return new JobStore(path, openDatabase(path), null);
    } catch (thrown) {
      if (!isDamage(thrown)) throw storeError(path, thrown);
    }
    const aside = `${path}.damaged-${timestamp(nowMs).replaceAll(":", "")}`;
    try {
      for (const suffix of ["", "-wal", "-shm"]) renameIfThere(path + suffix, aside + suffix);
      return new JobStore(path, openDatabase(path), aside);
    } catch (thrown) {
      throw storeError(path, thrown);
    }
  }

  /** For one who only looks, beside the owner. Throws EIO. */
  static openReadOnly(path: string): JobStore {
    try {
      return new JobStore(path, new Database(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS }), null);
    } catch (thrown) {
      throw storeError(path, thrown);
    }
  }

  /** In the order of creation. */
  jobs(): JobRecord[] {
    return this.#guard(() =>
      this.#all<JobRow>("SELECT * FROM job ORDER BY number").map((row) => ({
        jid: parseJid(row.jid),
        uid: row.uid,
        user: row.user,
        command: row.command,
        containment: row.containment,
        cgroup: row.cgroup,
        origin: row.origin,
        createdMs: row.created_ms,
      })),
    );
  }

  processes(jid: Jid): StoredProcess[] {
    const sql = "SELECT pid, start_ticks FROM process WHERE jid = ?";
    return this.#guard(() =>
      this.#all<{ pid: number; start_ticks: string }>(sql, formatJid(jid)).map((row) => ({
        pid: row.pid,
        startTicks: row.start_ticks,
      })),
    );
  }

  meta(key: "boot_id" | "sid"): string | null {
    return this.#guard(
      () => this.#all<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)[0]?.value ?? null,
    );
  }

  setMeta(key: "boot_id" | "sid", value: string): void {
    this.#transact(() => this.#setMeta(key, value));
  }

  /** `sid`: the last that was given by count. */
  add(record: JobRecord, sid: number): void {
    const { jid, uid, user, command, containment, cgroup, origin, createdMs } = record;
    const sql =
      "INSERT INTO job (jid, number, uid, user, command, containment, cgroup, origin, created_ms) " +
      "VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM job), ?, ?, ?, ?, ?, ?, ?)";
    this.#transact(() => {
      this.#run(sql, formatJid(jid), uid, user, command, containment, cgroup, origin, createdMs);
      this.#setMeta("sid", String(sid));
    });
  }

  /** A job that did not come to be. */
  remove(jid: Jid): void {
    this.#transact(() => this.#run("DELETE FROM job WHERE jid = ?", formatJid(jid)));
  }

  setProcesses(jid: Jid, processes: readonly StoredProcess[]): void {
    const text = formatJid(jid);
    this.#transact(() => {
      this.#run("DELETE FROM process WHERE jid = ?", text);
      for (const { pid, startTicks } of processes) {
        this.#run("INSERT INTO process (jid, pid, start_ticks) VALUES (?, ?, ?)", text, pid, startTicks);
      }
    });
  }

  /** Puts the reports in the place of their jobs; the oldest beyond `kept` are forgotten. */
  end(ended: readonly { jid: Jid; endedMs: number; report: JobReport }[], kept: number): void {
    this.#transact(() => {
      for (const { jid, endedMs, report } of ended) {
        const text = formatJid(jid);
        this.#run("DELETE FROM job WHERE jid = ?", text);
        const sql = "INSERT INTO report (jid, ended_ms, report) VALUES (?, ?, ?)";
        this.#run(sql, text, endedMs, JSON.stringify(report));
      }
      this.#run("DELETE FROM report WHERE number <= (SELECT max(number) FROM report) - ?", kept);
    });
  }

  /** The latest `limit`, the oldest of them first. */
  reports({ jid, sinceMs, limit = -1 }: ReportQuery): JobReport[] {
    const sql =
      "SELECT report FROM (SELECT number, report FROM report WHERE (?1 IS NULL OR jid = ?1) AND (?2 IS NULL OR ended_ms >= ?2) " +
      "ORDER BY number DESC LIMIT ?3) ORDER BY number";
    const wanted = { 1: jid === undefined ? null : formatJid(jid), 2: sinceMs ?? null, 3: limit };
    return this.#guard(() =>
      this.#all<{ report: string }>(sql, wanted).map((row) => JSON.parse(row.report) as JobReport),
    );
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return this.#guard(() => Number(this.#database.pragma("data_version", { simple: true })));
  }

  close(): void {
    this.#database.close();
  }

  #setMeta(key: string, value: string): void {
    this.#run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value);
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

  #run(sql: string, ...values: unknown[]): void {
    this.#prepare(sql).run(...values);
  }

  #all<Row>(sql: string, ...values: unknown[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  #prepare(sql: string): Database.Statement<unknown[]> {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare<unknown[]>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: BUSY_MS });
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma("foreign_keys = ON");
    const migrate = database.transaction(() => {
      const version = Number(database.pragma("user_version", { simple: true }));
      if (version > SCHEMA_VERSION) throw new Error(`written by a newer muster (version ${version})`);
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

function storeError(path: string, thrown: unknown): MusterError {
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const code = sqliteCode(thrown) || errnoName(thrown);
  return jobError("EIO", `${path}: ${why}${code === "" || code === null ? "" : ` (${code})`}`, { cause: thrown });
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (errnoName(thrown) !== "ENOENT") throw thrown;
  }
}
