/**
 * Regions that are looked at again and again: each file is opened once, because opening one is an event for whoever waits
 * for a controller (inotify(7)), whoever lists endpoints for the same reason included.
 */
import { statSync } from "node:fs";
import { errnoName } from "#core/model/error.ts";
import { type Fd, OPEN, openFd, statFd } from "#ffi/fd.ts";
import { mapKey } from "#ffi/map-holders.ts";
import { lockKey } from "#ffi/procfs.ts";
import { copyRegion, type RegionCopy } from "./region-file.ts";

export interface LookedAt {
  readonly path: string;
  /** Or what is wrong with it. */
  readonly copy: RegionCopy | string;
  /** As /proc/PID/maps and /proc/locks name the file; empty when it could not be opened. */
  readonly key: string;
  readonly lockKey: string;
  readonly uid: number;
  readonly createdMs: number;
}

export class RegionFiles implements Disposable {
  readonly #open = new Map<string, Fd>();

  /** null when it is not there. */
  look(path: string): LookedAt | null {
    try {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (found === undefined) return null;
      const fd = this.#fdOf(path, found);
      const { device, inode, uid } = statFd(fd);
      const keys = { key: mapKey(device, inode), lockKey: lockKey(device, inode) };
      return { path, ...keys, uid, createdMs: Number(found.birthtimeNs) / 1e6, copy: copyRegion(fd) };
    } catch (thrown) {
      const errno = errnoName(thrown);
      if (errno === "ENOENT" || errno === "ENOTDIR") return null;
      return { path, copy: `cannot be read (${errno ?? thrown})`, key: "", lockKey: "", uid: -1, createdMs: 0 };
    }
  }

  /** Closes the others. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#open.keys()) if (!paths.has(path)) this.#forget(path);
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set());
  }

  #fdOf(path: string, found: { readonly dev: bigint; readonly ino: bigint }): Fd {
    const kept = this.#open.get(path);
    if (kept) {
      const { device, inode } = statFd(kept);
      if (device === found.dev && inode === found.ino) return kept;
      this.#forget(path);
    }
    // A pipe is not waited for.
    const fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOCTTY);
    this.#open.set(path, fd);
    return fd;
  }

  #forget(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}
