/** Reading a configuration file that may be anything: it is opened without waiting, measured, and checked for UTF-8. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoName } from "#core/model/error.ts";

export const LARGEST_FILE = 1024 * 1024;

export type FileText = { readonly text: string } | { readonly reason: string } | "missing";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "cannot be read: permission denied",
  EISDIR: "is a directory",
  ELOOP: "cannot be read: too many symbolic links",
  ENXIO: "is not a regular file",
};

export function readConfigFile(path: string): FileText {
  let fd: number;
  try {
    // O_NONBLOCK: opening a FIFO would otherwise wait for a writer.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === "ENOENT" || errno === "ENOTDIR") return "missing";
    return { reason: REASONS[errno ?? ""] ?? `cannot be opened: ${errno ?? String(thrown)}` };
  }
  try {
    return readOpen(fd);
  } catch (thrown) {
    const errno = errnoName(thrown);
    return { reason: REASONS[errno ?? ""] ?? `cannot be read: ${errno ?? String(thrown)}` };
  } finally {
    closeSync(fd);
  }
}

function readOpen(fd: number): FileText {
  const status = fstatSync(fd);
  if (status.isDirectory()) return { reason: "is a directory" };
  if (!status.isFile()) return { reason: "is not a regular file" };
  // The size is not to be believed (it is 0 for files of /proc), so one byte too many is asked for.
  const bytes = Buffer.allocUnsafe(Math.min(Math.max(status.size, 4096), LARGEST_FILE) + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
  }
  if (length > LARGEST_FILE) return { reason: "is larger than 1 MiB" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length)) };
  } catch {
    return { reason: "is not UTF-8" };
  }
}
