/**
 * The file of a recording, made for whole lines: after an error it is cut back to the last line that is whole. A name that
 * ends in `.gz` is packed, each part by itself, so that what was written can be read whatever happens to the rest.
 */
import { close, closeSync, constants, ftruncateSync, lstatSync, openSync, unlinkSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import { errnoName, MusterError } from "#core/model/error.ts";

const packLater = promisify(gzip);
const NEWLINE = 10;

export class RecordingFile {
  readonly path: string;
  readonly isPacked: boolean;
  readonly #fd: number;
  /** Where the last whole line ends. */
  #bytes = 0;
  #lines = 0;

  /** For its owner alone. Throws USAGE if it is there and may not be replaced, or OUTPUT with the reason. */
  static create(path: string, isReplacing: boolean): RecordingFile {
    return new RecordingFile(path, openNew(path, isReplacing));
  }

  private constructor(path: string, fd: number) {
    this.path = path;
    this.isPacked = path.endsWith(".gz");
    this.#fd = fd;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whole ones. */
  get lines(): number {
    return this.#lines;
  }

  /** What `text` takes in the file. */
  async packed(text: string): Promise<Uint8Array> {
    return this.isPacked ? await packLater(text) : Buffer.from(text);
  }

  /** So many lines, as they stand in the file. Throws OUTPUT. */
  async append(bytes: Uint8Array, lines: number): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      try {
        offset += await written(this.#fd, bytes, offset, this.#bytes + offset);
      } catch (thrown) {
        throw this.#failed(thrown, bytes.subarray(0, offset));
      }
    }
    this.#bytes += bytes.length;
    this.#lines += lines;
  }

  /** The same with the whole process waiting. */
  appendNow(text: string, lines: number): void {
    const bytes = this.isPacked ? gzipSync(text) : Buffer.from(text);
    for (let offset = 0; offset < bytes.length; ) {
      try {
        offset += writeSync(this.#fd, bytes, offset, bytes.length - offset, this.#bytes + offset);
      } catch (thrown) {
        throw this.#failed(thrown, bytes.subarray(0, offset));
      }
    }
    this.#bytes += bytes.length;
    this.#lines += lines;
  }

  /** Throws OUTPUT: some file systems tell only now. */
  async close(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    close(this.#fd, (thrown) => (thrown ? reject(outputError(this.path, thrown)) : resolve()));
    await promise;
  }

  /** Nothing of it is left. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.path);
  }

  closeNow(): void {
    try {
      closeSync(this.#fd);
    } catch (thrown) {
      throw outputError(this.path, thrown);
    }
  }

  #failed(thrown: unknown, done: Uint8Array): MusterError {
    // A part that is packed is nothing without its end.
    if (!this.isPacked) {
      const whole = done.subarray(0, done.lastIndexOf(NEWLINE) + 1);
      this.#bytes += whole.length;
      for (const byte of whole) if (byte === NEWLINE) this.#lines++;
    }
    try {
      ftruncateSync(this.#fd, this.#bytes);
    } catch {
      // A line that is not whole is left: readers of recordings leave it out.
    }
    return outputError(this.path, thrown, this.#bytes === 0);
  }
}

function openNew(path: string, isReplacing: boolean): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    if (isReplacing) removeOld(path);
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (thrown) {
    if (thrown instanceof MusterError) throw thrown;
    if (errnoName(thrown) === "EEXIST") {
      throw new MusterError("USAGE", `${path} exists already`, {
        target: path,
        hint: "another name, or --force to replace it",
      });
    }
    throw outputError(path, thrown, true);
  }
}

/** What is no file is nobody's recording. */
function removeOld(path: string): void {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (!old) return;
  if (!old.isFile() && !old.isSymbolicLink()) {
    throw new MusterError("USAGE", `${path} is not a regular file: it is not replaced`, { target: path });
  }
  unlinkSync(path);
}

function written(fd: number, bytes: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.length - offset, position, (thrown, count) => {
      if (thrown) reject(thrown);
      else resolve(count);
    });
  });
}

function outputError(path: string, thrown: unknown, isEmpty = false): MusterError {
  const errno = errnoName(thrown);
  const code = errno === "EACCES" || errno === "EPERM" || errno === "EROFS" ? "PERMISSION_DENIED" : "OUTPUT";
  return new MusterError(code, `cannot write ${path}: ${errno ?? String(thrown)}`, {
    target: path,
    errno,
    hint: (isEmpty ? FIRST_HINTS : HINTS)[errno ?? ""] ?? null,
    cause: thrown,
  });
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "the directory has to be there",
  ENOSPC: "the disk is full: what was recorded until then can be played",
  EDQUOT: "the quota is used up: what was recorded until then can be played",
  EFBIG: "a limit of the size of files is reached: what was recorded until then can be played",
};

/** Where there is no recording yet. */
const FIRST_HINTS: typeof HINTS = {
  ...HINTS,
  ENOSPC: "the disk is full: nothing was recorded",
  EDQUOT: "the quota is used up: nothing was recorded",
  EFBIG: "a limit of the size of files is reached: nothing was recorded",
};
