/** What a module writes to its standard output and standard error, on its way to the service's log: so much a second. */

import { StringDecoder } from "node:string_decoder";
import type { Clock } from "#core/model/clock.ts";

const LONGEST_LINE = 1000;
/** Characters that are passed on in a second; and what is taken for a flood. */
const SHARE = 32_768;
const FLOOD = 16 << 20;
const SECOND_MS = 1000;

export interface OutputGateOptions {
  readonly clock: Clock;
  readonly onLine: (line: string) => void;
  readonly onFlood: () => void;
}

export class OutputGate {
  readonly #options: OutputGateOptions;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  #sinceMs: number;
  #bytes = 0;
  #passed = 0;
  #dropped = 0;

  constructor(options: OutputGateOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.nowMs();
  }

  push(chunk: Uint8Array): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#sinceMs >= SECOND_MS) this.#beginSecond(nowMs);
    this.#bytes += chunk.length;
    if (this.#bytes > FLOOD) this.#options.onFlood();
    if (this.#passed >= SHARE) {
      this.#dropped += chunk.length;
      return;
    }
    const lines = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split("\n");
    this.#rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
    for (const line of lines) this.#pass(line);
  }

  /** There will be no more. */
  end(): void {
    if (this.#rest !== "") this.#pass(this.#rest);
    this.#rest = "";
    this.#tellDropped();
  }

  #beginSecond(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#bytes = 0;
    this.#passed = 0;
    this.#tellDropped();
  }

  #pass(line: string): void {
    if (this.#passed >= SHARE) {
      this.#dropped += line.length;
      return;
    }
    const cut = line.slice(0, LONGEST_LINE);
    this.#passed += cut.length + 1;
    this.#options.onLine(cut);
  }

  #tellDropped(): void {
    if (this.#dropped > 0) this.#options.onLine(`(${this.#dropped} bytes more were dropped)`);
    this.#dropped = 0;
  }
}
