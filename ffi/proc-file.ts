/**
 * Reading the small text files of /proc, which tell no size and may vanish between open and read. Who is alive is asked
 * also where this process has no descriptor left: one is kept for that.
 */
import { ERRNO } from "./errno-names.ts";
import { type Fd, OPEN, openFd } from "./fd.ts";
import { attempt, libc } from "./libc.ts";
import { kernelBytes } from "./memory.ts";
import { orThrow, SysError } from "./sys-error.ts";

const FIRST_ROOM = 65536;
/** No file read here comes near it; a root that is not /proc may hold anything. */
const LONGEST = 1 << 26;

/** What a process that ended meanwhile looks like. */
const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH]);

const decoder = new TextDecoder();

/** Reused by every read: nothing here is asynchronous, and the text is a copy. */
let room = kernelBytes(FIRST_ROOM);

/** The whole file, or null when it, or the process it tells of, is gone. */
export function readProcText(path: string): string | null {
  return readWith(path, (fd) => {
    let length = 0;
    for (let count = read(fd, 0); count > 0; count = read(fd, length)) {
      length += count;
      if (length === room.length) growRoom(path);
    }
    return length;
  });
}

/** A file that is one record, which the kernel gives in one read: as much as fits into 64 kB. */
export function readProcRecord(path: string): string | null {
  return readWith(path, (fd) => read(fd, 0));
}

/** Its place is lent to one read at a time. */
let spare: Fd | null = null;

const EXHAUSTED: ReadonlySet<number> = new Set([ERRNO.EMFILE, ERRNO.ENFILE]);

function withDescriptor<T>(action: () => T): T {
  spare ??= openSpare();
  try {
    return action();
  } catch (error) {
    if (!spare || !(error instanceof SysError) || !EXHAUSTED.has(error.errno)) throw error;
    spare.close();
    spare = null;
    try {
      return action();
    } finally {
      spare = openSpare();
    }
  }
}

function openSpare(): Fd | null {
  try {
    return openFd("/dev/null", OPEN.READ_ONLY);
  } catch {
    // None is left: whoever reads is told so.
    return null;
  }
}

/** A record that is read again and again through a descriptor, which stays that of the process it was opened for. */
export class KeptRecord implements Disposable {
  readonly #fd: Fd;
  #bytes = Buffer.alloc(0);
  #text = "";

  /** Takes the descriptor over. */
  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** As it is now, the same string as long as nothing changes; null when the process is gone. Throws SysError. */
  read(): string | null {
    const number = this.#fd.number;
    const result = attempt(() => libc().pread(number, room, FIRST_ROOM, 0));
    if (GONE.has(-result)) return null;
    const length = orThrow(result, "pread", this.#fd.path);
    if (length !== this.#bytes.length || this.#bytes.compare(room, 0, length) !== 0) {
      this.#bytes = Buffer.from(room.subarray(0, length));
      this.#text = decoder.decode(this.#bytes);
    }
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}

function readWith(path: string, fill: (fd: Fd) => number): string | null {
  try {
    return withDescriptor(() => {
      using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK);
      const length = fill(fd);
      return decoder.decode(room.subarray(0, length));
    });
  } catch (error) {
    if (error instanceof SysError && GONE.has(error.errno)) return null;
    throw error;
  } finally {
    if (room.length > FIRST_ROOM) room = kernelBytes(FIRST_ROOM);
  }
}

function read(fd: Fd, offset: number): number {
  const rest = room.subarray(offset);
  const number = fd.number;
  const count = attempt(() => libc().read(number, rest, rest.length));
  return orThrow(count, "read", fd.path);
}

function growRoom(path: string): void {
  if (room.length >= LONGEST) throw new SysError(ERRNO.EFBIG, "read", path);
  const larger = kernelBytes(room.length * 2);
  larger.set(room);
  room = larger;
}

/** All processes of this /proc, in the kernel's order. */
export function listPids(procRoot: string): number[] {
  const names = listDirectory(procRoot) ?? [];
  return names.filter((name) => /^[1-9][0-9]{0,9}$/.test(name)).map(Number);
}

/** Names in a directory, or null when it, or the process it tells of, is gone. */
export function listDirectory(path: string): string[] | null {
  try {
    return withDescriptor(() => readDirectory(path));
  } catch (error) {
    if (error instanceof SysError && GONE.has(error.errno)) return null;
    throw error;
  }
}

function readDirectory(path: string): string[] {
  try {
    return process.getBuiltinModule("node:fs").readdirSync(path);
  } catch (error) {
    throw asSysError(error, path);
  }
}

/** Errors of node:fs carry the negative errno. */
function asSysError(error: unknown, path: string): SysError {
  const errno = error instanceof Error && "errno" in error ? Number(error.errno) : Number.NaN;
  return new SysError(Number.isInteger(errno) ? Math.abs(errno) : ERRNO.EINVAL, "readdir", path, error);
}
