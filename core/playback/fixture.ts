/** An open fixture: its header, how long it is, its marks, and any of its records by number. */
import { MusterError } from "#core/model/error.ts";
import type { Header } from "./header.ts";
import { fixtureError, type Place, readRecord } from "./read-record.ts";
import { type FixtureRecord, RECORD_KINDS, type RecordKind } from "./record.ts";
import { indexOfKind, readTimeline, type Timeline } from "./timeline.ts";

export interface TimedFixtureRecord {
  readonly index: number;
  readonly atMs: number;
  readonly place: Place;
  readonly record: FixtureRecord;
}

export interface Mark {
  readonly name: string;
  readonly index: number;
  readonly atMs: number;
}

/** A size that the recorded terminal was given. */
export interface Resize {
  readonly index: number;
  readonly cols: number;
  readonly rows: number;
}

/** One read of the file serves the records that follow. */
const WINDOW = 256 * 1024;

export class Fixture {
  readonly path: string;
  readonly #timeline: Timeline;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #warnings = new Set<string>();
  #window = { file: -1, offset: 0, bytes: new Uint8Array(0) };
  #marks: readonly Mark[] | null = null;
  #resizes: readonly Resize[] | null = null;

  /** Throws BAD_DATA, naming file, record and field. */
  static open(path: string): Fixture {
    return new Fixture(path, readTimeline(path));
  }

  private constructor(path: string, timeline: Timeline) {
    this.path = path;
    this.#timeline = timeline;
    for (const warning of timeline.warnings) this.#warnings.add(warning);
  }

  get header(): Header {
    return this.#timeline.header;
  }

  get length(): number {
    return this.#timeline.kind.length;
  }

  get durationMs(): number {
    return this.#timeline.atMs.at(-1) ?? 0;
  }

  get startWallMs(): number {
    return Date.parse(this.header.start ?? "2026-01-01T00:00:00Z");
  }

  get node(): string {
    return this.header.host ?? "node";
  }

  /** What was not understood in the records that were read. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  kindOf(index: number): RecordKind {
    return RECORD_KINDS[this.#timeline.kind[index] ?? 0] ?? "src";
  }

  atMs(index: number): number {
    return this.#timeline.atMs[index] ?? 0;
  }

  /** The first record at or after this time; `length` if there is none. */
  indexAt(ms: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.atMs(middle) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  placeOf(index: number): Place {
    const { files, file, number, line } = this.#timeline;
    return { file: files[file[index] ?? 0]?.name ?? this.path, record: number[index] ?? 0, line: line[index] ?? 0 };
  }

  /** Throws BAD_DATA, naming file, record and field. */
  record(index: number): TimedFixtureRecord {
    const place = this.placeOf(index);
    const { record, warnings } = readRecord(this.text(index), place);
    for (const warning of warnings) this.#warnings.add(warning);
    return { index, atMs: this.atMs(index), place, record };
  }

  /** The record as it stands in its file. */
  text(index: number): string {
    const { file, offset, length } = this.#timeline;
    const bytes = this.#bytes(file[index] ?? 0, offset[index] ?? 0, length[index] ?? 0, index);
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw fixtureError(this.placeOf(index), "is not UTF-8");
    }
  }

  /** Its first bytes, as if they were Latin-1: enough to tell what it is about. */
  beginning(index: number, most: number): string {
    const { file, offset, length } = this.#timeline;
    const bytes = this.#bytes(file[index] ?? 0, offset[index] ?? 0, Math.min(most, length[index] ?? 0), index);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  }

  get marks(): readonly Mark[] {
    this.#marks ??= this.#recordsOf("mark").flatMap(({ record, index, atMs }) =>
      "mark" in record ? [{ name: record.mark, index, atMs }] : [],
    );
    return this.#marks;
  }

  get resizes(): readonly Resize[] {
    this.#resizes ??= this.#recordsOf("resize").flatMap(({ record, index }) =>
      "resize" in record ? [{ index, ...record.resize }] : [],
    );
    return this.#resizes;
  }

  markNamed(name: string): Mark {
    const found = this.marks.find((mark) => mark.name === name);
    if (found) return found;
    const names = this.marks.map((mark) => mark.name).join(", ");
    throw new MusterError("USAGE", `${this.path} has no mark '${name}'`, {
      target: name,
      hint: names === "" ? "it has no marks" : `its marks: ${names}`,
    });
  }

  close(): void {
    for (const { bytes } of this.#timeline.files) bytes.close();
  }

  #recordsOf(kind: RecordKind): readonly TimedFixtureRecord[] {
    const wanted = indexOfKind(kind);
    const found: TimedFixtureRecord[] = [];
    for (const [index, each] of this.#timeline.kind.entries()) if (each === wanted) found.push(this.record(index));
    return found;
  }

  #bytes(file: number, offset: number, length: number, index: number): Uint8Array {
    const { files } = this.#timeline;
    const held = this.#window;
    const isHeld = held.file === file && offset >= held.offset && offset + length <= held.offset + held.bytes.length;
    if (!isHeld) {
      const bytes = new Uint8Array(Math.max(WINDOW, length));
      const got = files[file]?.bytes.read(bytes, offset) ?? 0;
      if (got < length) throw fixtureError(this.placeOf(index), "the file has become shorter while it is played");
      this.#window = { file, offset, bytes: bytes.subarray(0, got) };
    }
    const start = offset - this.#window.offset;
    return this.#window.bytes.subarray(start, start + length);
  }
}
