/** What arrives on a readable descriptor, without blocking the loop: pipe, socket, inotify, eventfd, netlink. */
import type { Fd } from "./fd.ts";

export interface Reading {
  /** No callback comes after it. The descriptor stays open; closing it is the caller's. */
  stop(): void;
}

/**
 * Calls `onChunk` with the bytes of each read, then `onEnd` once: with null at the end of the file, with the error
 * otherwise. The descriptor must be non-blocking. While it runs, the process stays alive.
 */
export function readChunks(
  fd: Fd,
  onChunk: (bytes: Uint8Array) => void,
  onEnd: (error: unknown | null) => void = () => {},
): Reading {
  const reader = Bun.file(fd.number).stream().getReader();
  let isStopped = false;
  const loop = async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (isStopped || done) return;
      onChunk(value);
      if (isStopped) return;
    }
  };
  const finish = (error: unknown | null) => {
    if (isStopped) return;
    isStopped = true;
    onEnd(error);
  };
  loop().then(() => finish(null), finish);
  return {
    stop() {
      if (isStopped) return;
      isStopped = true;
      // A read of a descriptor that failed meanwhile has nothing more to tell.
      reader.cancel().catch(() => {});
    },
  };
}
