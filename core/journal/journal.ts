/**
 * The journal: events and audit rows, and what the operator wants, in SQLite (WAL). A row that was acknowledged survives
 * kill -9 and a power cut: each write is its own transaction with synchronous = FULL.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { timestamp } from "#core/model/clock.ts";
import type { EventCode, MusterEvent, Severity } from "#core/model/event.ts";
import { makeId } from "#core/model/id.ts";
import { isDamage, journalError, openDatabase, renameIfThere } from "./journal-file.ts";

/** Columns as stored. */
interface Row {
  number: number;
  at_ms: number;
  severity: Severity;
  code: string;
  target: string | null;
  message: string;
  request_id: string | null;
  action: string | null;
  outcome: string | null;
  actor: string | null;
  variables: string | null;
  process: string | null;
}

export interface NewEvent {
  readonly atMs: number;
  readonly severity: Severity;
  readonly code: EventCode;
  readonly target: string | null;
  readonly message: string;
  readonly requestId?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly actor?: string;
  readonly variables?: Readonly<Record<string, string | number>>;
  readonly process?: string;
  /** A second event with the same word is not written. */
  readonly once?: string;
}

export interface EventFilter {
  readonly target?: string;
  readonly sinceMs?: number;
  /** Only events after this number. */
  readonly afterNumber?: number;
  readonly limit: number;
}

/** A first audit row without a second. */
export interface OpenAction {
  readonly requestId: string;
  readonly action: string;
  readonly target: string;
  /** Identity of the process that began it. */
  readonly process: string | null;
}

export class Journal {
  readonly path: string;
  /** Set if a damaged journal was moved aside to make room for this one. */
  readonly movedAside: string | null;
  readonly #node: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement<unknown[]>>();

  private constructor(path: string, node: string, database: Database.Database, movedAside: string | null) {
    this.path = path;
    this.#node = node;
    this.#database = database;
    this.movedAside = movedAside;
  }

  /**
   * Opens or makes the journal. A damaged file is renamed, never deleted, and a new one begun.
   * Throws PERMISSION_DENIED, BUSY (locked for 5 s by another), SYSTEM.
   */
  static open(path: string, node: string, nowMs: number): Journal {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return new Journal(path, node, openDatabase(path), null);
    } catch (thrown) {
      if (!isDamage(thrown)) throw journalError(path, thrown);
    }
    const aside = `${path}.damaged-${timestamp(nowMs).replaceAll(":", "")}`;
    try {
      for (const suffix of ["", "-wal", "-shm"]) renameIfThere(path + suffix, aside + suffix);
      return new Journal(path, node, openDatabase(path), aside);
    } catch (thrown) {
      throw journalError(path, thrown);
    }
  }

  /** The event as stored; null if one with the same `once` is there. Throws BUSY or SYSTEM. */
  append(event: NewEvent): MusterEvent | null {
    const result = this.#run(
      `INSERT OR IGNORE INTO event (at_ms, severity, code, target, message, request_id, action, outcome, actor, variables, process, once)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      event.atMs,
      event.severity,
      event.code,
      event.target,
      event.message,
      event.requestId ?? null,
      event.action ?? null,
      event.outcome ?? null,
      event.actor ?? null,
      event.variables ? JSON.stringify(event.variables) : null,
      event.process ?? null,
      event.once ?? null,
    );
    if (result.changes === 0) return null;
    return this.#event({ ...toRow(event), number: Number(result.lastInsertRowid) });
  }

  /** All of them as one transaction: either every one is kept or none. Throws BUSY or SYSTEM. */
  appendAll(events: readonly NewEvent[]): void {
    try {
      this.#database.transaction(() => {
        for (const event of events) this.append(event);
      })();
    } catch (thrown) {
      throw journalError(this.path, thrown);
    }
  }

  /** The newest `limit` that fit, oldest first. */
  read(filter: EventFilter): readonly MusterEvent[] {
    const rows = this.#all<Row>(
      `SELECT * FROM event WHERE (? IS NULL OR target = ?) AND at_ms >= ? AND number > ? ORDER BY number DESC LIMIT ?`,
      filter.target ?? null,
      filter.target ?? null,
      filter.sinceMs ?? 0,
      filter.afterNumber ?? 0,
      filter.limit,
    );
    return rows.reverse().map((row) => this.#event(row));
  }

  lastNumber(): number {
    return this.#all<{ number: number | null }>("SELECT max(number) AS number FROM event")[0]?.number ?? 0;
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return Number(this.#database.pragma("data_version", { simple: true }));
  }

  openActions(): readonly OpenAction[] {
    const rows = this.#all<Row>(
      `SELECT * FROM event AS begun WHERE code = 'ACTION_BEGUN' AND NOT EXISTS (
         SELECT 1 FROM event WHERE request_id = begun.request_id AND target IS begun.target AND code <> 'ACTION_BEGUN')`,
    );
    return rows.map((row) => ({
      requestId: row.request_id ?? "",
      action: row.action ?? "",
      target: row.target ?? "",
      process: row.process,
    }));
  }

  wanted(): ReadonlyMap<string, "up" | "down"> {
    const rows = this.#all<{ target: string; wanted: "up" | "down" }>("SELECT target, wanted FROM wanted");
    return new Map(rows.map((row) => [row.target, row.wanted]));
  }

  setWanted(target: string, wanted: "up" | "down", atMs: number): void {
    this.#run("INSERT OR REPLACE INTO wanted (target, wanted, at_ms) VALUES (?, ?, ?)", target, wanted, atMs);
  }

  close(): void {
    this.#database.close();
  }

  #run(sql: string, ...values: readonly unknown[]): Database.RunResult {
    try {
      return this.#statement(sql).run(...values);
    } catch (thrown) {
      throw journalError(this.path, thrown);
    }
  }

  #all<T>(sql: string, ...values: readonly unknown[]): T[] {
    try {
      return this.#statement(sql).all(...values) as T[];
    } catch (thrown) {
      throw journalError(this.path, thrown);
    }
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #event(row: Omit<Row, "process">): MusterEvent {
    return {
      id: makeId(this.#node, "event", String(row.number)),
      kind: "Event",
      at: timestamp(row.at_ms),
      severity: row.severity,
      code: row.code,
      target: row.target,
      message: row.message,
      requestId: row.request_id,
      action: row.action,
      outcome: row.outcome,
      actor: row.actor,
      variables: row.variables === null ? null : JSON.parse(row.variables),
    };
  }
}

function toRow(event: NewEvent): Omit<Row, "number" | "process"> {
  return {
    at_ms: event.atMs,
    severity: event.severity,
    code: event.code,
    target: event.target,
    message: event.message,
    request_id: event.requestId ?? null,
    action: event.action ?? null,
    outcome: event.outcome ?? null,
    actor: event.actor ?? null,
    variables: event.variables ? JSON.stringify(event.variables) : null,
  };
}
