/**
 * The last minutes, kept in memory at next to no cost: what was said is kept as it is, and made into lines only when
 * somebody wants them. It is thrown away in pieces, each of which begins with what was known then.
 *
 *     | piece | piece | piece | piece |          what is written begins with the snapshot of the oldest
 *     snapshot                       now
 */
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { Encoder } from "./encode.ts";
import type { Header } from "./header.ts";
import { headerLine } from "./recording.ts";
import { RecordingFile } from "./recording-file.ts";
import type { Redactor } from "./redact.ts";
import { isWanted, notRecorded, type Said, type Sink, saidOf, type Tap } from "./tap.ts";

export interface FlightRecorderOptions {
  readonly tap: Tap;
  readonly clock: Clock;
  /** So long, and up to an eighth more. */
  readonly lastMs: number;
  /** Estimated: what it would be in a file. */
  readonly maxBytes: number;
  readonly header: Header;
  readonly redactor: () => Redactor;
  readonly kinds: readonly Kind[];
  readonly hasKeys: boolean;
}

export interface FlightSummary {
  readonly path: string;
  readonly records: number;
  readonly bytes: number;
  readonly elapsedMs: number;
}

interface Piece {
  readonly startMs: number;
  readonly snapshot: Snapshot;
  readonly said: { readonly atMs: number; readonly said: readonly Said[] }[];
  bytes: number;
}

const PIECES = 8;
const WRITTEN_AT_ONCE = 256 * 1024;
/** Every so manieth of a kind is measured; the others are taken to be as long. */
const MEASURED = 64;

export class FlightRecorder implements Sink {
  readonly #options: FlightRecorderOptions;
  readonly #close: () => void;
  readonly #sizes = new Sizes();
  #pieces: Piece[] = [];
  #bytes = 0;
  #known: Snapshot | null = null;

  constructor(options: FlightRecorderOptions) {
    this.#options = options;
    this.#close = options.tap.open(this);
  }

  /** Estimated: what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How far it goes back. */
  get elapsedMs(): number {
    const [oldest] = this.#pieces;
    return oldest ? this.#options.clock.nowMs() - oldest.startMs : 0;
  }

  begin(atMs: number, snapshot: Snapshot): void {
    this.#known = snapshot;
    this.#open(atMs, snapshot);
  }

  take(atMs: number, said: readonly Said[], snapshot: Snapshot): void {
    const { lastMs, maxBytes } = this.#options;
    const before = this.#known ?? snapshot;
    this.#known = snapshot;
    const wanted = said.filter((each) => isWanted(each, this.#options));
    if (wanted.length === 0) return;
    let piece = this.#pieces.at(-1);
    if (!piece || atMs - piece.startMs >= lastMs / PIECES || piece.bytes >= maxBytes / PIECES) {
      piece = this.#open(atMs, before);
    }
    piece.said.push({ atMs, said: wanted });
    const bytes = this.#sizes.of(wanted);
    piece.bytes += bytes;
    this.#bytes += bytes;
    while (this.#pieces.length > 1 && (this.#bytes > maxBytes || this.#isOver(atMs))) this.#drop();
  }

  /** To a new file. Throws USAGE, PERMISSION_DENIED and OUTPUT; then there is none. */
  async write(path: string, isReplacing: boolean): Promise<FlightSummary> {
    const file = RecordingFile.create(path, isReplacing);
    try {
      for (const [text, lines] of inParts(this.#lines("written"))) await file.append(await file.packed(text), lines);
      await file.close();
    } catch (thrown) {
      file.discard();
      throw thrown;
    }
    return this.#summary(file);
  }

  /** The same before anything else happens: this process is about to end. */
  writeNow(path: string, reason: string): FlightSummary {
    const file = RecordingFile.create(path, false);
    for (const [text, lines] of inParts(this.#lines(reason))) file.appendNow(text, lines);
    file.closeNow();
    return this.#summary(file);
  }

  close(): void {
    this.#close();
    this.#pieces = [];
    this.#bytes = 0;
  }

  #summary({ path, lines, bytes }: RecordingFile): FlightSummary {
    return { path, records: lines - 1, bytes, elapsedMs: Math.round(this.elapsedMs) };
  }

  #open(startMs: number, snapshot: Snapshot): Piece {
    const piece: Piece = { startMs, snapshot, said: [], bytes: 0 };
    this.#pieces.push(piece);
    return piece;
  }

  /** What is left when the oldest is gone still goes back far enough. */
  #isOver(atMs: number): boolean {
    const [, second] = this.#pieces;
    return second !== undefined && atMs - second.startMs >= this.#options.lastMs;
  }

  #drop(): void {
    this.#bytes -= this.#pieces.shift()?.bytes ?? 0;
  }

  /** As it was when this was called: pieces only grow. */
  *#lines(reason: string): Generator<string> {
    const { clock, header, kinds } = this.#options;
    const endMs = clock.nowMs();
    const pieces = this.#pieces.map(({ startMs, snapshot, said }) => ({ startMs, snapshot, said: [...said] }));
    const [oldest] = pieces;
    const startMs = oldest?.startMs ?? endMs;
    const redactor = this.#options.redactor();
    const encoder = new Encoder(redactor, startMs);
    const known = oldest ? saidOf(oldest.snapshot, kinds) : [];
    for (const said of known) redactor.learn(said);
    for (const piece of pieces) for (const { said } of piece.said) for (const each of said) redactor.learn(each);
    yield headerLine({ ...header, start: timestamp(clock.wallMs() - (endMs - startMs)) }, redactor);
    for (const said of [...notRecorded(kinds), ...known]) yield* encoder.lines(startMs, said);
    for (const piece of pieces) {
      for (const { atMs, said } of piece.said) for (const each of said) yield* encoder.lines(atMs, each);
    }
    yield encoder.line(endMs, { end: { reason } });
  }
}

function* inParts(lines: Iterable<string>): Generator<readonly [text: string, lines: number]> {
  let part: string[] = [];
  let length = 0;
  for (const line of lines) {
    part.push(line);
    length += line.length;
    if (length < WRITTEN_AT_ONCE) continue;
    yield [part.join(""), part.length];
    part = [];
    length = 0;
  }
  if (part.length > 0) yield [part.join(""), part.length];
}

/** How long records are, without making them into text each time. */
class Sizes {
  readonly #known = new Map<string, { bytes: number; count: number }>();

  of(said: readonly Said[]): number {
    let bytes = 0;
    for (const each of said) {
      if (!("src" in each)) bytes += JSON.stringify(each).length;
      else if (each.op === "reset") bytes += this.#one(each.src, each.items[0]) * each.items.length;
      else bytes += this.#one(`${each.src} ${each.op}`, each);
    }
    return bytes;
  }

  #one(name: string, value: unknown): number {
    const known = this.#known.get(name);
    if (known && ++known.count % MEASURED !== 0) return known.bytes;
    const bytes = JSON.stringify(value ?? null).length;
    this.#known.set(name, { bytes: Math.max(bytes, Math.round((known?.bytes ?? 0) * 0.9)), count: known?.count ?? 0 });
    return bytes;
  }
}
