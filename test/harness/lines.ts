/** What a program says, line by line. The part behind the last newline is not one. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** The same where a line is awaited now and then. */
export class LineReader {
  readonly #lines: AsyncGenerator<string>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#lines = linesOf(stream);
  }

  /** Without its line feed. Throws at the end. */
  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("it ended without another line");
    return value;
  }
}
