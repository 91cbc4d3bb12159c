/**
 * Says when an SQLite database may have been written, by us or by others: inotify(7) on its directory, for a commit writes
 * more than one file.
 */
import { basename, dirname } from "node:path";
import type { Clock } from "#core/model/clock.ts";
import { DirectoryWatch } from "#ffi/inotify.ts";
import { SysError } from "#ffi/sys-error.ts";

/** What one commit does to the file and its journal. */
const SETTLE_MS = 5;

export class FileWatch implements Disposable {
  readonly #directory: DirectoryWatch;
  #cancel: (() => void) | null = null;

  /** Throws SysError if the directory cannot be watched. */
  constructor(path: string, clock: Clock, onWrite: () => void) {
    const name = basename(path);
    const settle = () => {
      this.#cancel = null;
      onWrite();
    };
    const touch = () => {
      this.#cancel ??= clock.setTimer(SETTLE_MS, settle);
    };
    this.#directory = new DirectoryWatch((events) => {
      // In WAL mode a write is one to the file beside it.
      if (events.some((event) => event.name.startsWith(name))) touch();
    }, touch);
    try {
      this.#directory.add(dirname(path));
    } catch (thrown) {
      this.#directory.close();
      throw thrown;
    }
  }

  /** null where that cannot be: then whoever wants to know must look from time to time. */
  static tryOpen(path: string, clock: Clock, onWrite: () => void): FileWatch | null {
    try {
      return new FileWatch(path, clock, onWrite);
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
