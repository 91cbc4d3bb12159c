/** A pair of connected stream sockets, one end of which is heard in Bun's own loop: socketpair(2). */
import { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

const sockets = lazyLibc({ socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" } });

/** Both ends close-on-exec and blocking. */
export function streamPair(): { near: Fd; far: Fd } {
  const ends = kernelBytes(8);
  orThrow(
    attempt(() => sockets().socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)),
    "socketpair",
    "stream pair",
  );
  const view = viewOf(ends);
  return { near: Fd.adopt(view.getInt32(0, true), "stream"), far: Fd.adopt(view.getInt32(4, true), "stream") };
}

/**
 * As long as Bun's loop has one connected socket it turns every second and every four by itself, without a system call (the
 * date of HTTP headers, the timeouts of sockets; 1.4.5). A stream of Bun's on a pipe would not, but is not always woken: see
 * read-pipe.ts.
 *
 * Takes over a stream socket and calls `onChunk` with what comes, until the other end is closed. Meanwhile the process stays
 * alive. A chunk is the caller's for the length of the call.
 */
export function hearSocket(socket: Fd, onChunk: (bytes: Uint8Array) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Bun's types do not know of connections that exist already.
  const connect = Bun.connect as (options: unknown) => Promise<unknown>;
  connect({
    fd: socket.release(),
    socket: {
      data: (_socket: unknown, chunk: Uint8Array) => onChunk(chunk),
      close: () => resolve(),
      error: (_socket: unknown, error: unknown) => reject(error),
    },
  }).catch(reject);
  return promise;
}
