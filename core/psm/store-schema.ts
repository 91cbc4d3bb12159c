/** Tables of psm.db, and a row as a member. */
import type { Format } from "#core/keep/database.ts";
import type { MemberEntry } from "./entry.ts";

const VERSION = 2;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE category (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name   TEXT NOT NULL UNIQUE,
  uid    INTEGER                   -- of whose share of the room it is; NULL: of nobody's
) STRICT;
CREATE TABLE member (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  category      TEXT NOT NULL,
  pid           INTEGER NOT NULL,
  start_ticks   TEXT NOT NULL,
  uid           INTEGER NOT NULL,
  argv          TEXT NOT NULL,
  argv_cut      INTEGER NOT NULL,
  state         TEXT NOT NULL,
  registered_ms INTEGER NOT NULL,
  started_ms    INTEGER,
  exited_ms     INTEGER,          -- NULL while it runs
  exit_status   INTEGER           -- wait status; NULL while it runs, and if it is not known
) STRICT;
PRAGMA user_version = ${VERSION};
`;

const UPGRADES = ["ALTER TABLE category ADD COLUMN uid INTEGER; PRAGMA user_version = 2;"];

/** What was acknowledged survives a power cut too: exit statuses are kept for the operator, whatever became of the machine. */
export const FORMAT: Format = { schema: SCHEMA, version: VERSION, upgrades: UPGRADES, synchronous: "FULL" };

export interface MemberRow {
  readonly number: number;
  readonly category: string;
  readonly pid: number;
  readonly start_ticks: string;
  readonly uid: number;
  readonly argv: string;
  readonly argv_cut: number;
  readonly state: string;
  readonly registered_ms: number;
  readonly started_ms: number | null;
  readonly exited_ms: number | null;
  readonly exit_status: number | null;
}

export function fromRow(row: MemberRow): MemberEntry {
  return {
    number: row.number,
    category: row.category,
    pid: row.pid,
    startTicks: row.start_ticks,
    uid: row.uid,
    comm: null,
    argv: row.argv,
    isArgvTruncated: row.argv_cut !== 0,
    state: row.state,
    registeredMs: row.registered_ms,
    startedMs: row.started_ms,
    exit: row.exited_ms === null ? null : { atMs: row.exited_ms, status: row.exit_status },
  };
}

/** The columns of a new member, from `category` to `started_ms`. */
export function toRow(member: Omit<MemberEntry, "number">): readonly (string | number | null)[] {
  const { category, pid, startTicks, uid, argv, isArgvTruncated, state, registeredMs, startedMs } = member;
  return [category, pid, startTicks, uid, argv, isArgvTruncated ? 1 : 0, state, registeredMs, startedMs];
}
