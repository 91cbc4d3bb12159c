/**
 * A file that is there whole or not at all; it may take the place of the one that is read meanwhile. A name that ends in
 * `.gz` is packed. What is no regular file, such as a device or a pipe, is written to and stays what it is.
 */
import { closeSync, constants, openSync, renameSync, rmSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Clock } from "#core/model/clock.ts";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { writeAll } from "./stdio.ts";

export type TakeText = (text: string) => Promise<void>;

/** Throws OUTPUT if it cannot be made; nothing is left behind then. */
export async function writeNewFile<T>(path: string, clock: Clock, fill: (take: TakeText) => Promise<T>): Promise<T> {
  const isNew = !isSpecial(path);
  const written = isNew ? `${path}.${process.pid}.new` : path;
  const fd = opened(written, path, isNew);
  const isPacked = path.endsWith(".gz");
  try {
    const result = await fill((text) => writeAll(fd, isPacked ? gzipSync(text) : text, clock));
    if (isNew) renameSync(written, path);
    return result;
  } catch (thrown) {
    if (isNew) rmSync(written, { force: true });
    const { code, errno } = toMusterError(thrown);
    throw code === "OUTPUT" && errno !== null ? cannotBeWritten(path, errno) : thrown;
  } finally {
    closeSync(fd);
  }
}

/** Throws OUTPUT for a directory. */
function isSpecial(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status?.isDirectory()) throw cannotBeWritten(path, "EISDIR");
  return status !== undefined && !status.isFile();
}

/** It may hold what only its owner should read. */
function opened(written: string, path: string, isNew: boolean): number {
  try {
    return isNew ? openSync(written, "wx", 0o600) : openSync(written, constants.O_WRONLY);
  } catch (thrown) {
    const { errno } = toMusterError(thrown);
    throw cannotBeWritten(path, errno ?? String(thrown), errno);
  }
}

function cannotBeWritten(path: string, why: string, errno: string | null = why): MusterError {
  return new MusterError("OUTPUT", `${path}: cannot be written: ${why}`, { target: path, errno });
}
