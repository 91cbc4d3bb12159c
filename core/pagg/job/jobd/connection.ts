/** One client: a request, its reply, the end. */
import { ERRNO } from "#ffi/errno-names.ts";
import type { Fd } from "#ffi/fd.ts";
import { kernelBytes } from "#ffi/memory.ts";
import { EPOLL, type Watch, watchKept } from "#ffi/pump.ts";
import { receiveInto, sendFrom } from "#ffi/unix-socket.ts";
import type { Answer } from "./answer.ts";
import { HEADER_LENGTH } from "./layout.ts";
import { Message } from "./message.ts";

/** partial: there is more to come; whole: the message is; broken: it never will be. */
export type Arrival = "partial" | "whole" | "broken";

export class Connection {
  readonly fd: Fd;
  readonly message = new Message();
  #received = 0;
  /** What the client has not taken yet. */
  #unsent: Uint8Array<ArrayBuffer> | null = null;
  #watch: Watch | null = null;

  constructor(fd: Fd) {
    this.fd = fd;
  }

  get isClosed(): boolean {
    return this.fd.isClosed;
  }

  get isReplying(): boolean {
    return this.#unsent !== null;
  }

  /** Reads what is there. */
  receive(): Arrival {
    const { message } = this;
    for (;;) {
      const count = receiveInto(this.fd, message.buffer.subarray(this.#received));
      if (count === -ERRNO.EAGAIN) return "partial";
      if (count <= 0) return "broken";
      this.#received += count;
      if (this.#received < HEADER_LENGTH) continue;
      if (!message.isSizeValid) return "broken";
      if (this.#received >= message.size) return "whole";
    }
  }

  /** Sends the reply and closes; what the client does not take now waits for `flush`. */
  reply(list: Exclude<Answer, "later" | "refuse">): void {
    const { bytes } = this.message;
    if (list === "nothing") {
      this.#send(bytes);
      return;
    }
    // In one piece, because clients read a list with one read(2).
    const whole = kernelBytes(bytes.length + list.length);
    whole.set(bytes);
    whole.set(list, bytes.length);
    this.#send(whole);
  }

  flush(): void {
    if (this.#unsent) this.#send(this.#unsent);
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    const count = sendFrom(this.fd, bytes);
    if (count === bytes.length || (count < 0 && count !== -ERRNO.EAGAIN)) {
      this.close();
      return;
    }
    // The message is used no more once the reply is under way.
    this.#unsent = count > 0 ? bytes.subarray(count) : bytes;
  }

  /** Calls back when more can be read, or written if a reply is under way. */
  watch(callback: () => void): void {
    this.#look(this.isReplying ? EPOLL.OUT : EPOLL.IN, callback);
  }

  /** Calls back when the other end is gone. One that only ended its sending still waits for the reply. */
  watchEnd(callback: () => void): void {
    this.#look(EPOLL.EDGE, callback);
  }

  #look(events: number, callback: () => void): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = watchKept(this.fd, events, callback);
  }

  close(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#unsent = null;
    this.fd.close();
  }
}
