/**
 * The client's side of the socket: one request and its reply at a time, with a deadline. pmdaroot(1) takes one message at a
 * time, whole, so requests wait for one another here and each goes out in one piece.
 */
import { type Clock, delay } from "#core/model/clock.ts";
import { receiveMessage, sendMessage, shutdownSocket } from "#ffi/descriptor-socket.ts";
import type { Fd } from "#ffi/fd.ts";
import { peerCredentials } from "#ffi/peer.ts";
import { EPOLL } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";
import { connectUnix } from "#ffi/unix-socket.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import { asBuffer, HEADER_LENGTH, LONGEST_MESSAGE, OFFSET } from "./codec.ts";
import { PmdaRootError } from "./error.ts";
import { Framer } from "./framer.ts";
import { STATUS } from "./status.ts";

export interface ClientOptions {
  readonly path: string;
  readonly clock: Clock;
  /** For each call; a server that looks through a thousand containers of its own takes seconds. */
  readonly timeoutMs?: number;
}

/** A message, and what came with it. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly descriptors: readonly Fd[];
}

const TIMEOUT_MS = 30_000;
/** Between two tries while the server's queue of connections is full. */
const FULL_QUEUE_MS = 5;

/** Throws PmdaRootError: EPERM as the C function, with the errno of connect(2) beside it. */
export async function openLine(options: ClientOptions): Promise<ClientLine> {
  const { clock, path, timeoutMs = TIMEOUT_MS } = options;
  const deadlineMs = clock.nowMs() + timeoutMs;
  for (;;) {
    try {
      return new ClientLine(options, connectUnix(path));
    } catch (thrown) {
      if (!(thrown instanceof SysError)) throw thrown;
      if (thrown.errnoName !== "EAGAIN" || clock.nowMs() >= deadlineMs) throw connectFailed(path, thrown);
      await delay(clock, FULL_QUEUE_MS);
    }
  }
}

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ENOENT: "no server runs there: start pmcd with pmdaroot, or 'muster root serve'",
  ECONNREFUSED: "the server that made the socket is gone",
  EACCES: "only root may reach it; the directory and the socket have its rights",
};

function connectFailed(path: string, cause: SysError): PmdaRootError {
  const hint = CONNECT_HINTS[cause.errnoName];
  return new PmdaRootError(STATUS.EPERM, `cannot connect to ${path}: ${cause.message}`, {
    target: path,
    errno: cause.errnoName,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export class ClientLine implements Disposable {
  readonly path: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #socket: Fd;
  readonly #framer = new Framer(replyLength);
  #descriptors: Fd[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor({ path, clock, timeoutMs = TIMEOUT_MS }: ClientOptions, socket: Fd) {
    this.path = path;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#socket = socket;
  }

  /** Who listens there, by the kernel. Throws SysError. */
  get server(): { readonly pid: number; readonly uid: number } {
    return peerCredentials(this.#socket);
  }

  /** One request and its reply; the next one waits. */
  exchange(call: string, request: Buffer): Promise<Arrival> {
    const turn = this.#last.then(() => this.#ask(call, request));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #ask(call: string, request: Buffer): Promise<Arrival> {
    if (this.#socket.isClosed) throw new PmdaRootError(STATUS.ENOTCONN, `${call}: not connected to ${this.path}`);
    const count = sendMessage(this.#socket, request);
    if (count !== request.length) {
      // What the C function returns for any failed send.
      const cause = new SysError(count < 0 ? -count : 5, "sendmsg", this.path);
      this.close();
      throw new PmdaRootError(STATUS.EPERM, `${call}: ${cause.message}`, {
        target: this.path,
        errno: cause.errnoName,
        cause,
      });
    }
    return this.receive(call);
  }

  /** What the server says unasked, or next. */
  async receive(call: string): Promise<Arrival> {
    const deadline = new AbortController();
    const cancel = this.#clock.setTimer(this.#timeoutMs, () => deadline.abort());
    try {
      for (;;) {
        const message = this.#framer.next();
        if (message !== null) return this.#arrived(message);
        if (this.#read()) continue;
        if (!(await waitEvent(this.#socket, EPOLL.IN, deadline.signal))) throw this.#timedOut(call);
      }
    } catch (thrown) {
      // A reply that comes too late would be taken for that to the next request.
      this.close();
      if (thrown instanceof SysError) {
        throw new PmdaRootError(-thrown.errno, `${call}: ${thrown.message}`, { target: this.path, cause: thrown });
      }
      throw thrown;
    } finally {
      cancel();
    }
  }

  /** False when nothing has come yet. */
  #read(): boolean {
    const received = receiveMessage(this.#socket, LONGEST_MESSAGE);
    if (received === null) return false;
    this.#descriptors.push(...received.descriptors);
    if (received.bytes.length === 0) throw this.#goneAway();
    this.#framer.append(received.bytes);
    return true;
  }

  #arrived(message: Uint8Array): Arrival {
    const descriptors = this.#descriptors;
    this.#descriptors = [];
    return { bytes: message.slice(), descriptors };
  }

  #goneAway(): PmdaRootError {
    const hint = "it closes the connections of users who may not ask, and those of requests it does not take";
    return new PmdaRootError(STATUS.EINVAL, `the server at ${this.path} closed the connection`, {
      target: this.path,
      errno: "ECONNRESET",
      hint,
    });
  }

  #timedOut(call: string): PmdaRootError {
    const seconds = this.#timeoutMs / 1000;
    return new PmdaRootError(STATUS.ETIMEDOUT, `${call}: no answer from ${this.path} within ${seconds} s`, {
      target: this.path,
    });
  }

  /** pmdaRootShutdown, and the descriptor closed as well. */
  close(): void {
    if (this.#socket.isClosed) return;
    shutdownSocket(this.#socket);
    for (const fd of this.#descriptors) fd.close();
    this.#descriptors = [];
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Replies are framed as requests are; one whose length cannot be is left to the checks of its kind. */
function replyLength(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_LENGTH) return null;
  const length = asBuffer(bytes).readInt32LE(OFFSET.length);
  return length < HEADER_LENGTH || length > LONGEST_MESSAGE ? bytes.length : length;
}
