/**
 * Standard input and output as descriptors. Not process.stdout: merely touching it costs 8 ms of start-up, and under Bun
 * it may be asynchronous, so that process.exit() would cut a document short.
 */
import { fstatSync, write, writeSync } from "node:fs";
import { type Clock, delay } from "#core/model/clock.ts";
import { errnoName, MusterError } from "#core/model/error.ts";

const MEMORY_DEVICES = 1;

/** node:tty is slow to load, so it is asked only about character devices other than /dev/null and its like. */
export function isTerminal(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    if (!status.isCharacterDevice() || majorOf(status.rdev) === MEMORY_DEVICES) return false;
    return process.getBuiltinModule("node:tty").isatty(fd);
  } catch {
    return false; // closed
  }
}

function majorOf(device: number): number {
  return (device >> 8) & 0xfff;
}

/** The reader went away: not an error of ours, and nobody is left to tell. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

function outputError(thrown: unknown): Error {
  const errno = errnoName(thrown);
  if (errno === "EPIPE") return new ReaderGone("the reader of standard output is gone", { cause: thrown });
  return new MusterError("OUTPUT", `cannot write standard output: ${errno ?? String(thrown)}`, {
    errno,
    cause: thrown,
  });
}

/** Writes all of it before it resolves. A pipe that some other program has made non-blocking is waited for. */
export async function writeAll(fd: number, text: string | Uint8Array, clock: Clock): Promise<void> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  for (let offset = 0, waitMs = 1; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset, bytes.length - offset);
      waitMs = 1;
    } catch (thrown) {
      if (errnoName(thrown) !== "EAGAIN") throw outputError(thrown);
      await delay(clock, waitMs);
      waitMs = Math.min(waitMs * 2, 20);
    }
  }
}

/** As writeAll, with the whole process waiting: for lines to people, whose number is not known beforehand. */
export function writeNow(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += writeSync(fd, bytes, offset, bytes.length - offset);
    } catch (thrown) {
      if (errnoName(thrown) !== "EAGAIN") throw outputError(thrown);
      Bun.sleepSync(1);
    }
  }
}

/** As writeAll, but on a thread: this one goes on while the reader is slow. */
export async function writeBehind(fd: number, text: string, clock: Clock): Promise<void> {
  const bytes = Buffer.from(text);
  for (let offset = 0, waitMs = 1; offset < bytes.length; ) {
    const written = await writeSome(fd, bytes, offset);
    offset += written;
    if (written === 0) await delay(clock, waitMs);
    waitMs = written > 0 ? 1 : Math.min(waitMs * 2, 20);
  }
}

/** Bytes written; 0 if the descriptor is non-blocking and full. */
function writeSome(fd: number, bytes: Buffer, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, offset, bytes.length - offset, null, (thrown, written) => {
      if (!thrown) resolve(written);
      else if (errnoName(thrown) === "EAGAIN") resolve(0);
      else reject(outputError(thrown));
    });
  });
}

/** Standard error. If it cannot be written there is nowhere left to say so. */
export function writeError(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    return;
  }
}
