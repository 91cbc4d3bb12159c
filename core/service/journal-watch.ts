/** Says when the journal may have been written, by us or by another muster: inotify(7), so that nobody wakes to ask. */
import { basename, dirname } from "node:path";
import type { Clock } from "#core/model/clock.ts";
import { DirectoryWatch } from "#ffi/inotify.ts";

/** Writes close together are one. */
const SETTLE_MS = 5;

export class JournalWatch {
  readonly #directory: DirectoryWatch;
  #cancel: (() => void) | null = null;

  /** Throws SysError if the directory cannot be watched. */
  constructor(journal: string, clock: Clock, onWrite: () => void) {
    const name = basename(journal);
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
      this.#directory.add(dirname(journal));
    } catch (thrown) {
      this.#directory.close();
      throw thrown;
    }
  }

  close(): void {
    this.#cancel?.();
    this.#directory.close();
  }
}
