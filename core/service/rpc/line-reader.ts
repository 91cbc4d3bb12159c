/**
 * Bytes as they come -> lines, bounded. What has come is kept in one buffer, however small the pieces were; of a line that
 * is too long only the end is looked for.
 */

const FIRST_ROOM = 4096;
const LINE_FEED = 10;

export interface LineReaderOptions {
  readonly longestLine: number;
  /** Called with the bytes that more or less (negative) are held. */
  readonly onHeld: (bytes: number) => void;
}

export class LineReader {
  readonly #options: LineReaderOptions;
  #room = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Up to here there is no line feed. */
  #scanned = 0;
  #skipped = 0;
  #isSkipping = false;

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  /** Bytes of the line that is being read over. */
  get skipped(): number {
    return this.#skipped;
  }

  append(chunk: Uint8Array): void {
    const more = this.#makeRoom(chunk.length);
    this.#room.set(chunk, this.#end);
    this.#end += chunk.length;
    // Last: whoever is told may have everything given back at once.
    if (more !== 0) this.#options.onHeld(more);
  }

  /** The next whole line without its end; null: none yet. A view, good until the next call of anything here. */
  next(): Uint8Array | "too-long" | null {
    const found = this.#room.subarray(0, this.#end).indexOf(LINE_FEED, this.#scanned);
    if (found === -1) return this.#unfinished();
    const line = this.#room.subarray(this.#start, found);
    this.#start = found + 1;
    this.#scanned = this.#start;
    if (this.#isSkipping) {
      this.#isSkipping = false;
      this.#skipped = 0;
      return this.next();
    }
    return line.length > this.#options.longestLine ? "too-long" : line;
  }

  /** Gives back what is held. */
  release(): void {
    this.#resize(0);
    this.#start = 0;
    this.#end = 0;
    this.#scanned = 0;
  }

  #unfinished(): "too-long" | null {
    this.#scanned = this.#end;
    const length = this.#end - this.#start;
    const isNews = !this.#isSkipping && length > this.#options.longestLine;
    if (isNews || this.#isSkipping) {
      this.#isSkipping = true;
      this.#skipped += length;
      this.release();
    } else if (length === 0) {
      this.release();
    }
    return isNews ? "too-long" : null;
  }

  /** Bytes that are held more than before. */
  #makeRoom(length: number): number {
    if (this.#end + length <= this.#room.length) return 0;
    const held = this.#room.subarray(this.#start, this.#end);
    let size = Math.max(FIRST_ROOM, this.#room.length);
    while (size < held.length + length) size *= 2;
    const room = size === this.#room.length ? this.#room : Buffer.allocUnsafe(size);
    room.set(held);
    const more = size - this.#room.length;
    this.#room = room;
    this.#scanned -= this.#start;
    this.#end -= this.#start;
    this.#start = 0;
    return more;
  }

  #resize(size: number): void {
    if (this.#room.length === size) return;
    this.#options.onHeld(size - this.#room.length);
    this.#room = Buffer.alloc(size);
  }
}
