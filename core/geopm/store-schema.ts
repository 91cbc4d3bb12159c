/**
 * The tables of a policy store, by the same two statements as GEOPM, each a transaction of its own: what muster makes is what
 * GEOPM makes, byte for byte. Tables of others beside them do no harm; a database that is somebody else's is left alone.
 */
import type Database from "better-sqlite3";
import { badStore } from "./store-error.ts";

const TABLES = {
  DefaultPolicies:
    "CREATE TABLE IF NOT EXISTS DefaultPolicies( agent TEXT NOT NULL, offset INTEGER NOT NULL, value REAL, PRIMARY KEY (agent, offset));",
  BestPolicies:
    "CREATE TABLE IF NOT EXISTS BestPolicies( profile TEXT NOT NULL, agent TEXT NOT NULL, offset INTEGER NOT NULL, value REAL, PRIMARY KEY (profile, agent, offset));",
} as const;

type TableName = keyof typeof TABLES;

const COLUMNS: Readonly<Record<TableName, readonly string[]>> = {
  DefaultPolicies: ["agent", "offset", "value"],
  BestPolicies: ["profile", "agent", "offset", "value"],
};

const NAMES = Object.keys(TABLES) as TableName[];

/** Any at all: a file of no bytes is a database without. */
export const hasTables = (database: Database.Database): boolean =>
  database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;

/** Makes what is missing, unless the database has tables and none of them is GEOPM's. */
export function prepareSchema(path: string, database: Database.Database): void {
  const found = database.prepare("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").pluck().all();
  const tables = found.map((name) => String(name).toLowerCase());
  const missing = NAMES.filter((name) => !tables.includes(name.toLowerCase()));
  if (missing.length === NAMES.length && tables.length > 0) {
    const some = tables.slice(0, 5).join(", ");
    throw badStore(path, `it is a database of another application (tables: ${some})`, "name another file");
  }
  for (const name of missing) database.exec(TABLES[name]);
  for (const name of NAMES) checkColumns(path, database, name);
}

function checkColumns(path: string, database: Database.Database, name: TableName): void {
  const found = database.prepare("SELECT lower(name) FROM pragma_table_info(?)").pluck().all(name);
  const missing = COLUMNS[name].filter((column) => !found.includes(column));
  if (missing.length > 0) throw badStore(path, `its table ${name} has no column ${missing.join(", ")}`);
}
