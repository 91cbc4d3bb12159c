/** The name of the socket: taken by one server at a time, left behind by none that lives. */
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { MusterError } from "#core/model/error.ts";
import { type Fd, OPEN, openFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { SysError } from "#ffi/sys-error.ts";
import { connectUnix } from "#ffi/unix-socket.ts";

/** sun_path of unix(7) without its closing NUL; what is longer would be cut, and be another name. */
const LONGEST_PATH = 107;

export interface SocketPlace extends Disposable {
  readonly path: string;
}

/**
 * Makes the directory and takes away what a dead server left. Throws MusterError: LOCK_HELD while another server listens
 * there, USAGE for a path that cannot be a socket's.
 */
export function takeSocketPlace(path: string, directoryMode: number): SocketPlace {
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new MusterError("USAGE", `a socket's path has at most ${LONGEST_PATH} bytes: ${path}`, { target: path });
  }
  mkdirSync(dirname(path), { recursive: true, mode: directoryMode });
  const lock = lockPlace(path);
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status && !status.isSocket()) {
      throw new MusterError("USAGE", `${path} is there and is no socket`, { target: path });
    }
    if (status && isListenedAt(path)) throw taken(path);
    rmSync(path, { force: true });
  } catch (thrown) {
    lock.close();
    throw thrown;
  }
  return { path, [Symbol.dispose]: () => lock.close() };
}

/** Two of us at once would otherwise both find it free. */
function lockPlace(path: string): Fd {
  const lock = openFd(`${path}.lock`, OPEN.READ_WRITE | OPEN.CREATE | OPEN.NOFOLLOW, 0o600);
  if (tryLock(lock, "exclusive")) return lock;
  lock.close();
  throw taken(path);
}

function taken(path: string): MusterError {
  return new MusterError("LOCK_HELD", `another server listens at ${path}`, {
    target: path,
    hint: "end it first (pmdaroot ends with its pmcd), or choose another --socket",
  });
}

/** pmdaroot(1) knows no lock, but it answers. */
function isListenedAt(path: string): boolean {
  try {
    connectUnix(path).close();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    // EAGAIN: its queue of connections is full.
    return thrown.errnoName === "EAGAIN" || thrown.errnoName === "EACCES";
  }
}
