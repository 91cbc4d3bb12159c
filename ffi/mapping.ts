/** A file as memory, shared with every other process that maps it: mmap(2). */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { ERRNO } from "./errno-names.ts";
import { type Fd, statFd } from "./fd.ts";
import { attemptOnce, LONG, lazyLibc, SIZE } from "./libc.ts";
import { MAXIMUM_LENGTH } from "./memory.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";

export interface MappingOptions {
  /** Bytes from the start of the file; the whole file by default. */
  readonly length?: number;
  /**
   * Whether stores reach the file, which must be open for writing then. Otherwise a page is seen as the file has it
   * until something is stored into it; from then on it is a copy of our own (a store never kills the process).
   */
  readonly writable?: boolean;
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;

const maps = lazyLibc({
  // Addresses travel as numbers: user space ends below 2^53, and -1 tells a failure.
  mmap: { args: [SIZE, SIZE, "i32", "i32", "i32", LONG], returns: LONG },
  munmap: { args: [SIZE, SIZE], returns: "i32" },
});

/**
 * The risk that stays with the caller: if another process makes the file shorter, touching the part that is gone
 * kills this process (SIGBUS). Map only files whose writers keep their length.
 */
export class Mapping implements Disposable {
  readonly length: number;
  readonly path: string;
  readonly #address: number;
  #bytes: Uint8Array<ArrayBuffer> | null;

  /** The descriptor may be closed afterwards. SysError EINVAL for a length of 0 or beyond the end of the file. */
  constructor(fd: Fd, options: MappingOptions = {}) {
    const size = statFd(fd).size;
    const length = checkInteger(options.length ?? size, 1, MAXIMUM_LENGTH, "mmap", "length");
    if (length > size) throw new SysError(ERRNO.EINVAL, "mmap", `${fd.path}: ${length} of ${size} bytes`);
    const sharing = options.writable ? MAP_SHARED : MAP_PRIVATE;
    const number = fd.number;
    const address = attemptOnce(() => maps().mmap(0, length, PROT_READ | PROT_WRITE, sharing, number, 0));
    this.#address = orThrow(address, "mmap", fd.path);
    this.#bytes = new Uint8Array(toArrayBuffer(this.#address as Pointer, 0, length));
    this.length = length;
    this.path = fd.path;
  }

  /** The memory itself. SysError EBADF once closed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes === null) throw new SysError(ERRNO.EBADF, "use after close", this.path);
    return this.#bytes;
  }

  /** What it holds now, in memory of its own. */
  copyOut(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice();
  }

  close(): void {
    if (this.#bytes === null) return;
    // Detached first: views somebody kept have length 0 from now on, instead of an address without memory.
    structuredClone(this.#bytes.buffer, { transfer: [this.#bytes.buffer] });
    this.#bytes = null;
    orThrow(
      attemptOnce(() => maps().munmap(this.#address, this.length)),
      "munmap",
      this.path,
    );
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
