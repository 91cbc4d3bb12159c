/** Bytes -> messages, by the length in their header: parts are put together, what comes at once is taken apart. */

/** The length of the message at the beginning of `bytes`, null while it cannot be told. May throw. */
export type LengthOf = (bytes: Uint8Array) => number | null;

export class Framer {
  readonly #lengthOf: LengthOf;
  /** What has come and was not taken yet. */
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(lengthOf: LengthOf) {
    this.#lengthOf = lengthOf;
  }

  /** `chunk` stays the caller's: what is kept of it beyond this turn is copied by `keep`. */
  append(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next whole message, valid until the next `append` or `keep`; null until more has come. */
  next(): Uint8Array | null {
    const length = this.#lengthOf(this.#bytes);
    if (length === null || this.#bytes.length < length) return null;
    const message = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return message;
  }

  /** Makes what is left its own: the memory of the chunk goes back to whoever gave it. */
  keep(): void {
    this.#bytes = this.#bytes.slice();
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0;
  }
}
