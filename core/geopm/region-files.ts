/**
 * Regions that are looked at again and again: each file is opened once, because opening one is an event for whoever waits
 * for a controller (inotify(7)), whoever lists endpoints for the same reason included.
 */
import { lstatSync, statSync } from "node:fs";
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
      const link = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (link === undefined) return null;
      const owner = link.isSymbolicLink() && !isTrusted(link.uid) ? link.uid : null;
      if (owner !== null && !leadsTo(path, owner)) return unfollowed(path, owner);
      const found = link.isSymbolicLink() ? statSync(path, { bigint: true, throwIfNoEntry: false }) : link;
      if (found === undefined) return null;
      const fd = this.#fdOf(path, found, link.isSymbolicLink() ? 0 : OPEN.NOFOLLOW);
      const { device, inode, uid } = statFd(fd);
      // It may lead elsewhere by now.
      if (owner !== null && BigInt(uid) !== owner) return unfollowed(path, owner);
      const keys = { key: mapKey(device, inode), lockKey: lockKey(device, inode) };
      return { path, ...keys, uid, createdMs: Number(found.birthtimeNs) / 1e6, copy: copyRegion(fd) };
    } catch (thrown) {
      const errno = errnoName(thrown);
      if (errno === "ENOENT" || errno === "ENOTDIR") return null;
      return unread(path, `cannot be read (${errno ?? thrown})`);
    }
  }

  /** Closes the others. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#open.keys()) if (!paths.has(path)) this.#forget(path);
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set());
  }

  #fdOf(path: string, found: { readonly dev: bigint; readonly ino: bigint }, flags: number): Fd {
    const kept = this.#open.get(path);
    if (kept) {
      const { device, inode } = statFd(kept);
      if (device === found.dev && inode === found.ino) return kept;
      this.#forget(path);
    }
    // A pipe is not waited for.
    const fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOCTTY | flags);
    this.#open.set(path, fd);
    return fd;
  }

  #forget(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}

const unread = (path: string, copy: string): LookedAt => ({
  path,
  copy,
  key: "",
  lockKey: "",
  uid: -1,
  createdMs: 0,
});

const isTrusted = (uid: bigint): boolean => uid === 0n || uid === BigInt(process.geteuid?.() ?? -1);

/** Whatever keeps it from being found out is no news either. */
function leadsTo(path: string, owner: bigint): boolean {
  try {
    return statSync(path, { bigint: true }).uid === owner;
  } catch {
    return false;
  }
}

/** Root looks where others may write: what they have it look at must be theirs, or it would tell them what they may not see. */
const unfollowed = (path: string, owner: bigint): LookedAt =>
  unread(path, `is a symbolic link of uid ${owner} to what is not theirs: it is not followed`);
