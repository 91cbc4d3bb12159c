/**
 * Whether somebody committed to a database since it was looked at last, for less than a query costs.
 *
 *     rollback journal   the change counter in the file's header (fileformat2, 1.3.7): every commit counts it up
 *     WAL                the header of the wal-index in the -shm file (walformat, 2.1): every commit writes it anew
 *     elsewhere          PRAGMA data_version: on network file systems, where only SQLite's locks make a read fresh
 *
 * Both headers are read through SQLite's own descriptors (ffi/open-file.ts). A commit has ended only after its header was
 * written, so an unchanged header means that no commit has ended.
 */
import { statfsSync } from "node:fs";
import type Database from "better-sqlite3";
import { kernelBytes } from "#ffi/memory.ts";
import { NamedFile, openNumbersOf, readHead } from "#ffi/open-file.ts";

/** ext, xfs, btrfs, tmpfs, overlay, f2fs, zfs, ramfs: a write is seen by the next read. */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0x858458f6]);

/** Up to the change counter, a word at 24; the versions for writing and reading, 2 for WAL, are bytes 18 and 19. */
const FILE_HEADER_BYTES = 28;
/** One of its two copies, check sums and salts included. */
const WAL_INDEX_BYTES = 48;

const isWal = (header: Header): boolean => header.bytes[18] === 2;

/** The start of a file, as it is now and as it was kept. */
class Header {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #now: Uint32Array;
  readonly #kept: Uint32Array;

  constructor(length: number) {
    this.bytes = kernelBytes(length);
    this.#now = new Uint32Array(this.bytes.buffer);
    this.#kept = new Uint32Array(this.#now.length);
  }

  /** Into `bytes`. */
  read(descriptor: number | null): boolean {
    return descriptor !== null && readHead(descriptor, this.bytes);
  }

  keep(): void {
    this.#kept.set(this.#now);
  }

  isAsKept(): boolean {
    for (let index = 0; index < this.#now.length; index++) {
      if (this.#now[index] !== this.#kept[index]) return false;
    }
    return true;
  }
}

export interface Kept<T> {
  readonly result: T;
  /** Whether `isUnchanged` will vouch for it. */
  readonly isKept: boolean;
  /** Whether what was kept before holds as well. */
  readonly isSameAsBefore: boolean;
}

export class ChangeWatch {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #named: NamedFile;
  /** SQLite's descriptor of the file; null where headers are not to be trusted, or not found. */
  readonly #file: number | null;
  /** Of the -shm file, which SQLite opens with the first read in WAL mode and keeps open. */
  #walIndex: number | null = null;
  readonly #header = new Header(FILE_HEADER_BYTES);
  readonly #walHeader = new Header(WAL_INDEX_BYTES);
  #keptVersion = -1;
  #isKept = false;

  /** `before`: the descriptors there were before the database was opened. */
  constructor(path: string, database: Database.Database, before: readonly number[]) {
    this.#path = path;
    this.#database = database;
    this.#named = new NamedFile(path);
    this.#file = isLocal(path) ? ownNumber(path, before) : null;
  }

  /** Whether nothing was committed since `keep`, and the file still has its name. */
  isUnchanged(): boolean {
    if (!this.#isKept || !this.#named.isThere()) return false;
    if (this.#file === null) return this.#dataVersion() === this.#keptVersion;
    if (!this.#header.read(this.#file) || !this.#header.isAsKept()) return false;
    return !isWal(this.#header) || (this.#walHeader.read(this.#walIndex) && this.#walHeader.isAsKept());
  }

  /** Removed, or another file put in its place: what this database says is of the past. */
  isReplaced(): boolean {
    return !this.#named.isThere();
  }

  forget(): void {
    this.#isKept = false;
  }

  /**
   * Reads what `body` asks in one transaction, and keeps what the headers said if they said the same before and within it.
   * Within: the lock of a reader keeps commits out, so a counter that a transaction raised and took back does not count.
   * Before: in WAL mode commits go on, and the snapshot is not older than what was read before it.
   */
  keep<T>(body: () => T): Kept<T> {
    const [wasKept, versionBefore] = [this.#isKept, this.#keptVersion];
    this.#isKept = false;
    const isRead = this.#read();
    const version = this.#keptVersion;
    const isSameAsBefore =
      wasKept && isRead && this.#header.isAsKept() && this.#walHeader.isAsKept() && version === versionBefore;
    this.#header.keep();
    this.#walHeader.keep();
    const whole = this.#database.transaction(() => {
      const result = body();
      const isSame = isRead && this.#read() && this.#header.isAsKept() && this.#walHeader.isAsKept();
      return { result, isKept: isSame && version === this.#keptVersion };
    });
    const { result, isKept } = whole();
    this.#isKept = isKept;
    return { result, isKept, isSameAsBefore: isKept && isSameAsBefore };
  }

  #read(): boolean {
    if (this.#file === null) {
      this.#keptVersion = this.#dataVersion();
      return true;
    }
    if (!this.#header.read(this.#file)) return false;
    if (!isWal(this.#header)) return true;
    this.#walIndex ??= openNumbersOf(`${this.#path}-shm`)[0] ?? null;
    return this.#walHeader.read(this.#walIndex);
  }

  #dataVersion(): number {
    return Number(this.#database.pragma("data_version", { simple: true }));
  }
}

/** Of several databases of one file in this process, the descriptor that came with this one. */
function ownNumber(path: string, before: readonly number[]): number | null {
  const numbers = openNumbersOf(path);
  return numbers.find((number) => !before.includes(number)) ?? numbers[0] ?? null;
}

function isLocal(path: string): boolean {
  try {
    return LOCAL.has(statfsSync(path).type);
  } catch {
    return false;
  }
}
