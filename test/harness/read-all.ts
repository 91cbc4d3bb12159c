/** Everything out of a pipe, then the pipe is closed. */
import { type Fd, setNonBlocking } from "#ffi/fd.ts";
import { readPipe } from "#ffi/read-pipe.ts";

export async function readAll(fd: Fd | null): Promise<string> {
  if (fd === null) throw new Error("there is no descriptor to read");
  const chunks: Uint8Array[] = [];
  setNonBlocking(fd);
  await readPipe(fd, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
