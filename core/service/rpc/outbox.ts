/** What is to be written to one socket: whatever it does not take now waits for it to drain. */

export interface Drain {
  /** Bytes that were taken; less than given when the socket is full, negative when it is closed. */
  write(bytes: Uint8Array): number;
}

export class Outbox {
  readonly #socket: Drain;
  readonly #onHeld: (bytes: number) => void;
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(socket: Drain, onHeld: (bytes: number) => void) {
    this.#socket = socket;
    this.#onHeld = onHeld;
  }

  /** Bytes the client has not taken yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  send(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    const taken = this.isEmpty ? Math.max(0, this.#socket.write(bytes)) : 0;
    if (taken === bytes.length) return;
    this.#waiting.push(taken === 0 ? bytes : bytes.subarray(taken));
    this.#count(bytes.length - taken);
  }

  /** The socket has room again. */
  drain(): void {
    let done = 0;
    for (; done < this.#waiting.length; done++) {
      const bytes = this.#waiting[done] ?? Buffer.alloc(0);
      const taken = Math.max(0, this.#socket.write(bytes));
      this.#count(-taken);
      if (taken < bytes.length) {
        this.#waiting[done] = bytes.subarray(taken);
        break;
      }
    }
    this.#waiting = this.#waiting.slice(done);
  }

  release(): void {
    this.#count(-this.#bytes);
    this.#waiting = [];
  }

  #count(by: number): void {
    this.#bytes += by;
    this.#onHeld(by);
  }
}
