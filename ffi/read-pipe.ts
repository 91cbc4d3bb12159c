/** The read end of a pipe in Bun's own loop. */
import type { Fd } from "./fd.ts";

/**
 * Calls `onChunk` with what comes until the other end is closed, then closes the read end and resolves. The pipe
 * must be non-blocking. Meanwhile the process stays alive.
 *
 * The end of the file is the only way out, on purpose: a cancelled stream of Bun's lets go of the descriptor some
 * time later, and if its number belongs to another file by then, that one is read instead (seen with 1.4.5).
 */
export async function readPipe(read: Fd, onChunk: (bytes: Uint8Array) => void): Promise<void> {
  const reader = Bun.file(read.number).stream().getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) onChunk(part.value);
  } finally {
    read.close();
  }
}
