/**
 * Looks at files that a library of this process has open, through the library's own descriptors: pread(2), statx(2). Closing
 * a descriptor of ours would drop the POSIX locks that the library holds on the same file (fcntl(2)), so there is none, and
 * nothing here closes any. Nothing is allocated per look.
 */
import { readdirSync, statSync } from "node:fs";
import { attempt, lazyLibc, libc } from "./libc.ts";
import { cString, kernelBytes } from "./memory.ts";
import { checkInteger } from "./sys-error.ts";

const AT_FDCWD = -100;
/** What the kernel knows of a local file is right without asking anybody. */
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_INO = 0x100;
/** In 32-bit words of struct statx: the two halves of the inode, major and minor of the device. */
const IDENTITY = [8, 9, 34, 35] as const;

const status = lazyLibc({ statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" } });

/** The open descriptors of this process. */
export const openNumbers = (): readonly number[] => readdirSync("/proc/self/fd").map(Number);

/** Those that are of the file which has this name now, lowest first. */
export function openNumbersOf(path: string): readonly number[] {
  const wanted = identityOf(path);
  const isOfFile = (number: number) => wanted !== null && identityOf(`/proc/self/fd/${number}`) === wanted;
  return openNumbers()
    .filter(isOfFile)
    .sort((a, b) => a - b);
}

function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found?.isFile() ? `${found.dev}:${found.ino}` : null;
}

/** One pread(2) from the start of a file into `bytes`, which must not move. Whether all of them came. */
export function readHead(number: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  checkInteger(number, 0, 0x7fff_ffff, "pread", "descriptor");
  return attempt(() => libc().pread(number, bytes, bytes.length, 0)) === bytes.length;
}

/** Remembers which file has a name. */
export class NamedFile {
  readonly #path: Uint8Array<ArrayBuffer>;
  readonly #status = kernelBytes(256);
  readonly #words = new Uint32Array(this.#status.buffer);
  readonly #identity: readonly number[] | null;

  constructor(path: string) {
    this.#path = cString(path, "statx");
    this.#identity = this.#look() ? IDENTITY.map((word) => this.#words[word] ?? 0) : null;
  }

  /** Whether the name still is of the same file: not removed, and no other put in its place. */
  isThere(): boolean {
    const identity = this.#identity;
    if (identity === null || !this.#look()) return false;
    const words = this.#words;
    for (let index = 0; index < IDENTITY.length; index++) {
      if (words[IDENTITY[index] ?? 0] !== identity[index]) return false;
    }
    return true;
  }

  #look(): boolean {
    return attempt(() => status().statx(AT_FDCWD, this.#path, AT_STATX_DONT_SYNC, STATX_INO, this.#status)) === 0;
  }
}
