/** A socket of unix(7) that Bun listens at; each connection is served by an object of its own. */
import { chmodSync } from "node:fs";
import type { Socket } from "bun";

/** What serves a connection. */
export interface Served {
  take(chunk: Uint8Array): void;
  /** The socket takes bytes again. */
  drained(): void;
  closed(): void;
}

export interface ListenerOptions<T extends Served> {
  readonly path: string;
  /** Whoever reaches the path may connect, not only its owner. */
  readonly isForAll: boolean;
  /** null: it was turned away. */
  enter(socket: ServedSocket): T | null;
  left(served: T): void;
  log(text: string): void;
}

export type ServedSocket = Pick<Socket, "write" | "end" | "pause" | "resume" | "terminate">;

interface State<T> {
  served: T | null;
}

/** Throws what bind(2), listen(2) and chmod(2) say. */
export function listenAt<T extends Served>({
  path,
  isForAll,
  enter,
  left,
  log,
}: ListenerOptions<T>): {
  stop(): void;
} {
  // Nobody can connect before the mode is what it shall be.
  const umask = process.umask(0o177);
  try {
    const listener = Bun.listen<State<T>>({
      unix: path,
      data: { served: null },
      socket: {
        open: (socket) => {
          socket.data = { served: null };
          socket.data.served = enter(socket);
        },
        data: (socket, chunk) => socket.data.served?.take(chunk),
        drain: (socket) => socket.data.served?.drained(),
        close: ({ data: { served } }) => {
          served?.closed();
          if (served) left(served);
        },
        error: (socket, error) => {
          log(`a connection failed: ${error.message}`);
          socket.terminate();
        },
      },
    });
    if (isForAll) chmodSync(path, 0o666);
    return { stop: () => listener.stop(true) };
  } finally {
    process.umask(umask);
  }
}

/** Bun's sockets have it, its types do not. */
export function descriptorOf(socket: object): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
