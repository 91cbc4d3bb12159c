/** PIDFD_GET_INFO: what a process is, and how it ended, asked through its pidfd (Linux 6.13; the end: 6.15). */
import { ERRNO } from "./errno-names.ts";
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc, SIZE } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { SysError } from "./sys-error.ts";

export interface PidInfo {
  readonly pid: number;
  /** The thread group: the pid itself for a process. */
  readonly tgid: number;
  readonly ppid: number;
  readonly uids: IdSet;
  readonly gids: IdSet;
  /** Inode number of its cgroup v2 directory; null when the kernel did not say. */
  readonly cgroupId: bigint | null;
}

export interface IdSet {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly fileSystem: number;
}

/** _IOWR(0xFF, 11, 64 bytes): the first version of the record, which every later kernel still takes. */
const PIDFD_GET_INFO = 0xc040ff0b;
const RECORD_LENGTH = 64;
const INFO_PID = 1n;
const INFO_CREDENTIALS = 2n;
const INFO_CGROUP = 4n;
const INFO_EXIT = 8n;

const control = lazyLibc({ ioctl: { args: ["i32", SIZE, "ptr"], returns: "i32" } });

/** A kernel without the call answers ENOTTY or EINVAL; a process that is reaped and left no record, ESRCH. */
const ABSENT: ReadonlySet<number> = new Set([-ERRNO.ENOTTY, -ERRNO.EINVAL, -ERRNO.ENOSYS, -ERRNO.ESRCH]);

function query(fd: Fd, wanted: bigint): DataView | null {
  const record = kernelBytes(RECORD_LENGTH);
  const view = viewOf(record);
  view.setBigUint64(0, wanted, true);
  const number = fd.number;
  const result = attempt(() => control().ioctl(number, PIDFD_GET_INFO, record));
  if (ABSENT.has(result)) return null;
  if (result < 0) throw new SysError(-result, "ioctl PIDFD_GET_INFO", fd.path);
  return view;
}

/** null when the process is reaped or the kernel lacks the call. */
export function readPidInfo(fd: Fd): PidInfo | null {
  const view = query(fd, INFO_PID | INFO_CREDENTIALS | INFO_CGROUP);
  if (view === null) return null;
  const given = view.getBigUint64(0, true);
  const pid = view.getUint32(16, true);
  if ((given & INFO_PID) === 0n || pid === 0) return null;
  const idsAt = (offset: number): IdSet => ({
    real: view.getUint32(offset, true),
    effective: view.getUint32(offset + 8, true),
    saved: view.getUint32(offset + 16, true),
    fileSystem: view.getUint32(offset + 24, true),
  });
  return {
    pid,
    tgid: view.getUint32(20, true),
    ppid: view.getUint32(24, true),
    uids: idsAt(28),
    gids: idsAt(32),
    cgroupId: (given & INFO_CGROUP) === 0n ? null : view.getBigUint64(8, true),
  };
}

/** Inode number of its cgroup v2 directory; of one that is reaped, where it ended (Linux 6.15). null when the kernel does not say. */
export function readGroupId(fd: Fd): bigint | null {
  const view = query(fd, INFO_CGROUP | INFO_EXIT);
  return view === null || (view.getBigUint64(0, true) & INFO_CGROUP) === 0n ? null : view.getBigUint64(8, true);
}

/** The wait status of any process once its parent reaped it; null before that or when the kernel does not keep it. */
export function readExitStatus(fd: Fd): number | null {
  const view = query(fd, INFO_EXIT);
  if (view === null || (view.getBigUint64(0, true) & INFO_EXIT) === 0n) return null;
  return view.getInt32(60, true);
}
