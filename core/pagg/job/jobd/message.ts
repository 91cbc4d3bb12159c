/**
 * A message in its buffer: the request as it came, which becomes the reply. What lies beyond the size that was sent is
 * never read (`REQUESTS[...].needs`) and never sent, so nothing leaks; what a reply writes there is dropped with it.
 */
import { kernelBytes, viewOf } from "#ffi/memory.ts";
import { ERR, HEADER_LENGTH, LONGEST_MESSAGE, REQ, SIZE } from "./layout.ts";

export class Message {
  readonly buffer = kernelBytes(LONGEST_MESSAGE);
  readonly #view = viewOf(this.buffer);

  /** A copy that stays when the buffer is used again. */
  static of(bytes: Uint8Array): Message {
    const message = new Message();
    message.buffer.set(bytes.subarray(0, LONGEST_MESSAGE));
    return message;
  }

  get req(): number {
    return this.int(REQ);
  }

  get size(): number {
    return this.int(SIZE);
  }

  /** An errno that came with the request stays unless there is another, as in jobd. */
  set err(errno: number) {
    this.setInt(ERR, errno);
  }

  get err(): number {
    return this.int(ERR);
  }

  /** No message is shorter than its header or longer than the longest. */
  get isSizeValid(): boolean {
    return this.size >= HEADER_LENGTH && this.size <= LONGEST_MESSAGE;
  }

  /** As long as it says it is. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.size);
  }

  int(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  setInt(offset: number, value: number): void {
    this.#view.setInt32(offset, value, true);
  }

  wide(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  setWide(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }
}
