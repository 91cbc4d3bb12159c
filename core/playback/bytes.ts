/** A fixture's bytes, to be read at any place: from the file itself, or from memory where it was packed. */
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { gunzipSync, constants as zlib } from "node:zlib";
import { MusterError, toMusterError } from "#core/model/error.ts";

export interface ByteSource {
  readonly size: number;
  /** Fills `into` from `offset` on; how many bytes there were. */
  read(into: Uint8Array, offset: number): number;
  /** Set if it is packed and its end is missing: what is there before that. */
  readonly cut?: MusterError;
  close(): void;
}

/** What a packed fixture may grow to: packed files can be a thousand times smaller than what comes out of them. */
export const LARGEST_UNPACKED = 512 * 1024 * 1024;

/** `mustBe`: where the file has to be in the end, so that no link leads anywhere else. */
export function openBytes(path: string, mustBe: string | null, largest = LARGEST_UNPACKED): ByteSource {
  const fd = opened(path, mustBe === null ? 0 : constants.O_NOFOLLOW);
  try {
    if (mustBe !== null && readlinkSync(`/proc/self/fd/${fd}`) !== mustBe) {
      throw new MusterError("BAD_DATA", `${path}: is behind a symbolic link: nothing outside the fixture is read`, {
        target: path,
      });
    }
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new MusterError("BAD_DATA", `${path}: is not a regular file`, { target: path });
    const magic = new Uint8Array(2);
    const isPacked = readSync(fd, magic, 0, 2, 0) === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
    if (!isPacked) return fileBytes(fd, stat.size);
    const { bytes, cut } = unpacked(fd, stat.size, path, largest);
    closeSync(fd);
    return { ...memoryBytes(bytes), ...(cut && { cut }) };
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
}

/** A pipe or a device in its place must not hold us up. */
function opened(path: string, flags: number): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  } catch (thrown) {
    const error = toMusterError(thrown, path);
    if (error.errno === "ELOOP") {
      throw new MusterError("BAD_DATA", `${path}: is a symbolic link: nothing outside the fixture is read`, {
        target: path,
      });
    }
    throw new MusterError(
      error.code === "PERMISSION_DENIED" ? error.code : "BAD_DATA",
      `${path}: cannot be read: ${error.errno ?? error.message}`,
      {
        target: path,
        errno: error.errno,
      },
    );
  }
}

function fileBytes(fd: number, size: number): ByteSource {
  let isOpen = true;
  return {
    size,
    read: (into, offset) => readSync(fd, into, 0, into.length, offset),
    close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

export function memoryBytes(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(into, offset) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    close() {},
  };
}

interface Unpacked {
  readonly bytes: Uint8Array;
  readonly cut: MusterError | null;
}

function unpacked(fd: number, size: number, path: string, largest: number): Unpacked {
  const tooLarge = () =>
    new MusterError("BAD_DATA", `${path}: is larger than ${largest / (1024 * 1024)} MiB when it is unpacked`, {
      target: path,
      hint: "unpack it with gunzip first: files that are not packed may be of any size",
    });
  if (size > largest) throw tooLarge();
  const packed = new Uint8Array(size);
  readSync(fd, packed, 0, size, 0);
  const unpack = (finishFlush: number) => {
    try {
      return gunzipSync(packed, { maxOutputLength: largest, finishFlush });
    } catch (thrown) {
      const { code } = thrown as { code?: unknown };
      if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      const error = new MusterError("BAD_DATA", `${path}: gzip data are damaged or cut short: ${why}`, {
        target: path,
      });
      if (code === "Z_BUF_ERROR") return error;
      throw error;
    }
  };
  const whole = unpack(zlib.Z_FINISH);
  if (!(whole instanceof MusterError)) return { bytes: whole, cut: null };
  const part = unpack(zlib.Z_SYNC_FLUSH);
  if (part instanceof MusterError) throw whole;
  return { bytes: part, cut: whole };
}
