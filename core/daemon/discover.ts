/**
 * Pid files that nobody declared: regular files named `*.pid` in the given directories and one level below. Symbolic
 * links are not followed, so nothing outside those directories is ever opened because of a name in them.
 */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { errnoName } from "#core/model/error.ts";

export interface Discovery {
  /** Absolute paths, sorted. */
  readonly pidFiles: readonly string[];
  /** Directories that were read, for whoever wants to watch them. */
  readonly directories: readonly string[];
  /** Directories that could not be read and files that cannot be named, with the reason. */
  readonly failures: readonly { readonly directory: string; readonly reason: string }[];
}

export function discoverPidFiles(roots: readonly string[]): Discovery {
  const pidFiles = new Set<string>();
  const directories: string[] = [];
  const failures: { directory: string; reason: string }[] = [];
  const read = (directory: string, isTop: boolean) => {
    const entries = list(directory);
    if (!Array.isArray(entries)) {
      // What others keep private below /run is no failure: it is not ours to see.
      if (isTop) failures.push({ directory, reason: entries.reason });
      return;
    }
    directories.push(directory);
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (entry.name.includes("\ufffd") && isPidFileName(entry.name)) {
        failures.push({ directory: path, reason: "its name is not UTF-8" });
        continue;
      }
      if (entry.isFile() && isPidFileName(entry.name)) pidFiles.add(path);
      else if (isTop && entry.isDirectory()) read(path, false);
    }
  };
  for (const root of new Set(roots)) read(root, true);
  return { pidFiles: [...pidFiles].sort(), directories, failures };
}

export function isPidFileName(name: string): boolean {
  return name.endsWith(".pid") && name.length > ".pid".length;
}

/** Itself, not what a symbolic link leads to. */
export function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function list(directory: string): Dirent[] | { reason: string } {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (thrown) {
    return { reason: errnoName(thrown) ?? String(thrown) };
  }
}
