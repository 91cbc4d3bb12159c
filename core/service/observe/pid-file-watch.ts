/** Which pid files are being written, made or removed, by inotify(7) on the directories they stand in. */
import { dirname } from "node:path";
import { isPidFileName } from "#core/daemon/discover.ts";
import type { NewEvent } from "#core/journal/journal.ts";
import type { Clock } from "#core/model/clock.ts";
import { errnoName } from "#core/model/error.ts";
import { DirectoryWatch, type InotifyEvent } from "#ffi/inotify.ts";

export interface PidFileWatchOptions {
  readonly clock: Clock;
  readonly record: (event: Omit<NewEvent, "atMs">) => void;
  /** A declared pid file may have any name. */
  readonly isKnown: (path: string) => boolean;
  /** Something happened to this file. */
  readonly onFile: (path: string) => void;
  /** A directory came or went, or events were lost: only a whole look tells. */
  readonly onTree: () => void;
}

/** Several writes to one pid file within this time are one change. */
const SETTLE_MS = 5;
/** IN_ISDIR, inotify(7). */
const IS_DIRECTORY = 0x40000000;

export class PidFileWatch {
  readonly #options: PidFileWatchOptions;
  /** null as long as no inotify instance is to be had. */
  #directories: DirectoryWatch | null = null;
  readonly #watched = new Set<string>();
  /** What has been told already of directories that cannot be watched. */
  readonly #failures = new Map<string, string>();
  readonly #dirty = new Set<string>();
  #isTreeDirty = false;
  #cancelSettle: (() => void) | null = null;

  constructor(options: PidFileWatchOptions) {
    this.#options = options;
  }

  /**
   * False if nothing will tell of changes there; that is told as an event, too. Again is no harm: what could not be watched
   * may be by now, and what is gone and there once more is watched anew.
   */
  add(directory: string): boolean {
    try {
      this.#directories ??= this.#open();
      this.#directories.add(directory);
      this.#watched.add(directory);
      this.#failures.delete(directory);
      return true;
    } catch (thrown) {
      const reason = errnoName(thrown) ?? String(thrown);
      this.#watched.delete(directory);
      this.#tell(directory, reason);
      // Whoever watches the directory above hears of it when it is made.
      return reason === "ENOENT" && this.#watched.has(dirname(directory));
    }
  }

  #open(): DirectoryWatch {
    return new DirectoryWatch(
      (events) => {
        for (const event of events) this.#touched(event);
      },
      () => this.#lost(),
    );
  }

  #tell(directory: string, reason: string): void {
    if (this.#failures.get(directory) === reason) return;
    this.#failures.set(directory, reason);
    const message = `${directory} cannot be watched (${reason}): changes there are seen only now and then`;
    this.#options.record({ severity: "warn", code: "SOURCE_FAILED", target: directory, message });
  }

  close(): void {
    this.#cancelSettle?.();
    this.#directories?.close();
  }

  #lost(): void {
    const message = "file events were lost; all was read again";
    this.#options.record({ severity: "info", code: "SOURCE_REPAIRED", target: null, message });
    this.#options.onTree();
  }

  #touched({ directory, name, mask }: InotifyEvent): void {
    if ((mask & IS_DIRECTORY) !== 0) this.#isTreeDirty = true;
    else if (isPidFileName(name) || this.#options.isKnown(`${directory}/${name}`))
      this.#dirty.add(`${directory}/${name}`);
    else return;
    this.#cancelSettle ??= this.#options.clock.setTimer(SETTLE_MS, () => this.#settle());
  }

  #settle(): void {
    this.#cancelSettle = null;
    const paths = [...this.#dirty];
    const isTree = this.#isTreeDirty;
    this.#dirty.clear();
    this.#isTreeDirty = false;
    if (isTree) this.#options.onTree();
    else for (const path of paths) this.#options.onFile(path);
  }
}
