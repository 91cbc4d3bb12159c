/**
 * A recording under way: what a tap tells is queued at once and written behind, a little at a time, so that nobody waits for
 * a disk. If the disk is too slow for what happens, the recording says so and goes on from what is known then; if it cannot
 * be written it ends, with what is in it.
 */
import { type Clock, delay, timestamp } from "#core/model/clock.ts";
import { errorRecord, type MusterError, toMusterError } from "#core/model/error.ts";
import type { Kind } from "#core/model/kind-names.ts";
import type { Snapshot } from "#core/store/snapshot.ts";
import { Encoder } from "./encode.ts";
import type { Header } from "./header.ts";
import { RecordingFile } from "./recording-file.ts";
import type { Redactor } from "./redact.ts";
import { isWanted, notRecorded, type Said, type Sink, saidOf, type Tap } from "./tap.ts";

/** stopped: as it was asked for; time, size: a limit was reached; error: it cannot be written any more. */
export type EndReason = "stopped" | "time" | "size" | "error";

export interface RecordingSummary {
  readonly path: string;
  readonly reason: EndReason;
  readonly records: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Records that the disk was too slow for. */
  readonly lost: number;
  readonly error: MusterError | null;
}

export interface RecordingOptions {
  readonly tap: Tap;
  readonly clock: Clock;
  readonly path: string;
  readonly isReplacing: boolean;
  readonly header: Header;
  readonly redactor: Redactor;
  /** Of the others the recording says that they are not in it. */
  readonly kinds: readonly Kind[];
  readonly hasKeys: boolean;
  /** Of the file; null: as large as it becomes. */
  readonly maxBytes: number | null;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  /** A disk is written to that often: what a crash of the machine may cost. */
  readonly writeMs: number;
  /** Of a packed file, whose parts are better long. */
  readonly packedWriteMs: number;
  /** Characters made into lines before others get their turn. */
  readonly slice: number;
  /** Characters that go to the disk at once. */
  readonly part: number;
  /** Records that wait. */
  readonly queue: number;
}

const LIMITS: Limits = { writeMs: 250, packedWriteMs: 5000, slice: 128 * 1024, part: 1024 * 1024, queue: 100_000 };
/** For the last record. */
const END_ROOM = 512;

interface Waiting {
  readonly atMs: number;
  readonly said: readonly Said[];
}

export class Recording implements Sink {
  readonly #options: RecordingOptions;
  readonly #limits: Limits;
  readonly #file: RecordingFile;
  readonly #encoder: Encoder;
  readonly #startMs: number;
  readonly #ended = Promise.withResolvers<RecordingSummary>();
  readonly #close: () => void;
  #queue: Waiting[] = [];
  /** Records in the queue. */
  #waiting = 0;
  #lines: string[] = [];
  #length = 0;
  #lost = 0;
  /** Nothing is queued until the queue has been written: then it begins anew. */
  #isBehind = false;
  #known: Snapshot | null = null;
  #cancelTimer: (() => void) | null = null;
  /** From when on nobody is waited for. */
  readonly #hurry = new AbortController();
  #isWriting = false;
  #reason: EndReason | null = null;
  #error: MusterError | null = null;

  /** Its header is written when this returns. Throws USAGE, PERMISSION_DENIED and OUTPUT; then there is no file. */
  static begin(options: RecordingOptions): Recording {
    const { path, isReplacing, header, redactor, clock } = options;
    const file = RecordingFile.create(path, isReplacing);
    try {
      file.appendNow(headerLine({ ...header, start: timestamp(clock.wallMs()) }, redactor), 1);
    } catch (thrown) {
      file.discard();
      throw thrown;
    }
    return new Recording(options, file);
  }

  private constructor(options: RecordingOptions, file: RecordingFile) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#file = file;
    this.#startMs = options.clock.nowMs();
    this.#encoder = new Encoder(options.redactor, this.#startMs);
    this.#close = options.tap.open(this);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Resolves when the file is closed, whatever the reason. */
  get ended(): Promise<RecordingSummary> {
    return this.#ended.promise;
  }

  begin(atMs: number, snapshot: Snapshot): void {
    this.#known = snapshot;
    const known = saidOf(snapshot, this.#options.kinds);
    for (const said of known) this.#options.redactor.learn(said);
    this.#enqueue(atMs, [...notRecorded(this.#options.kinds), ...known]);
  }

  take(atMs: number, said: readonly Said[], snapshot: Snapshot): void {
    if (this.#reason !== null) return;
    this.#known = snapshot;
    const wanted = said.filter((each) => isWanted(each, this.#options));
    if (wanted.length === 0) return;
    if (this.#isBehind || this.#waiting + wanted.length > this.#limits.queue) {
      this.#isBehind = true;
      this.#lost += wanted.length;
      return;
    }
    this.#enqueue(atMs, wanted);
  }

  /** What was told before this is in the file when it resolves. */
  stop(reason: EndReason = "stopped"): Promise<RecordingSummary> {
    if (this.#reason === null) {
      this.#reason = reason;
      this.#close();
      this.#hurry.abort();
      void this.#pump();
    }
    return this.#ended.promise;
  }

  #enqueue(atMs: number, said: readonly Said[]): void {
    if (said.length === 0) return;
    this.#queue.push({ atMs, said });
    this.#waiting += said.length;
    this.#arm(this.#writeMs());
  }

  #writeMs(): number {
    return this.#file.isPacked ? this.#limits.packedWriteMs : this.#limits.writeMs;
  }

  #arm(afterMs: number): void {
    if (this.#isWriting) return;
    this.#cancelTimer ??= this.#options.clock.setTimer(afterMs, () => {
      this.#cancelTimer = null;
      void this.#pump();
    });
  }

