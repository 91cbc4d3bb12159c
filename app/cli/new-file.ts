/** A file that is there whole or not at all; it may take the place of the one that is read meanwhile. */
import { closeSync, openSync, renameSync, rmSync } from "node:fs";
import type { Clock } from "#core/model/clock.ts";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { writeAll } from "./stdio.ts";

export type TakeText = (text: string) => Promise<void>;

/** Throws OUTPUT if it cannot be made; nothing is left behind then. */
export async function writeNewFile<T>(path: string, clock: Clock, fill: (take: TakeText) => Promise<T>): Promise<T> {
  const temporary = `${path}.${process.pid}.new`;
  const fd = created(temporary, path);
  try {
    const result = await fill((text) => writeAll(fd, text, clock));
    renameSync(temporary, path);
    return result;
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  } finally {
    closeSync(fd);
  }
}

/** It may hold what only its owner should read. */
function created(temporary: string, path: string): number {
  try {
    return openSync(temporary, "wx", 0o600);
  } catch (thrown) {
    const { errno } = toMusterError(thrown);
    throw new MusterError("OUTPUT", `${path}: cannot be written: ${errno ?? String(thrown)}`, { target: path, errno });
  }
}
