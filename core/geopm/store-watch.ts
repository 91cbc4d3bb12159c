/** Says when a policy store may have been written: inotify(7) on its directory, for SQLite writes more than one file. */
import { basename, dirname } from "node:path";
import type { Clock } from "#core/model/clock.ts";
import { DirectoryWatch } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";

/** What one commit does to the file and its journal. */
const SETTLE_MS = 5;

export class StoreWatch implements Disposable {
  readonly #directory: DirectoryWatch;
  #cancel: (() => void) | null = null;

  private constructor(path: string, clock: Clock, onWrite: () => void) {
    const name = basename(path);
    const settle = () => {
      this.#cancel = null;
      onWrite();
    };
    const touch = () => {
      this.#cancel ??= clock.setTimer(SETTLE_MS, settle);
    };
    this.#directory = new DirectoryWatch((events) => {
      if (events.some((event) => event.name.startsWith(name))) touch();
    }, touch);
    try {
      this.#directory.add(dirname(path));
    } catch (thrown) {
      this.#directory.close();
      throw thrown;
    }
  }

  /** null when the kernel has no watch left: then the store must be asked from time to time. */
  static open(path: string, clock: Clock, onWrite: () => void): StoreWatch | null {
    try {
      return new StoreWatch(path, clock, onWrite);
    } catch (thrown) {
      if (thrown instanceof SysError) return null;
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.#cancel?.();
    this.#directory.close();
  }
}