  /** Once at a time: makes lines of what waits, and writes them. */
  async #pump(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    try {
      do {
        await this.#drain();
        this.#catchUp();
      } while (this.#reason !== null && this.#queue.length > 0);
      if (this.#reason !== null) await this.#finish();
    } catch (thrown) {
      await this.#fail(thrown);
    }
    this.#isWriting = false;
    if (this.#reason !== null) this.#resolve();
    else if (this.#queue.length > 0) this.#arm(this.#writeMs());
  }

  async #drain(): Promise<void> {
    for (const _ of this.#encoded()) {
      if (this.#length >= this.#limits.part) await this.#write();
      // Whoever waits for the service comes first.
      await delay(this.#options.clock, 0, this.#hurry.signal);
    }
    await this.#write();
  }

  /** After a loss it goes on from what is known now. */
  #catchUp(): void {
    if (!this.#isBehind || !this.#known || this.#reason === "size") return;
    this.#isBehind = false;
    const note = `the disk was too slow: ${this.#lost} records are missing before this`;
    const said: Said[] = [{ note }, ...saidOf(this.#known, this.#options.kinds)];
    this.#queue.push({ atMs: this.#options.clock.nowMs(), said });
    this.#waiting += said.length;
  }

  /** Empties the queue slice by slice. */
  *#encoded(): Generator<void> {
    let until = this.#length + this.#limits.slice;
    while (this.#queue.length > 0) {
      const queue = this.#queue;
      this.#queue = [];
      this.#waiting = 0;
      for (const { atMs, said } of queue) {
        for (const each of said) {
          for (const line of this.#encoder.lines(atMs, each)) {
            this.#lines.push(line);
            this.#length += line.length;
            if (this.#length < until) continue;
            yield;
            until = this.#length + this.#limits.slice;
          }
        }
      }
    }
  }

  async #write(): Promise<void> {
    const lines = this.#lines;
    this.#lines = [];
    this.#length = 0;
    if (lines.length === 0) return;
    const bytes = await this.#file.packed(lines.join(""));
    const { maxBytes } = this.#options;
    if (maxBytes === null || this.#file.bytes + bytes.length + END_ROOM <= maxBytes) {
      await this.#file.append(bytes, lines.length);
      return;
    }
    await this.#writeWhatFits(lines, maxBytes - END_ROOM - this.#file.bytes);
  }

  /** The largest number of lines, by halves: what a packed part takes is known when it is packed. */
  async #writeWhatFits(lines: readonly string[], room: number): Promise<void> {
    let fitting: Uint8Array = new Uint8Array(0);
    let [low, high] = [0, lines.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const bytes = await this.#file.packed(lines.slice(0, middle).join(""));
      if (bytes.length <= room) [low, fitting] = [middle, bytes];
      else high = middle - 1;
    }
    this.#close();
    this.#reason = "size";
    this.#queue = [];
    await this.#file.append(fitting, low);
  }

  async #finish(): Promise<void> {
    await this.#file.append(await this.#file.packed(this.#endLine(this.#reason ?? "stopped")), 1);
    await this.#file.close();
  }

  /** As much order as there can be: an end, if there is room for one. */
  async #fail(thrown: unknown): Promise<void> {
    this.#close();
    this.#error = toMusterError(thrown);
    this.#reason = "error";
    this.#queue = [];
    try {
      const text = this.#endLine(errorRecord(this.#error).message);
      await this.#file.append(await this.#file.packed(text), 1);
    } catch {
      // A recording may be without an end.
    }
    await this.#file.close().catch(() => {});
  }

  #endLine(reason: string): string {
    const atMs = this.#reason === "size" ? this.#startMs + this.#encoder.atMs : this.#options.clock.nowMs();
    return this.#encoder.line(atMs, { end: { reason: reason.slice(0, END_ROOM / 4) } });
  }

  #resolve(): void {
    this.#ended.resolve({
      path: this.#file.path,
      reason: this.#reason ?? "stopped",
      records: this.#file.lines - 1,
      bytes: this.#file.bytes,
      elapsedMs: this.#encoder.atMs,
      lost: this.#lost,
      error: this.#error,
    });
  }
}

export function headerLine(header: Header, redactor: Redactor): string {
  return `${JSON.stringify(redactor.header(header))}\n`;
}
