/** What was said -> lines of a fixture: the time first, the kind next, as readers like it best. */
import type { SourceEvent } from "#core/model/source.ts";
import type { Effect } from "./effect-records.ts";
import { LONGEST_LINE } from "./lines.ts";
import type { Redactor } from "./redact.ts";
import type { Said } from "./tap.ts";

/** A list that is longer goes on as records of its own. */
const LONGEST_RESET = 2 * 1024 * 1024;
/** Four bytes a character at most. */
const LONGEST_TEXT = LONGEST_LINE / 4 - 64;

export class Encoder {
  readonly #redactor: Redactor;
  readonly #startMs: number;
  /** Answers that somebody waits for: of what was asked before the first record nothing is told. */
  readonly #awaited = new Set<string>();
  #atMs = 0;

  /** `startMs`: what the clock said at the beginning. */
  constructor(redactor: Redactor, startMs: number) {
    this.#redactor = redactor;
    this.#startMs = startMs;
  }

  /** Monotonic time of the last line, since the beginning. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Whole lines; none for an answer to nothing. */
  *lines(atMs: number, said: Said): Generator<string> {
    if ("src" in said) return yield* this.#source(atMs, said);
    if ("effect" in said && !this.#isAwaited(said.effect)) return;
    yield this.#line(atMs, said);
  }

  line(atMs: number, record: object): string {
    return this.#line(atMs, record);
  }

  *#source(atMs: number, event: SourceEvent): Generator<string> {
    const { src, op } = event;
    if (op === "reset") return yield* this.#reset(atMs, event);
    if (op === "stale") return yield this.#line(atMs, { src, op, sinceMs: Math.round(event.sinceMs - this.#startMs) });
    yield this.#line(atMs, Object.assign({ src, op }, event));
  }

  *#reset(atMs: number, event: SourceEvent & { readonly op: "reset" }): Generator<string> {
    const { src, op, items, warnings = [] } = event;
    const texts: string[] = [];
    let length = 0;
    let index = 0;
    for (; index < items.length; index++) {
      const text = this.#redactor.json(items[index] ?? {});
      length += text.length;
      if (length > LONGEST_RESET) break;
      texts.push(text);
    }
    const some =
      warnings.length > 0 ? `,"warnings":[${warnings.map((each) => this.#redactor.json(each)).join(",")}]` : "";
    yield this.#timed(atMs, `"src":"${src}","op":"${op}","items":[${texts.join(",")}]${some}}`);
    for (; index < items.length; index++) yield this.#line(atMs, { src, op: "upsert", item: items[index] });
  }

  #isAwaited(effect: Effect): boolean {
    if ("match" in effect) {
      if ("later" in effect.reply) this.#awaited.add(effect.reply.later);
      return true;
    }
    return "reply" in effect ? this.#awaited.delete(effect.answers) : this.#awaited.has(effect.answers);
  }

  #line(atMs: number, record: object): string {
    return this.#timed(atMs, this.#redactor.json(record).slice(1));
  }

  /** Whole milliseconds that do not add up to an error. */
  #timed(atMs: number, rest: string): string {
    if (rest.length > LONGEST_TEXT) {
      return this.#timed(atMs, `"note":"a record of ${rest.length} characters is left out: it is too long"}`);
    }
    const next = Math.max(this.#atMs, Math.round(atMs - this.#startMs));
    const dt = next - this.#atMs;
    this.#atMs = next;
    return `{"dt":${dt},${rest}\n`;
  }
}
