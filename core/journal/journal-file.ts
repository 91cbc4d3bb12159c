/** The journal as a file: its schema, how an older one is taken over, and what can be wrong with it. */
import { renameSync } from "node:fs";
import Database from "better-sqlite3";
import { MusterError, toMusterError } from "#core/model/error.ts";

const SCHEMA_VERSION = 2;

const SCHEMA = `
CREATE TABLE event (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms      INTEGER NOT NULL,
  severity   TEXT NOT NULL,
  code       TEXT NOT NULL,
  target     TEXT,
  message    TEXT NOT NULL,
  request_id TEXT,
  action     TEXT,
  outcome    TEXT,
  actor      TEXT,
  variables  TEXT,          -- JSON
  process    TEXT,          -- identity of the muster process that wrote a first audit row
  once       TEXT UNIQUE    -- what several observers see is written by the first of them
);
CREATE INDEX event_target ON event (target, number);
CREATE INDEX event_at ON event (at_ms);
CREATE INDEX event_request ON event (request_id, target);
CREATE TABLE wanted (target TEXT PRIMARY KEY, wanted TEXT NOT NULL, at_ms INTEGER NOT NULL);
PRAGMA user_version = ${SCHEMA_VERSION};
`;

const FROM_1_TO_2 = `ALTER TABLE event ADD COLUMN variables TEXT; PRAGMA user_version = 2;`;

export function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: 5000 });
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    const migrate = database.transaction(() => {
      const version = Number(database.pragma("user_version", { simple: true }));
      if (version > SCHEMA_VERSION) {
        throw new MusterError("UNSUPPORTED", `${path} was written by a newer muster (version ${version})`, {
          target: path,
          hint: "use that muster, or set MUSTER_STATE_DIR to another directory",
        });
      }
      if (version === 0) database.exec(SCHEMA);
      if (version === 1) database.exec(FROM_1_TO_2);
    });
    migrate.immediate();
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function sqliteCode(thrown: unknown): string {
  return thrown instanceof Database.SqliteError ? thrown.code : "";
}

export function isDamage(thrown: unknown): boolean {
  return ["SQLITE_CORRUPT", "SQLITE_NOTADB"].some((code) => sqliteCode(thrown).startsWith(code));
}

export function journalError(path: string, thrown: unknown): MusterError {
  const code = sqliteCode(thrown);
  if (code === "") return toMusterError(thrown, path);
  const message = `journal ${path}: ${thrown instanceof Error ? thrown.message : code}`;
  const details = { target: path, errno: null, cause: thrown };
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new MusterError("BUSY", message, details);
  if (code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_PERM")) {
    return new MusterError("PERMISSION_DENIED", message, {
      ...details,
      hint: "MUSTER_STATE_DIR names another directory",
    });
  }
  return new MusterError("SYSTEM", message, details);
}

export function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (toMusterError(thrown).errno !== "ENOENT") throw thrown;
  }
}
