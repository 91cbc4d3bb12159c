/** The small files engines keep their state in. Some belong to users: nothing but a plain file of bounded size is read. */
import { OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { SysError } from "#ffi/sys-error.ts";

export interface StateFile {
  readonly text: string;
  readonly modifiedMs: number;
}

/** 10,000 containers of podman with all their metadata take a quarter of it. */
const LARGEST = 1 << 26;

const decoder = new TextDecoder();

/** null for what is not there, is no plain file, is too large, or may not be read. */
export function readStateFile(path: string): StateFile | null {
  try {
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOFOLLOW | OPEN.NOCTTY);
    const { isFile, size, modifiedMs } = statFd(fd);
    if (!isFile || size > LARGEST) return null;
    return { text: decoder.decode(readAt(fd, size, 0)), modifiedMs };
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}

/** The number in a pid file, and when it was written. */
export function readPidFile(path: string): { readonly pid: number; readonly modifiedMs: number } | null {
  const file = readStateFile(path);
  const pid = /^\s*([1-9][0-9]{0,9})\s*$/.exec(file?.text ?? "")?.[1];
  return file !== null && pid !== undefined && Number(pid) <= 0x7fff_ffff
    ? { pid: Number(pid), modifiedMs: file.modifiedMs }
    : null;
}
