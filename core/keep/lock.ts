/** A file whose lock says who keeps something: flock(2) goes with its process, however that ends. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import type { Failure } from "./database.ts";

/** null if another process has it. Throws what `failed` makes of a file that cannot be had. */
export function takeLock(path: string, failed: Failure): Fd | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE, 0o600);
    if (tryLock(fd, "exclusive")) return fd;
    fd.close();
    return null;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw failed(`${path} cannot be locked: ${why}`, thrown);
  }
}
