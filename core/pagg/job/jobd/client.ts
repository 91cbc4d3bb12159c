/**
 * One request to a jobd, muster's or SGI's: jobctl() of libjob, asynchronous. What libjob passes over is an error here: an
 * end without a reply, a list that is cut short, a reply to something else.
 */
import type { Clock } from "#core/model/clock.ts";
import { errnoName, MusterError } from "#core/model/error.ts";
import { errnoName as nameOfErrno } from "#ffi/errno-names.ts";
import { viewOf } from "#ffi/memory.ts";
import { describeErrno } from "#ffi/sys-error.ts";
import { ERR, REQ, REQUESTS, type RequestName, SIZE } from "./layout.ts";

export interface JobdAddress {
  readonly path: string;
  readonly clock: Clock;
  /** For the whole exchange; null: as long as it takes. */
  readonly timeoutMs: number | null;
}

export interface Request {
  readonly name: RequestName;
  /** Writes the fields behind the header. */
  readonly fill: (message: DataView) => void;
  /** Of a list: the most it may have, and the bytes that are read of each element. */
  readonly list?: { readonly capacity: number; readonly stride: number };
  readonly signal?: AbortSignal;
}

export interface Reply {
  readonly message: DataView;
  /** As many elements as the message says. */
  readonly list: DataView;
}

/** Throws UNREACHABLE, TIMED_OUT, CANCELLED, BAD_DATA, and the error of the reply with its errno. */
export async function jobctl(address: JobdAddress, request: Request): Promise<Reply> {
  const exchange = new Exchange(address, request);
  return exchange.reply;
}

/** The socket behaves as Bun's; this is all of it that is used. */
interface Line {
  write(bytes: Uint8Array): number;
  terminate(): void;
}

class Exchange {
  readonly reply: Promise<Reply>;
  readonly #address: JobdAddress;
  readonly #request: Request;
  readonly #bytes: Uint8Array;
  readonly #settle: PromiseWithResolvers<Reply>;
  readonly #undo = new DisposableStack();
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes of the whole reply, as far as that is known. */
  #needed: number;
  #message: DataView | null = null;
  #isSettled = false;

  constructor(address: JobdAddress, request: Request) {
    this.#address = address;
    this.#request = request;
    this.#bytes = requestBytes(request);
    this.#needed = this.#bytes.length;
    this.#settle = Promise.withResolvers();
    this.reply = this.#settle.promise;
    this.#guard();
    if (!this.#isSettled) this.#connect();
  }

  #guard(): void {
    const { clock, timeoutMs, path } = this.#address;
    const { signal, name } = this.#request;
    if (timeoutMs !== null) {
      const late = () =>
        this.#fail(new MusterError("TIMED_OUT", `${path}: no answer to ${name} in ${timeoutMs} ms`, { target: path }));
      this.#undo.defer(clock.setTimer(timeoutMs, late));
    }
    const cancel = () => this.#fail(new MusterError("CANCELLED", `${name} was cancelled`, { target: path }));
    if (signal?.aborted) cancel();
    else if (signal) {
      signal.addEventListener("abort", cancel, { once: true });
      this.#undo.defer(() => signal.removeEventListener("abort", cancel));
    }
  }

  #connect(): void {
    Bun.connect({
      unix: this.#address.path,
      socket: {
        open: (socket) => this.#ask(socket),
        data: (_, chunk) => this.#take(chunk),
        close: () => this.#fail(unreachable(this.#address.path, "the connection ended without a reply", null)),
        error: (_, error) => this.#fail(unreachable(this.#address.path, error.message, error)),
      },
    }).catch((thrown) => this.#fail(refused(this.#address.path, thrown)));
  }

  #ask(line: Line): void {
    if (this.#isSettled) {
      line.terminate();
      return;
    }
    this.#undo.defer(() => line.terminate());
    // A socket that was just opened has room for 48 bytes.
    if (line.write(this.#bytes) !== this.#bytes.length) {
      this.#fail(unreachable(this.#address.path, "the request was not taken", null));
    }
  }

