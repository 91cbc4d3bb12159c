/** The client's end of the socket: requests out, answers matched by their ids, notifications handed on. */
import type { Socket } from "bun";
import type { Clock } from "#core/model/clock.ts";
import { fromRecord, MusterError, toMusterError } from "#core/model/error.ts";
import { peerCredentials } from "#ffi/peer.ts";
import type { RpcError } from "./codes.ts";
import { LineReader } from "./line-reader.ts";
import { Outbox } from "./outbox.ts";
import type { Method, Notification, Result } from "./protocol.ts";

export interface WireOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Whose service may answer: a socket in a place others can write to may be anybody's. */
  readonly trustedUids: readonly number[];
  readonly onNotification: (method: Notification, params: unknown) => void;
  readonly onLost: () => void;
}

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: MusterError) => void;
}

/** The service is trusted, so its messages may be as long as what they tell. */
const LONGEST_MESSAGE = 2 ** 30;

export class Wire {
  readonly #options: WireOptions;
  readonly #waiters = new Map<number, Waiter>();
  readonly #reader = new LineReader({ longestLine: LONGEST_MESSAGE, onHeld: () => {} });
  readonly #decoder = new TextDecoder();
  #socket: Socket | null = null;
  #outbox: Outbox | null = null;
  #lastId = 0;

  private constructor(options: WireOptions) {
    this.#options = options;
  }

  /** Throws UNREACHABLE, and PERMISSION_DENIED if it is not a trusted user's. */
  static async connect(options: WireOptions): Promise<Wire> {
    const wire = new Wire(options);
    try {
      const socket = await Bun.connect({
        unix: options.path,
        socket: {
          data: (_socket, chunk) => wire.#take(chunk),
          drain: () => wire.#outbox?.drain(),
          close: () => wire.#lose(),
          error: () => wire.#lose(),
        },
      });
      wire.#socket = socket;
      wire.#outbox = new Outbox(socket, () => {});
      checkOwner(socket, options);
      return wire;
    } catch (thrown) {
      wire.close();
      if (thrown instanceof MusterError) throw thrown;
      const { message, errno } = toMusterError(thrown, options.path);
      throw new MusterError("UNREACHABLE", `cannot reach the service at ${options.path}: ${message}`, {
        target: options.path,
        errno,
        cause: thrown,
      });
    }
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  /** Rejects with the service's error, with UNREACHABLE if the connection is lost, with TIMED_OUT after `timeoutMs`. */
  async request<M extends Method>(method: M, params: object, timeoutMs?: number): Promise<Result<M>> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (!this.#outbox) throw lost(this.#options.path);
    this.#waiters.set(id, { resolve, reject });
    this.#outbox.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    const cancel = this.#limit(id, method, timeoutMs);
    try {
      return (await promise) as Result<M>;
    } finally {
      cancel();
      this.#waiters.delete(id);
    }
  }

  /** Without an answer. */
  tell(method: Method, params: object): void {
    this.#outbox?.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#outbox = null;
    socket?.end();
    this.#abandon();
  }

  #limit(id: number, method: string, timeoutMs: number | undefined): () => void {
    if (timeoutMs === undefined) return () => {};
    const { path, clock } = this.#options;
    return clock.setTimer(timeoutMs, () => {
      const reason = `the service at ${path} has not answered ${method} within ${timeoutMs / 1000} s`;
      this.#waiters.get(id)?.reject(new MusterError("TIMED_OUT", reason, { target: path }));
    });
  }

  #take(chunk: Uint8Array): void {
    this.#reader.append(chunk);
    for (let line = this.#reader.next(); line !== null; line = this.#reader.next()) {
      if (line !== "too-long") this.#dispatch(JSON.parse(this.#decoder.decode(line)));
    }
  }

  #dispatch(message: { id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: RpcError }): void {
    const { id, method, params, result, error } = message;
    if (typeof method === "string") {
      this.#options.onNotification(method as Notification, params);
      return;
    }
    if (typeof id !== "number") {
      // Not about one request: turned away, or not understood at all.
      if (error) for (const waiter of this.#waiters.values()) waiter.reject(fromRecord(error.data));
      return;
    }
    const waiter = this.#waiters.get(id);
    if (error) waiter?.reject(fromRecord(error.data));
    else waiter?.resolve(result);
  }

  #lose(): void {
    if (!this.#socket) return;
    this.#socket = null;
    this.#outbox = null;
    this.#abandon();
    this.#options.onLost();
  }

  #abandon(): void {
    for (const { reject } of [...this.#waiters.values()]) reject(lost(this.#options.path));
  }
}

export function lost(path: string, hint: string | null = null): MusterError {
  return new MusterError("UNREACHABLE", `the connection to the service at ${path} is lost`, { target: path, hint });
}

function checkOwner(socket: object, { path, trustedUids }: WireOptions): void {
  const fd = "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
  const { uid } = peerCredentials(fd);
  if (trustedUids.includes(uid)) return;
  throw new MusterError("PERMISSION_DENIED", `the socket ${path} is of uid ${uid}: that is not muster's service`, {
    target: path,
    hint: "look who put it there, and remove it",
  });
}
