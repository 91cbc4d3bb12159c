/** Lines out of a stream of bytes. One that grows beyond the limit is told, and ends it: what comes after has no beginning. */
import { StringDecoder } from "node:string_decoder";

export class Lines {
  readonly #limit: number;
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  readonly #decoder = new StringDecoder("utf8");
  #parts: string[] = [];
  #length = 0;
  #isOver = false;

  /** `limit` is in characters. */
  constructor(limit: number, onLine: (line: string) => void, onTooLong: () => void) {
    this.#limit = limit;
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let begin = 0;
    for (let end = text.indexOf("\n"); end >= 0 && !this.#isOver; end = text.indexOf("\n", begin)) {
      this.#add(text.slice(begin, end));
      begin = end + 1;
      if (this.#isOver) return;
      const line = this.#parts.length === 1 ? (this.#parts[0] ?? "") : this.#parts.join("");
      this.#parts = [];
      this.#length = 0;
      this.#onLine(line);
    }
    this.#add(text.slice(begin));
  }

  #add(part: string): void {
    this.#length += part.length;
    if (this.#length > this.#limit) {
      this.#isOver = true;
      this.#parts = [];
      this.#onTooLong();
    } else if (part !== "") this.#parts.push(part);
  }
}
