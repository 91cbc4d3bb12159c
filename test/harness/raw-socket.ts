/** One exchange of bytes over a unix socket, of which nothing is understood. */

export interface RawOptions {
  /** After the bytes, the sending side is shut down, as by a client that has no more to say. */
  readonly ends?: boolean;
}

export class RawSocket implements Disposable {
  readonly #socket: Bun.Socket;
  readonly #chunks: Uint8Array[];
  readonly #closed: Promise<void>;

  private constructor(socket: Bun.Socket, chunks: Uint8Array[], closed: Promise<void>) {
    this.#socket = socket;
    this.#chunks = chunks;
    this.#closed = closed;
  }

  static async connect(path: string): Promise<RawSocket> {
    const chunks: Uint8Array[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      unix: path,
      allowHalfOpen: true,
      socket: {
        data: (_, chunk) => {
          chunks.push(chunk.slice());
        },
        end: (socket) => {
          socket.end();
        },
        close: () => resolve(),
        error: () => resolve(),
      },
    });
    return new RawSocket(socket, chunks, promise);
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    this.#socket.flush();
  }

  /** Sends no more, and still reads. */
  shutDown(): void {
    this.#socket.shutdown();
  }

  /** All that came until the other end closed. */
  async rest(): Promise<Uint8Array> {
    await this.#closed;
    return Buffer.concat(this.#chunks);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

export async function exchange(
  path: string,
  bytes: Uint8Array,
  { ends = false }: RawOptions = {},
): Promise<Uint8Array> {
  using socket = await RawSocket.connect(path);
  socket.send(bytes);
  if (ends) socket.shutDown();
  return await socket.rest();
}
