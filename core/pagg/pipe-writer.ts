/** Text into a pipe whose reader may be slow: what does not fit waits, and nobody here waits with it. */
import { type Fd, setNonBlocking, writeSome } from "#ffi/fd.ts";
import { EPOLL, type Watch, watchFd } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";

/** In one write: a copy is made of it. */
const PIECE = 1 << 16;

export class PipeWriter {
  readonly #fd: Fd;
  readonly #waiting: Uint8Array[] = [];
  #watch: Watch | null = null;

  /** Takes over the write end. */
  constructor(fd: Fd) {
    setNonBlocking(fd);
    this.#fd = fd;
  }

  /** Once the reader is gone it goes nowhere: that is told by its exit. */
  send(text: string): void {
    if (this.#fd.isClosed) return;
    this.#waiting.push(Buffer.from(text));
    if (this.#watch === null) this.#flush();
  }

  close(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#waiting.length = 0;
    this.#fd.close();
  }

  #flush(): void {
    try {
      while (this.#waiting.length > 0) {
        const [first = new Uint8Array(0)] = this.#waiting;
        const count = writeSome(this.#fd, first.subarray(0, PIECE));
        if (count === first.length) this.#waiting.shift();
        else if (count > 0) this.#waiting[0] = first.subarray(count);
        else {
          this.#wait();
          return;
        }
      }
      this.#watch?.[Symbol.dispose]();
      this.#watch = null;
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      this.close();
    }
  }

  #wait(): void {
    if (this.#watch) this.#watch.rearm();
    else this.#watch = watchFd(this.#fd, EPOLL.OUT | EPOLL.ONESHOT, () => this.#flush());
  }
}
