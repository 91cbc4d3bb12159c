/**
 * One NDJSON stream: lines numbered without a gap, written as fast as the reader takes them.
 *
 *   hello, upsert*, sync, (upsert | remove | event | error | heartbeat | gap)*, end
 *
 * While the reader is slow what waits is kept by id, the latest state only, so memory is bounded by the number of items;
 * a `gap` line then tells how many lines were left out. Lines get their number when they are written, so that numbers
 * have no gap of their own.
 */
import { type Clock, timestamp } from "#core/model/clock.ts";
import type { ErrorRecord } from "#core/model/error.ts";
import { SCHEMA_VERSION } from "./document.ts";
import { jsonText } from "./text.ts";

/** Resolves when all of it was taken; rejects when there is no reader any more. */
export type LineSink = (text: string) => Promise<void>;

export interface StreamOptions {
  readonly clock: Clock;
  readonly sink: LineSink;
  readonly host: string;
  readonly kinds: readonly string[];
  readonly intervalMs: number | null;
}

type Waiting =
  | { readonly type: "upsert"; readonly item: Item; readonly isForced: boolean }
  | { readonly type: "remove"; readonly id: string; readonly reason: string }
  | { readonly type: "other"; readonly line: Line };

type Item = Readonly<Record<string, unknown>>;
type Line = Readonly<Record<string, unknown>> & { readonly type: string };

const HEARTBEAT_MS = 15_000;
/** How long the last line may take: a reader that has stopped reading must not keep us for ever. */
const END_PATIENCE_MS = 2_000;
const BATCH_CHARACTERS = 64 * 1024;
export const LONGEST_LINE = 1024 * 1024;
/** Lines without an id that may wait. */
const WAITING_OTHERS = 1_000;

export class LineStream {
  readonly #options: StreamOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sent = new Map<string, Item>();
  readonly #others: string[] = [];
  #seq = 0;
  #keys = 0;
  #dropped = 0;
  #isWriting = false;
  #isEnding = false;
  #cancelHeartbeat = () => {};
  #wakeEnd = () => {};
  #closed = Promise.withResolvers<void>();

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#closed.promise.catch(() => {});
    const { host, kinds, intervalMs } = options;
    this.#other({ schema: SCHEMA_VERSION, type: "hello", host, kinds, intervalMs });
  }

  /** Rejects when the sink fails: then nothing more is written. */
  get failed(): Promise<void> {
    return this.#closed.promise;
  }

  /** `id` because the fields that are written may be without it. Forced: written even if nothing changed. */
  upsert(id: string, item: Item, isForced = false): void {
    this.#put(id, { type: "upsert", item, isForced });
  }

  remove(id: string, reason: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.type === "upsert" && !this.#sent.has(id)) {
      this.#waiting.delete(id);
      this.#dropped++;
      return;
    }
    this.#put(id, { type: "remove", id, reason });
  }

  sync(): void {
    this.#other({ type: "sync" });
  }

  event(event: unknown): void {
    this.#other({ type: "event", event });
  }

  error(error: ErrorRecord, fatal: boolean): void {
    this.#other({ type: "error", error, fatal });
  }

  /** Writes the last line. Resolves when it was taken, or when waiting for that has no sense. */
  async end(reason: string, exitCode: number): Promise<void> {
    if (this.#isEnding) return;
    this.#other({ type: "end", reason, exitCode });
    this.#isEnding = true;
    this.#cancelHeartbeat();
    if (!this.#isWriting && this.#waiting.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeEnd = resolve;
    const cancel = this.#options.clock.setTimer(END_PATIENCE_MS, resolve);
    await promise;
    cancel();
  }

  #other(line: Line): void {
    const key = ` ${this.#keys++}`;
    this.#others.push(key);
    if (this.#others.length > WAITING_OTHERS) {
      this.#waiting.delete(this.#others.shift() ?? "");
      this.#dropped++;
    }
    this.#put(key, { type: "other", line });
  }

  #put(key: string, waiting: Waiting): void {
    if (this.#isEnding) return;
    if (this.#waiting.has(key)) this.#dropped++;
    this.#waiting.set(key, waiting);
    if (!this.#isWriting) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isWriting = true;
    this.#cancelHeartbeat();
    try {
      while (this.#waiting.size > 0) {
        const batch = this.#nextBatch();
        if (batch !== "") await this.#options.sink(batch);
      }
    } catch (thrown) {
      this.#isEnding = true;
      this.#waiting.clear();
      this.#closed.reject(thrown);
    }
    this.#isWriting = false;
    this.#wakeEnd();
    if (!this.#isEnding) this.#armHeartbeat();
  }

  #armHeartbeat(): void {
    this.#cancelHeartbeat = this.#options.clock.setTimer(HEARTBEAT_MS, () => this.#other({ type: "heartbeat" }));
  }

  #nextBatch(): string {
    let text = "";
    if (this.#dropped > 0) {
      text = this.#lineText({ type: "gap", dropped: this.#dropped });
      this.#dropped = 0;
    }
    for (const [key, waiting] of this.#waiting) {
      if (text.length >= BATCH_CHARACTERS) break;
      this.#waiting.delete(key);
      text += this.#textOf(key, waiting);
    }
    return text;
  }

  #textOf(key: string, waiting: Waiting): string {
    switch (waiting.type) {
      case "other":
        this.#others.shift();
        return this.#lineText(waiting.line);
      case "remove":
        this.#sent.delete(key);
        return this.#lineText({ type: "remove", id: waiting.id, reason: waiting.reason });
      case "upsert": {
        const { item, isForced } = waiting;
        const earlier = this.#sent.get(key);
        this.#sent.set(key, item);
        if (!earlier) return this.#lineText({ type: "upsert", item });
        const changed = changedKeys(earlier, item);
        return changed.length > 0 || isForced ? this.#lineText({ type: "upsert", item, changed }) : "";
      }
    }
  }

  #lineText(line: Line): string {
    const { schema, type, ...rest } = line;
    const t = timestamp(this.#options.clock.wallMs());
    const head = schema === undefined ? { type, seq: this.#seq, t } : { schema, type, seq: this.#seq, t };
    const text = jsonText({ ...head, ...rest }, false);
    if (Buffer.byteLength(text) >= LONGEST_LINE) return this.#lineText(tooLong(line));
    this.#seq++;
    return `${text}\n`;
  }
}

function changedKeys(earlier: Item, now: Item): string[] {
  return Object.keys(now).filter((key) => JSON.stringify(earlier[key]) !== JSON.stringify(now[key]));
}

/** Readers are promised lines of at most 1 MiB. */
function tooLong(line: Line): Line {
  const item = line.item as { id?: unknown } | undefined;
  const target = typeof item?.id === "string" ? item.id : null;
  const message = `a line of type ${line.type} was longer than 1 MiB and was left out`;
  const error: ErrorRecord = {
    code: "OUTPUT",
    message,
    target,
    errno: null,
    hint: "ask for fewer fields with --json=FIELDS",
    retryable: false,
    causes: [],
  };
  return { type: "error", error, fatal: false };
}
