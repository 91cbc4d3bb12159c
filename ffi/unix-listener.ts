/** A socket of unix(7) that Bun listens at; each connection is served by an object of its own. */
import { chmodSync } from "node:fs";
import type { Socket, SocketHandler } from "bun";
import { bindUnix, LONGEST_PATH, listenOn, removalOf } from "./unix-socket.ts";

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

/** Clients that wait to be accepted. */
const BACKLOG = 512;

interface Listener {
  stop(closesConnections: boolean): void;
}

/** Bun's types do not know of listening at a descriptor. */
const listen = Bun.listen as (options: object) => Listener;

/** Throws what bind(2), listen(2) and chmod(2) say. */
export function listenAt<T extends Served>(options: ListenerOptions<T>): { stop(): void } {
  const { path, isForAll } = options;
  const bun = { data: { served: null }, socket: handlersOf(options) };
  // Nobody can connect before the mode is what it shall be.
  const umask = process.umask(0o177);
  try {
    if (Buffer.byteLength(path) <= LONGEST_PATH) return listenBound(path, isForAll, bun);
    // Bun alone can bind these.
    const listener = listen({ unix: path, ...bun });
    if (isForAll) chmodSync(path, 0o666);
    return { stop: () => listener.stop(true) };
  } finally {
    process.umask(umask);
  }
}

/** Bound here: where Bun binds, it takes away at the end whatever has the path by then, and that may be another's. */
function listenBound(path: string, isForAll: boolean, bun: object): { stop(): void } {
  using stack = new DisposableStack();
  const socket = stack.use(bindUnix(path));
  stack.defer(removalOf(path));
  if (isForAll) chmodSync(path, 0o666);
  listenOn(socket, BACKLOG);
  const listener = listen({ fd: socket.number, ...bun });
  // It is Bun's to close now.
  socket.release();
  const place = stack.move();
  const stop = () => {
    try {
      place.dispose();
    } finally {
      listener.stop(true);
    }
  };
  return { stop };
}

function handlersOf<T extends Served>({ enter, left, log }: ListenerOptions<T>): SocketHandler<State<T>> {
  return {
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
  };
}

/** Bun's sockets have it, its types do not. */
export function descriptorOf(socket: object): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
