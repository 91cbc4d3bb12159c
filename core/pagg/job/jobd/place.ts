/**
 * The socket's place in the file system: its directory, the lock beside it, and the socket file.
 *
 *     DIRECTORY (0755)/lock          held as long as the server lives; a jobd in the same directory takes the same one
 *                     /jobd-socket   0777: who may do what is decided by request, not by connecting
 */
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoName, MusterError, toMusterError } from "#core/model/error.ts";
import { type Fd, OPEN, openFd, statFd } from "#ffi/fd.ts";
import { tryLock } from "#ffi/flock.ts";
import { bindUnix, connectUnix, listenOn, removalOf } from "#ffi/unix-socket.ts";

export interface Place {
  readonly listener: Fd;
  /** Takes the socket file away, unless it is another's by now, and gives the lock back. */
  close(): void;
}

/** Clients that wait to be accepted; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 4096;

/** Throws LOCK_HELD while another server lives there; NOT_ALLOWED_NOW if the path is another kind of file; SYSTEM. */
export function openPlace(path: string): Place {
  using stack = new DisposableStack();
  try {
    makeDirectory(dirname(path));
    stack.use(takeLock(path));
    removeStale(path);
    const listener = stack.use(bindUnix(path));
    // Undone first: gone from its path before it stops listening, or a client would find a socket nobody answers.
    stack.defer(removalOf(path));
    // Nobody can connect before it listens, so nobody meets another mode.
    chmodSync(path, 0o777);
    listenOn(listener, BACKLOG);
    const held = stack.move();
    return { listener, close: () => held.dispose() };
  } catch (thrown) {
    if (thrown instanceof MusterError) throw thrown;
    const { message, errno, code } = toMusterError(thrown, path);
    throw new MusterError(code, `cannot listen at ${path}: ${message}`, { target: path, errno, cause: thrown });
  }
}

function makeDirectory(path: string): void {
  const made = mkdirSync(path, { recursive: true });
  if (made !== undefined) chmodSync(path, 0o755);
}

function takeLock(path: string): Fd {
  const name = join(dirname(path), "lock");
  for (;;) {
    const lock = openFd(name, OPEN.READ_WRITE | OPEN.CREATE | OPEN.NOFOLLOW, 0o600);
    let isHeld = false;
    try {
      if (!tryLock(lock, "exclusive")) throw held(path, `${name} is locked`, `see who with: fuser ${name}`);
      // jobd removes its lock file when it ends: a lock on what has no name any more keeps nobody out.
      isHeld = statFd(lock).linkCount > 0;
    } finally {
      if (!isHeld) lock.close();
    }
    if (isHeld) return lock;
  }
}

function removeStale(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isSocket()) {
    throw new MusterError("NOT_ALLOWED_NOW", `${path} is there and is not a socket`, {
      target: path,
      errno: "EEXIST",
      hint: "give the socket another path, or move that file away",
    });
  }
  if (isListened(path))
    throw held(path, "somebody listens there who does not hold the lock", `see who with: fuser ${path}`);
  rmSync(path);
}

function isListened(path: string): boolean {
  try {
    connectUnix(path).close();
    return true;
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === "ECONNREFUSED" || errno === "ENOENT") return false;
    // EAGAIN: so many wait there that no more are taken. EPROTOTYPE: it is a socket of another type, and alive.
    return true;
  }
}

function held(path: string, why: string, hint: string): MusterError {
  return new MusterError("LOCK_HELD", `another jobd serves ${path}: ${why}`, { target: path, hint });
}
