/** The small files engines keep their state in. Some belong to users: nothing but a plain file of bounded size is read. */
import { OPEN, openFd, readAt, statFd } from "#ffi/fd.ts";
import { SysError } from "#ffi/sys-error.ts";

export interface StateFile {
  readonly text: string;
  readonly modifiedMs: number;
}

/** Where an engine's files are read: the system's, or those of one user, who may write into them what he likes (user-state.ts). */
export interface StateSource {
  /** null: the system. */
  readonly owner: number | null;
  /** Of a directory, or of a list. */
  readonly mostEntries: number;
  /** null for what is not there, is no plain file, is too large, or may not be read. */
  read(path: string): StateFile | null;
  /** It is gone, and will not be read again. */
  forget(path: string): void;
  /** What of a path is not taken in; null: all is. */
  leaveOut(path: string, what: string | null): void;
}

export const tooMany = ({ mostEntries }: StateSource) => `more than ${mostEntries} entries`;

/** For a directory of entries there (entry-directory.ts). */
export function entryBounds(source: StateSource, directory: string) {
  const onCut = (isCut: boolean) => source.leaveOut(directory, isCut ? tooMany(source) : null);
  return { most: source.mostEntries, onCut };
}

/** 10,000 containers of podman with all their metadata take a quarter of it. */
const LARGEST = 1 << 26;
/** A number and a line feed, and blanks that nobody writes. */
const LARGEST_PID_FILE = 64;

const decoder = new TextDecoder();

export const SYSTEM_STATE: StateSource = {
  owner: null,
  mostEntries: 0x7fff_ffff,
  read: readStateFile,
  forget: () => {},
  leaveOut: () => {},
};

export function readStateFile(path: string): StateFile | null {
  const file = readBounded(path, (size) => size <= LARGEST);
  return file === "left out" ? null : file;
}

/** The same where `isWanted` judges by the size before anything is read. */
export function readBounded(path: string, isWanted: (size: number) => boolean): StateFile | "left out" | null {
  try {
    using fd = openFd(path, OPEN.READ_ONLY | OPEN.NONBLOCK | OPEN.NOFOLLOW | OPEN.NOCTTY);
    const { isFile, size, modifiedMs } = statFd(fd);
    if (!isFile) return null;
    if (!isWanted(size)) return "left out";
    return { text: decoder.decode(readAt(fd, size, 0)), modifiedMs };
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}

/** The number in a pid file, and when it was written. */
export function readPidFile(path: string): { readonly pid: number; readonly modifiedMs: number } | null {
  const file = readBounded(path, (size) => size <= LARGEST_PID_FILE);
  if (file === null || file === "left out") return null;
  const pid = /^\s*([1-9][0-9]{0,9})\s*$/.exec(file.text)?.[1];
  return pid !== undefined && Number(pid) <= 0x7fff_ffff ? { pid: Number(pid), modifiedMs: file.modifiedMs } : null;
}
