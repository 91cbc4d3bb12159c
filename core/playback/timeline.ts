/**
 * Where every record stands and when it is due, includes taken in: one pass over the bytes that parses as little as it can,
 * so that a recording of 100 MB opens at once. Records themselves are read when they are due.
 */
import { realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { type ByteSource, openBytes } from "./bytes.ts";
import type { Header } from "./header.ts";
import { type Line, linesOf } from "./lines.ts";
import { fixtureError, type Place, placeText, readHeader, readRecord } from "./read-record.ts";
import { RECORD_KINDS, type RecordKind } from "./record.ts";

export interface TimelineFile {
  /** As errors tell it. */
  readonly name: string;
  readonly path: string;
  readonly bytes: ByteSource;
}

/** One entry of each list for a record, in the order of play. */
export interface Timeline {
  readonly header: Header;
  readonly files: readonly TimelineFile[];
  readonly file: readonly number[];
  readonly offset: readonly number[];
  readonly length: readonly number[];
  readonly line: readonly number[];
  /** Number of the record in its own file. */
  readonly number: readonly number[];
  readonly atMs: readonly number[];
  /** Index into RECORD_KINDS. */
  readonly kind: readonly number[];
  readonly warnings: readonly string[];
}

const DEEPEST = 8;
const MOST_INCLUDES = 1000;
const MOST_RECORDS = 20_000_000;
/** A hundred years: what is later is a mistake. */
const LATEST_MS = 100 * 366 * 86_400_000;

/** The form that recorders write: the time first, the kind next. Everything else is parsed. */
const QUICK = /^\{"(dt|at)":(\d{1,12}(?:\.\d{1,6})?),"([a-z]+)":/;
const QUICK_BYTES = 64;
const KIND_INDEX: ReadonlyMap<string, number> = new Map(RECORD_KINDS.map((kind, index) => [kind, index]));
const INCLUDE = indexOfKind("include");
const END = indexOfKind("end");

export function indexOfKind(kind: RecordKind): number {
  return RECORD_KINDS.indexOf(kind);
}

type Draft = { -readonly [K in keyof Timeline]: Timeline[K] extends readonly (infer T)[] ? T[] : Timeline[K] | null };

export function readTimeline(path: string): Timeline {
  const draft: Draft = {
    header: null,
    files: [],
    file: [],
    offset: [],
    length: [],
    line: [],
    number: [],
    atMs: [],
    kind: [],
    warnings: [],
  };
  try {
    const directory = directoryOf(path);
    const file = join(directory, basename(path));
    takeFile({ draft, directory, includes: 0 }, { path: file, name: path, bytes: openBytes(path, null) }, 0, []);
    const { header } = draft;
    if (header === null) throw new MusterError("BAD_DATA", `${path}: is empty`, { target: path });
    return { ...draft, header };
  } catch (thrown) {
    for (const { bytes } of draft.files) bytes.close();
    throw thrown;
  }
}

function directoryOf(path: string): string {
  try {
    return realpathSync(dirname(path));
  } catch {
    throw new MusterError("BAD_DATA", `${path}: there is no such directory`, { target: path, errno: "ENOENT" });
  }
}

interface Reading {
  readonly draft: Draft;
  /** Nothing outside of it is read. */
  readonly directory: string;
  includes: number;
}

/** The time at its end. */
function takeFile(reading: Reading, file: TimelineFile, startMs: number, chain: readonly string[]): number {
  const { draft } = reading;
  const index = draft.files.push(file) - 1;
  let atMs = startMs;
  let number = 0;
  let hasHeader = false;
  let hasEnd = false;
  /** Whoever recorded it may have been stopped at any moment: what it wrote until then counts. */
  let isRecorded = false;
  for (const line of linesOf(file.bytes, file.name)) {
    const place: Place = { file: file.name, record: hasHeader ? number + 1 : null, line: line.number };
    if (!hasHeader) {
      const { header, warnings } = readHeader(textOf(line, place), place);
      draft.header ??= header;
      draft.warnings.push(...warnings);
      hasHeader = true;
      isRecorded = header.recordedBy !== undefined;
      if (file.bytes.cut && !isRecorded) throw file.bytes.cut;
      if (file.bytes.cut) draft.warnings.push(`${file.bytes.cut.message}; what is before that is played`);
      continue;
    }
    if (line.isOpen && isRecorded && isCutShort(line)) {
      draft.warnings.push(`${placeText({ ...place, record: number + 1 })}: is cut short and is left out`);
      break;
    }
    number++;
    if (hasEnd) throw fixtureError(place, "stands behind the end");
    const head = headOf(line, place);
    const dueMs = head.isAbsolute ? startMs + head.timeMs : atMs + head.timeMs;
    if (dueMs < atMs) throw fixtureError(place, `goes back in time: ${head.timeMs} is before ${atMs - startMs}`, "at");
    if (dueMs > LATEST_MS)
      throw fixtureError(place, "is more than a hundred years later", head.isAbsolute ? "at" : "dt");
    atMs = dueMs;
    if (head.kind === INCLUDE) {
      atMs = include(reading, textOf(line, place), place, file, atMs, [...chain, file.path]);
      continue;
    }
    hasEnd = head.kind === END;
    // What is included may be a whole story of its own: its end is not the end of this one.
    if (hasEnd && chain.length > 0) continue;
    draft.file.push(index);
    draft.offset.push(line.offset);
    draft.length.push(line.bytes.length);
    draft.line.push(line.number);
    draft.number.push(number);
    draft.atMs.push(atMs);
    if (draft.kind.push(head.kind) > MOST_RECORDS) throw fixtureError(place, "too many records");
  }
  if (!hasHeader) {
    throw file.bytes.cut ?? new MusterError("BAD_DATA", `${file.name}: is empty`, { target: file.name });
  }
  return atMs;
}

function include(
  reading: Reading,
  text: string,
  place: Place,
  from: TimelineFile,
  atMs: number,
  chain: readonly string[],
): number {
  const { record } = readRecord(text, place);
  const target = "include" in record ? record.include : "";
  const wrong = whyNotIncluded(target);
  if (wrong !== null) throw fixtureError(place, wrong, "include");
  const path = join(dirname(from.path), target);
  if (chain.includes(path)) throw fixtureError(place, `'${target}' includes itself`, "include");
  if (chain.length > DEEPEST) throw fixtureError(place, `more than ${DEEPEST} files deep`, "include");
  if (++reading.includes > MOST_INCLUDES) throw fixtureError(place, `more than ${MOST_INCLUDES} includes`, "include");
  const bytes = opened(path, target, place);
  return takeFile(reading, { path, name: join(dirname(from.name), target), bytes }, atMs, chain);
}

function opened(path: string, target: string, place: Place): ByteSource {
  try {
    return openBytes(path, path);
  } catch (thrown) {
    const why = thrown instanceof MusterError ? thrown.message.slice(path.length + 2) : String(thrown);
    throw fixtureError(place, `'${target}': ${why}`, "include");
  }
}

/** Only what is below the fixture's own directory: a fixture from elsewhere must not read what it likes. */
function whyNotIncluded(target: string): string | null {
  if (target === "" || target.includes("\0")) return "is not the name of a file";
  if (target.startsWith("/")) return "has to be relative to this file";
  const parts = target.split("/");
  if (parts.includes("..")) return "must not lead out of the fixture's directory";
  if (relative(".", target) === "" || parts.includes("")) return "is not the name of a file";
  return null;
}

function isCutShort({ bytes }: Line): boolean {
  try {
    JSON.parse(decoder.decode(bytes));
    return false;
  } catch {
    return true;
  }
}

interface Head {
  readonly kind: number;
  readonly isAbsolute: boolean;
  readonly timeMs: number;
}

function headOf(line: Line, place: Place): Head {
  const start = Buffer.from(line.bytes.buffer, line.bytes.byteOffset, Math.min(line.bytes.length, QUICK_BYTES));
  const quick = QUICK.exec(start.toString("latin1"));
  if (quick) {
    const kind = KIND_INDEX.get(quick[3] ?? "");
    if (kind !== undefined) return { kind, isAbsolute: quick[1] === "at", timeMs: Number(quick[2]) };
  }
  const { record, timeMs, isAbsolute } = readTimed(textOf(line, place), place);
  const kind = RECORD_KINDS.findIndex((each) => Object.hasOwn(record, each));
  return { kind, isAbsolute, timeMs };
}

function readTimed(text: string, place: Place) {
  const { record } = readRecord(text, place);
  const { dt, at } = JSON.parse(text) as { dt?: unknown; at?: unknown };
  const value = dt ?? at ?? 0;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw fixtureError(place, "has to be milliseconds, 0 or more", at === undefined ? "dt" : "at");
  }
  return { record, timeMs: value, isAbsolute: at !== undefined };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function textOf({ bytes }: Line, place: Place): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw fixtureError(place, "is not UTF-8");
  }
}
