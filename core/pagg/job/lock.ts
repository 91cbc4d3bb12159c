/** jobs.lock: whoever holds it keeps the jobs. It goes with its process, however that ends. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { jobError } from "./errors.ts";

/** null if another process keeps them. Throws EIO when the file cannot be had. */
export function takeJobsLock(path: string): Fd | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fd = openFd(path, OPEN.READ_WRITE | OPEN.CREATE, 0o600);
    if (tryLock(fd, "exclusive")) return fd;
    fd.close();
    return null;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw jobError("EIO", `${path} cannot be locked: ${why}`, { cause: thrown });
  }
}
