/** Tables of jobs.db. */
import type { Format } from "#core/keep/database.ts";

const VERSION = 2;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE job (
  jid         TEXT PRIMARY KEY,   -- 0x and 16 hex digits
  number      INTEGER NOT NULL,   -- order of creation
  uid         INTEGER NOT NULL,
  user        TEXT,
  command     TEXT NOT NULL,
  containment TEXT NOT NULL,
  cgroup      TEXT,               -- below the mount; NULL for a tracker's
  origin      TEXT,               -- group its first process came from
  created_ms  INTEGER NOT NULL
) STRICT;
-- What is looked for after a restart: of jobs without a control group all that are in it, of the others the first.
CREATE TABLE process (
  jid         TEXT NOT NULL REFERENCES job (jid) ON DELETE CASCADE,
  pid         INTEGER NOT NULL,
  start_ticks TEXT NOT NULL,
  number      INTEGER NOT NULL,   -- order in which they came
  PRIMARY KEY (jid, pid)
) STRICT, WITHOUT ROWID;
CREATE TABLE report (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  jid         TEXT NOT NULL,
  ended_ms    INTEGER NOT NULL,
  report      TEXT NOT NULL       -- JobReport as JSON
) STRICT;
CREATE INDEX report_by_jid ON report (jid);
CREATE INDEX report_by_end ON report (ended_ms);
PRAGMA user_version = ${VERSION};
`;

const FROM_1_TO_2 = `ALTER TABLE process ADD COLUMN number INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2;`;

/** No job outlives a power cut. */
export const FORMAT: Format = { schema: SCHEMA, version: VERSION, upgrades: [FROM_1_TO_2], synchronous: "NORMAL" };
