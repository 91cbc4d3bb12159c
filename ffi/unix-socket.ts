/** Stream sockets of the unix domain that never block: unix(7). Sending to a peer that is gone is EPIPE, never a signal. */
import { lstatSync, rmSync } from "node:fs";
import { ERRNO } from "./errno-names.ts";
import { Fd, fdNumber } from "./fd.ts";
import { attempt, LONG, lazyLibc, SIZE } from "./libc.ts";
import { kernelBytes, MAXIMUM_INT } from "./memory.ts";
import { checkInteger, orThrow, SysError } from "./sys-error.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_FLAGS = 0o2004000; // close-on-exec, non-blocking
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** struct sockaddr_un: the family and a path that ends with a NUL. */
const ADDRESS_LENGTH = 110;
export const LONGEST_PATH = 107;

const sockets = lazyLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  accept4: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", SIZE, "i32"], returns: LONG },
  send: { args: ["i32", "ptr", SIZE, "i32"], returns: LONG },
});

/** A socket with its file, which nobody can connect to before `listenOn`. SysError EADDRINUSE if the file exists. */
export function bindUnix(path: string): Fd {
  return openSocket(path, "bind", (number, address) => sockets().bind(number, address, ADDRESS_LENGTH));
}

/** Takes the socket that has the path now out of its directory, later, and no other that has come there meanwhile. */
export function removalOf(path: string): () => void {
  const own = lstatSync(path, { bigint: true });
  return () => {
    const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (now?.dev === own.dev && now.ino === own.ino) rmSync(path, { force: true });
  };
}

export function listenOn(socket: Fd, backlog: number): void {
  checkInteger(backlog, 0, MAXIMUM_INT, "listen", "backlog");
  const number = socket.number;
  orThrow(
    attempt(() => sockets().listen(number, backlog)),
    "listen",
    socket.path,
  );
}

/** SysError ENOENT, ECONNREFUSED (nobody listens), EACCES, EAGAIN (its backlog is full). */
export function connectUnix(path: string): Fd {
  return openSocket(path, "connect", (number, address) => sockets().connect(number, address, ADDRESS_LENGTH));
}

/** The next connection, or `-errno`: -EAGAIN when none waits. */
export function acceptFrom(listener: Fd): Fd | number {
  const number = listener.number;
  const result = attempt(() => sockets().accept4(number, null, null, SOCK_FLAGS));
  return result < 0 ? result : Fd.adopt(result, listener.path);
}

/** How many bytes came, 0 when the peer sends no more, or `-errno`: -EAGAIN when none have come yet. */
export function receiveInto(socket: Fd | number, bytes: Uint8Array<ArrayBuffer>): number {
  const number = fdNumber(socket);
  return attempt(() => sockets().recv(number, bytes, bytes.length, MSG_DONTWAIT));
}

/** How many bytes were taken, or `-errno`: -EAGAIN when the peer reads too slowly. */
export function sendFrom(socket: Fd, bytes: Uint8Array<ArrayBuffer>, length = bytes.length): number {
  checkInteger(length, 0, bytes.length, "send", "length");
  const number = socket.number;
  return attempt(() => sockets().send(number, bytes, length, MSG_NOSIGNAL));
}

function openSocket(path: string, call: string, use: (number: number, address: Uint8Array) => number): Fd {
  const address = addressOf(path, call);
  using stack = new DisposableStack();
  const number = attempt(() => sockets().socket(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0));
  const socket = stack.use(Fd.adopt(orThrow(number, "socket", path), path));
  orThrow(
    attempt(() => use(socket.number, address)),
    call,
    path,
  );
  stack.move();
  return socket;
}

function addressOf(path: string, call: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  // An empty path would bind a name of the kernel's own choice.
  if (name.length === 0 || name.includes(0)) throw new SysError(ERRNO.EINVAL, call, JSON.stringify(path));
  if (name.length > LONGEST_PATH) throw new SysError(ERRNO.ENAMETOOLONG, call, path);
  const address = kernelBytes(ADDRESS_LENGTH);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