  #take(chunk: Uint8Array): void {
    if (this.#isSettled) return;
    // Bun uses the chunk's memory again.
    this.#chunks.push(chunk.slice());
    this.#length += chunk.length;
    try {
      if (this.#length < this.#needed) return;
      if (!this.#message) this.#read();
      if (this.#message && this.#length >= this.#needed) this.#succeed(this.#message);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** The message is there; a list may follow it. */
  #read(): void {
    const message = viewOf(this.#joined().subarray(0, this.#needed));
    this.#needed += listLength(this.#request, message);
    this.#message = message;
  }

  #joined(): Uint8Array {
    const [first, ...more] = this.#chunks;
    const joined = first && more.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #succeed(message: DataView): void {
    const list = viewOf(this.#joined().subarray(message.byteLength, this.#needed));
    if (this.#end()) this.#settle.resolve({ message, list });
  }

  #fail(thrown: unknown): void {
    if (this.#end()) this.#settle.reject(thrown);
  }

  #end(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#undo.dispose();
    return true;
  }
}

function requestBytes({ name, fill }: Request): Uint8Array {
  const { req, length } = REQUESTS[name];
  const message = new Uint8Array(length);
  const view = viewOf(message);
  view.setInt32(REQ, req, true);
  view.setInt32(SIZE, length, true);
  fill(view);
  return message;
}

/** Bytes that follow the message. Throws what it says, and BAD_DATA. */
function listLength({ name, list }: Request, message: DataView): number {
  const { req, length, result } = REQUESTS[name];
  if (message.getInt32(REQ, true) !== req || message.getInt32(SIZE, true) !== length) {
    throw new MusterError("BAD_DATA", `the reply to ${name} is not one to it`, {
      hint: "is there a jobd at that socket?",
    });
  }
  const errno = message.getInt32(ERR, true);
  if (errno !== 0) throw replyError(name, errno);
  if (!list) return 0;
  const count = message.getInt32(result, true);
  if (count < 0 || count > list.capacity) {
    throw new MusterError("BAD_DATA", `${name} was answered with ${count} elements, asked for ${list.capacity}`);
  }
  return count * list.stride;
}

/** errno -> what it means to whoever asked a jobd. */
const CODES: Readonly<Record<string, ConstructorParameters<typeof MusterError>[0]>> = {
  EPERM: "PERMISSION_DENIED",
  ENODATA: "NOT_FOUND",
  ESRCH: "NOT_FOUND",
  EBUSY: "BUSY",
  EINVAL: "NOT_ALLOWED_NOW",
  EINTR: "UNREACHABLE",
  EBADRQC: "UNSUPPORTED",
};

function replyError(name: RequestName, errno: number): MusterError {
  const errnoText = nameOfErrno(errno);
  return new MusterError(CODES[errnoText] ?? "SYSTEM", `${name}: ${describeErrno(errno)}`, { errno: errnoText });
}

const UNSERVED: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED"]);

function refused(path: string, thrown: unknown): MusterError {
  const errno = errnoName(thrown);
  if (errno === "EACCES" || errno === "EPERM") {
    return new MusterError("PERMISSION_DENIED", `${path} may not be connected to`, {
      target: path,
      errno,
      cause: thrown,
    });
  }
  if (errno === "EAGAIN") return new MusterError("BUSY", `too many clients wait at ${path}`, { target: path, errno });
  const why = errno !== null && UNSERVED.has(errno) ? "no jobd serves it" : String(thrown);
  return unreachable(path, why, thrown);
}

function unreachable(path: string, why: string, cause: unknown): MusterError {
  return new MusterError("UNREACHABLE", `${path}: ${why}`, {
    target: path,
    errno: errnoName(cause),
    hint: "see that the service runs and that its configuration names this socket: jobd_socket in [jobs]",
    ...(cause === null ? {} : { cause }),
  });
}
