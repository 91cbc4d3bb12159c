/** The read end of a pipe. */
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { attempt, libc } from "./libc.ts";
import { kernelBytes } from "./memory.ts";
import { EPOLL, watchFd } from "./pump.ts";
import { orThrow } from "./sys-error.ts";

const ROOM = 1 << 16;
/** In one turn of the loop; whoever writes without end holds up nobody. */
const MOST_AT_ONCE = 1 << 20;

/**
 * Calls `onChunk` with what comes until the other end is closed, then closes the read end and resolves. The pipe must be
 * non-blocking. Meanwhile the process stays alive.
 *
 * Not by a stream of Bun's: now and then one of those is not woken for what is in the pipe, for ever (seen with 1.4.5 while
 * the machine was busy).
 */
export async function readPipe(read: Fd, onChunk: (bytes: Uint8Array) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const watch = watchFd(read, EPOLL.IN | EPOLL.ONESHOT, () => {
    try {
      if (readSomeOf(read, onChunk)) watch.rearm();
      else resolve();
    } catch (error) {
      reject(error);
    }
  });
  try {
    await promise;
  } finally {
    watch[Symbol.dispose]();
    read.close();
  }
}

/** False at the end of the file. */
function readSomeOf(read: Fd, onChunk: (bytes: Uint8Array) => void): boolean {
  for (let length = 0; length < MOST_AT_ONCE; ) {
    const room = kernelBytes(ROOM);
    const number = read.number;
    const count = attempt(() => libc().read(number, room, ROOM));
    if (count === -ERRNO.EAGAIN) return true;
    if (orThrow(count, "read", read.path) === 0) return false;
    length += count;
    onChunk(room.subarray(0, count));
  }
  return true;
}
