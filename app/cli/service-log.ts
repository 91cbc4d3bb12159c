/** The log of `serve`, and of a policy daemon: standard error, which a daemon has redirected to a file of bounded size. */
import { renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, timestamp } from "#core/model/clock.ts";
import { visible } from "#core/output/text.ts";
import { OPEN, openFd } from "#ffi/fd.ts";
import { redirect } from "#ffi/redirect.ts";
import { writeError } from "./stdio.ts";

const LARGEST = 1024 * 1024;
const STANDARD_ERROR = 2;

export class ServiceLog {
  readonly #clock: Clock;
  #path: string | null = null;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From here on what this process says, and what Bun says of it, is in this file. Throws SysError. */
  moveTo(stateDirectory: string, name = "serve.log"): void {
    this.#path = join(stateDirectory, name);
    this.#open(this.#path);
  }

  write(text: string): void {
    const line = `${timestamp(this.#clock.wallMs())} ${visible(text)}\n`;
    this.#makeRoom(line.length);
    writeError(line);
  }

  /** The full file gets the name of the one before it: there are never more than two. */
  #makeRoom(length: number): void {
    this.#size += length;
    if (this.#path === null || this.#size <= LARGEST) return;
    try {
      renameSync(this.#path, `${this.#path}.1`);
      this.#open(this.#path);
    } catch {
      // A directory that cannot be written keeps the old file; that is no reason to end the service.
      this.#size = 0;
    }
  }

  #open(path: string): void {
    using file = openFd(path, OPEN.WRITE_ONLY | OPEN.CREATE | OPEN.APPEND, 0o600);
    redirect(STANDARD_ERROR, file);
    this.#size = statSync(path).size;
  }
}
