/**
 * What is read of one user's engines. The files are his, and everybody waits while they are read: they have bounds that no
 * engine comes near, and what is beyond them is left out and told of. Podman's list takes some 550 bytes a container, crun's
 * file as many, runc's from 6 kB on.
 */
import type { LeftOut } from "./left-out.ts";
import { readBounded, type StateFile, type StateSource } from "./state-file.ts";

const MEGABYTE = 1 << 20;
const LARGEST_MEGABYTES = 1;
/** All his files together: as many of crun's as there may be entries, or of runc's some hundred. */
const MOST_MEGABYTES = 8;
/** Of a directory, or of a list. */
const MOST_ENTRIES = 1000;

export class UserState implements StateSource, Disposable {
  readonly owner: number;
  readonly mostEntries = MOST_ENTRIES;
  readonly #leftOut: LeftOut;
  /** Bytes of those that count. */
  readonly #sizes = new Map<string, number>();
  #total = 0;

  constructor(owner: number, leftOut: LeftOut) {
    this.owner = owner;
    this.#leftOut = leftOut;
  }

  read(path: string): StateFile | null {
    this.forget(path);
    const file = readBounded(path, (size) => this.#admit(path, size));
    return file === "left out" ? null : file;
  }

  forget(path: string): void {
    this.#total -= this.#sizes.get(path) ?? 0;
    this.#sizes.delete(path);
    this.leaveOut(path, null);
  }

  leaveOut(path: string, what: string | null): void {
    this.#leftOut.set(this.owner, path, what);
  }

  [Symbol.dispose](): void {
    this.#leftOut.forget(this.owner);
  }

  #admit(path: string, size: number): boolean {
    if (size > LARGEST_MEGABYTES * MEGABYTE) this.leaveOut(path, `larger than ${LARGEST_MEGABYTES} MiB`);
    else if (this.#total + size > MOST_MEGABYTES * MEGABYTE)
      this.leaveOut(path, `more than ${MOST_MEGABYTES} MiB with the user's other files`);
    else {
      this.#sizes.set(path, size);
      this.#total += size;
      return true;
    }
    return false;
  }
}
