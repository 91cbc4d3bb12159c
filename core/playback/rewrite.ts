/** Fixtures written anew: in their usual form, or without what must not be told. Comments and blank lines stay. */
import { openBytes } from "./bytes.ts";
import type { Header } from "./header.ts";
import { linesOf } from "./lines.ts";
import { fixtureError, type Place, readHeader, readRecord } from "./read-record.ts";
import { RECORD_KINDS } from "./record.ts";

/** What becomes of the header and of each record, as lines. */
export interface Change {
  header(header: Header): string;
  record(fields: Readonly<Record<string, unknown>>): string;
}

/** The usual form: the time as a distance and first, then what it is. */
export const FORMATTED: Change = {
  header: (header) => JSON.stringify(header),
  record: (fields) => JSON.stringify(fields),
};

/** Lines without their newlines. Throws BAD_DATA: what is not understood is not written anew. */
export function* rewritten(path: string, change: Change): Generator<string> {
  const bytes = openBytes(path, null);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    let number = 0;
    let hasHeader = false;
    let atMs = 0;
    for (const line of linesOf(bytes, path, true)) {
      const place: Place = { file: path, record: hasHeader ? number + 1 : null, line: line.number };
      const text = textOf(decoder, line.bytes, place).trim();
      if (text === "" || text.startsWith("#")) {
        yield text;
        continue;
      }
      if (!hasHeader) {
        hasHeader = true;
        yield change.header(readHeader(text, place).header);
        continue;
      }
      number++;
      readRecord(text, place);
      const { dt = 0, at, ...rest } = JSON.parse(text) as { dt?: number; at?: number };
      const dueMs = at ?? atMs + dt;
      if (!(dueMs >= atMs)) throw fixtureError(place, "goes back in time", at === undefined ? "dt" : "at");
      yield change.record({ dt: rounded(dueMs - atMs), ...ordered(rest) });
      atMs = dueMs;
    }
  } finally {
    bytes.close();
  }
}

const rounded = (ms: number) => Math.round(ms * 1e6) / 1e6;

/** What says which record it is comes first. */
function ordered(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kind = Object.hasOwn(fields, "src") ? "src" : RECORD_KINDS.find((each) => Object.hasOwn(fields, each));
  const first = [kind, "op", "id"].filter((name) => name !== undefined && Object.hasOwn(fields, name));
  return { ...Object.fromEntries(first.map((name) => [name, fields[name ?? ""]])), ...fields };
}

function textOf(decoder: TextDecoder, bytes: Uint8Array, place: Place): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw fixtureError(place, "is not UTF-8");
  }
}
