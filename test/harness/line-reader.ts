/** The output of a process, line by line. */

export class LineReader {
  readonly #reader: AsyncIterator<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream[Symbol.asyncIterator]();
  }

  /** Without its line feed. Throws at the end. */
  async next(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#reader.next();
      if (done) throw new Error(`it ended after "${this.#rest}"`);
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }
}
