/**
 * jobs.db: the jobs there are and the reports of those that have ended, in SQLite (WAL). No job outlives a power cut, so
 * synchronous NORMAL is enough: it loses nothing to kill -9. A damaged file is moved aside with its name told.
 */

import { KeptDatabase } from "#core/keep/database.ts";
import { jidText, parseJid } from "#core/model/jid.ts";
import type { JobReport } from "#core/model/job.ts";
import type { JobRecord } from "./entry.ts";
import { jobError } from "./errors.ts";
import type { Jid } from "./requests.ts";
import { FORMAT } from "./store-schema.ts";

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

interface JobRow extends Omit<JobRecord, "jid" | "createdMs"> {
  readonly jid: string;
  readonly created_ms: number;
}

interface ProcessRow {
  readonly pid: number;
  readonly start_ticks: string;
  readonly number?: number;
}

export class JobStore {
  readonly #kept: KeptDatabase;

  private constructor(kept: KeptDatabase) {
    this.#kept = kept;
  }

  /** Opens or makes it. Throws EIO (cannot be opened, locked, read-only, of a newer muster). */
  static open(path: string, nowMs: number): JobStore {
    return new JobStore(KeptDatabase.open(path, FORMAT, nowMs, storeError));
  }

  /** For one who only looks, beside the owner. Throws EIO. */
  static openReadOnly(path: string): JobStore {
    return new JobStore(KeptDatabase.openReadOnly(path, storeError));
  }

  /** Set if a damaged file was moved aside to make room for this one. */
  get movedAside(): string | null {
    return this.#kept.movedAside;
  }

  /** In the order of creation. */
  jobs(): JobRecord[] {
    return this.#kept.guard(() =>
      this.#kept.all<JobRow>("SELECT * FROM job ORDER BY number").map((row) => ({
        jid: storedJid(row.jid),
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

  /** In the order they came. */
  processes(jid: Jid): StoredProcess[] {
    // Who only looks may find a file of version 1, without the numbers.
    const rows = this.#kept.guard(() =>
      this.#kept.all<ProcessRow>("SELECT * FROM process WHERE jid = ?", jidText(jid)),
    );
    return rows
      .sort((one, other) => (one.number ?? 0) - (other.number ?? 0))
      .map((row) => ({ pid: row.pid, startTicks: row.start_ticks }));
  }

  meta(key: "boot_id" | "sid"): string | null {
    return this.#kept.guard(
      () => this.#kept.all<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)[0]?.value ?? null,
    );
  }

  setMeta(key: "boot_id" | "sid", value: string): void {
    this.#kept.transact(() => this.#setMeta(key, value));
  }

  /** `sid`: the last that was given by count; `first`: the process it is made for, null if that is not known. */
  add(record: JobRecord, sid: number, first: StoredProcess | null): void {
    const { jid, uid, user, command, containment, cgroup, origin, createdMs } = record;
    const sql =
      "INSERT INTO job (jid, number, uid, user, command, containment, cgroup, origin, created_ms) " +
      "VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM job), ?, ?, ?, ?, ?, ?, ?)";
    this.#kept.transact(() => {
      this.#kept.run(sql, jidText(jid), uid, user, command, containment, cgroup, origin, createdMs);
      this.#setMeta("sid", String(sid));
      if (first) this.#addProcesses(jid, [first]);
    });
  }

  /** A job that did not come to be. */
  remove(jid: Jid): void {
    this.#kept.transact(() => this.#kept.run("DELETE FROM job WHERE jid = ?", jidText(jid)));
  }

  setProcesses(jid: Jid, processes: readonly StoredProcess[]): void {
    this.#kept.transact(() => {
      this.#kept.run("DELETE FROM process WHERE jid = ?", jidText(jid));
      this.#addProcesses(jid, processes);
    });
  }

  /** Puts the reports in the place of their jobs; the oldest beyond `kept` are forgotten. */
  end(ended: readonly { jid: Jid; endedMs: number; report: JobReport }[], kept: number): void {
    this.#kept.transact(() => {
      for (const { jid, endedMs, report } of ended) {
        const text = jidText(jid);
        this.#kept.run("DELETE FROM job WHERE jid = ?", text);
        const sql = "INSERT INTO report (jid, ended_ms, report) VALUES (?, ?, ?)";
        this.#kept.run(sql, text, endedMs, JSON.stringify(report));
      }
      this.#kept.run("DELETE FROM report WHERE number <= (SELECT max(number) FROM report) - ?", kept);
    });
  }

  /** The latest `limit`, the oldest of them first. */
  reports({ jid, sinceMs, limit = -1 }: ReportQuery): JobReport[] {
    const sql =
      "SELECT report FROM (SELECT number, report FROM report WHERE (?1 IS NULL OR jid = ?1) AND (?2 IS NULL OR ended_ms >= ?2) " +
      "ORDER BY number DESC LIMIT ?3) ORDER BY number";
    const wanted = { 1: jid === undefined ? null : jidText(jid), 2: sinceMs ?? null, 3: limit };
    return this.#kept.guard(() =>
      this.#kept.all<{ report: string }>(sql, wanted).map((row) => JSON.parse(row.report) as JobReport),
    );
  }

  /** Changes whenever another connection has written. */
  dataVersion(): number {
    return this.#kept.dataVersion();
  }

  close(): void {
    this.#kept.close();
  }

  #addProcesses(jid: Jid, processes: readonly StoredProcess[]): void {
    const text = jidText(jid);
    const sql = "INSERT INTO process (jid, pid, start_ticks, number) VALUES (?, ?, ?, ?)";
    for (const [number, { pid, startTicks }] of processes.entries()) this.#kept.run(sql, text, pid, startTicks, number);
  }

  #setMeta(key: string, value: string): void {
    this.#kept.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value);
  }
}

function storedJid(text: string): Jid {
  const jid = parseJid(text);
  if (jid === null) throw storeError(`jobs.db has a job of the id ${text}`, null);
  return jid;
}

function storeError(message: string, cause: unknown) {
  return jobError("EIO", message, { cause });
}
