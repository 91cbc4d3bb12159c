/** What SQLite says of a policy store, as GEOPM's -14 and a sentence. */
import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { type ErrorCode, errnoName } from "#core/model/error.ts";
import { GeopmError, geopmError } from "./errors.ts";

interface Reason {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string | null;
}

const KEEP_A_COPY = "move it aside and restore a copy, or dump what is left with sqlite3 FILE .recover";

/** The first of these with which SQLite's code begins. */
const REASONS: readonly (readonly [string, Reason])[] = [
  ["SQLITE_BUSY", { code: "BUSY", says: "another process is writing it", hint: "try again" }],
  ["SQLITE_LOCKED", { code: "BUSY", says: "another connection is writing it", hint: "try again" }],
  ["SQLITE_NOTADB", { code: "BAD_DATA", says: "it is no SQLite database", hint: null }],
  ["SQLITE_CORRUPT", { code: "BAD_DATA", says: "it is damaged", hint: KEEP_A_COPY }],
  ["SQLITE_FORMAT", { code: "BAD_DATA", says: "it is damaged", hint: KEEP_A_COPY }],
  ["SQLITE_READONLY", { code: "PERMISSION_DENIED", says: "it cannot be written", hint: null }],
  ["SQLITE_PERM", { code: "PERMISSION_DENIED", says: "access is denied", hint: null }],
  ["SQLITE_AUTH", { code: "PERMISSION_DENIED", says: "access is denied", hint: null }],
  ["SQLITE_FULL", { code: "SYSTEM", says: "the disk is full", hint: null }],
  ["SQLITE_IOERR", { code: "SYSTEM", says: "the disk failed", hint: null }],
];

const UNKNOWN: Reason = { code: "SYSTEM", says: "it cannot be used", hint: null };

/** SQLite and its binding have one word for all of these. */
function unopenable(path: string): Reason {
  const directory = dirname(path);
  if (!existsSync(directory)) return { code: "NOT_FOUND", says: `there is no directory ${directory}`, hint: null };
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === false) return { code: "BAD_DATA", says: "it is no file", hint: null };
  if (found) return { code: "PERMISSION_DENIED", says: "it cannot be opened", hint: null };
  return {
    code: "NOT_FOUND",
    says: "there is no such file",
    hint: `set a policy to make it; ${directory} must be writable`,
  };
}

/** The binding's own check in front of SQLite. */
const isNoDirectory = (path: string, thrown: unknown): boolean =>
  thrown instanceof TypeError && !existsSync(dirname(path));

function reasonOf(path: string, thrown: unknown, sqlite: string): Reason {
  if (sqlite.startsWith("SQLITE_CANTOPEN") || isNoDirectory(path, thrown)) return unopenable(path);
  return REASONS.find(([start]) => sqlite.startsWith(start))?.[1] ?? UNKNOWN;
}

export function storeError(path: string, thrown: unknown): GeopmError {
  if (thrown instanceof GeopmError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const sqlite = thrown instanceof Database.SqliteError ? thrown.code : "";
  const name = sqlite === "" ? errnoName(thrown) : sqlite;
  const { code, says, hint } = reasonOf(path, thrown, sqlite);
  const message = `policy store ${path}: ${says}: ${why}${name === null ? "" : ` (${name})`}`;
  return geopmError("DATA_STORE", message, { target: path, code, hint, cause: thrown });
}

/** A store that can be read, and holds what must not be used. */
export const badStore = (path: string, why: string, hint: string | null = null): GeopmError =>
  geopmError("DATA_STORE", `policy store ${path}: ${why}`, { target: path, code: "BAD_DATA", hint });
