/** Reading the small text files of /proc, which tell no size and may vanish between open and read. */
import { ERRNO } from "./errno-names.ts";
import { type Fd, OPEN, openFd, readSome } from "./fd.ts";
import { SysError } from "./sys-error.ts";

const CHUNK = 65536;

const decoder = new TextDecoder();

/** What a process that ended meanwhile looks like. */
const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH]);

/** The whole file, or null when it, or the process it tells of, is gone. */
export function readProcText(path: string, firstLength = CHUNK): string | null {
  try {
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK);
    return decoder.decode(readToEnd(fd, firstLength));
  } catch (error) {
    if (error instanceof SysError && GONE.has(error.errno)) return null;
    throw error;
  }
}

function readToEnd(fd: Fd, firstLength: number): Uint8Array {
  const first = readSome(fd, firstLength);
  // procfs fills a buffer as far as its content goes, so a short first read of a one-record file is all of it;
  // files of many records come in pieces and end with an empty read.
  if (first.length < firstLength && firstLength < CHUNK) return first;
  const parts = [first];
  for (let part = first; part.length > 0; parts.push(part)) part = readSome(fd, CHUNK);
  return Buffer.concat(parts);
}

/** All processes of this /proc, in the kernel's order. */
export function listPids(procRoot: string): number[] {
  const names = process.getBuiltinModule("node:fs").readdirSync(procRoot);
  return names.filter((name) => /^[1-9][0-9]{0,9}$/.test(name)).map(Number);
}
