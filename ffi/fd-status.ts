/** What an open descriptor is: statx(2), whose layout is the same on every architecture, unlike stat(2). */
import type { Fd } from "./fd.ts";
import { attempt, lazyLibc } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { orThrow } from "./sys-error.ts";

export interface FileStatus {
  /** As `dev_t`: the number node:fs gives as `dev`. */
  readonly device: bigint;
  readonly inode: bigint;
  /** Type and permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly uid: number;
  /** Last change of the content, milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isFifo: boolean;
  /** 0 once the last name is gone. */
  readonly linkCount: number;
}

const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFIFO = 0o010000;

const status = lazyLibc({ statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" } });

export function statFd(fd: Fd): FileStatus {
  const buffer = kernelBytes(256);
  const emptyPath = kernelBytes(1);
  const number = fd.number;
  orThrow(
    attempt(() => status().statx(number, emptyPath, AT_EMPTY_PATH, STATX_BASIC_STATS, buffer)),
    "statx",
    fd.path,
  );
  const view = viewOf(buffer);
  const mode = view.getUint16(28, true);
  const type = mode & S_IFMT;
  return {
    device: joinDevice({ major: view.getUint32(136, true), minor: view.getUint32(140, true) }),
    inode: view.getBigUint64(32, true),
    mode,
    size: Number(view.getBigUint64(40, true)),
    uid: view.getUint32(20, true),
    modifiedMs: Number(view.getBigInt64(112, true)) * 1000 + Math.floor(view.getUint32(120, true) / 1e6),
    isFile: type === S_IFREG,
    isDirectory: type === S_IFDIR,
    isFifo: type === S_IFIFO,
    linkCount: view.getUint32(16, true),
  };
}

export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** makedev(3) */
export function joinDevice(device: DeviceNumber): bigint {
  const major = BigInt(device.major);
  const minor = BigInt(device.minor);
  return ((major & 0xfffff000n) << 32n) | ((major & 0xfffn) << 8n) | ((minor & 0xffffff00n) << 12n) | (minor & 0xffn);
}

/** major(3) and minor(3) of a `dev_t`. */
export function splitDevice(device: bigint): DeviceNumber {
  return {
    major: Number(((device >> 32n) & 0xfffff000n) | ((device >> 8n) & 0xfffn)),
    minor: Number(((device >> 12n) & 0xffffff00n) | (device & 0xffn)),
  };
}
