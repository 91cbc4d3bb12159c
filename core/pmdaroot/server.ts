/**
 * The server: takes pmdaroot(1)'s place for pmcd, its agents and whoever else is allowed. Each connection is served by
 * itself (connection.ts); what they ask is answered from the index of containers and the table of processes.
 */
import { MusterError, toMusterError } from "#core/model/error.ts";
import { sendMessage } from "#ffi/descriptor-socket.ts";
import { ERRNO } from "#ffi/errno-names.ts";
import type { Fd } from "#ffi/fd.ts";
import { duplicate } from "#ffi/fd.ts";
import { EPOLL } from "#ffi/pump.ts";
import { SysError } from "#ffi/sys-error.ts";
import { descriptorOf, listenAt, type Served, type ServedSocket } from "#ffi/unix-listener.ts";
import { waitEvent } from "#ffi/wait-event.ts";
import { type AccessRules, judgePeer, type Peer } from "./access.ts";
import { Connection, type ConnectionOptions, type Line } from "./connection.ts";
import { Linger } from "./linger.ts";
import { takeSocketPlace } from "./socket-place.ts";

export interface RootServerOptions extends ConnectionOptions {
  readonly path: string;
  readonly access: AccessRules;
  /** At once; more are closed before they are told anything. */
  readonly connections: number;
  /** Effective user of this process. */
  readonly uid: number;
}

export interface RootServer {
  readonly path: string;
  close(): void;
}

/** Throws MusterError: LOCK_HELD, SYSTEM. */
export function openRootServer(options: RootServerOptions): RootServer {
  const { path, access } = options;
  const log = withoutRepeats(options.log);
  const isForOthers = [...access.uids, ...access.starterUids].some((uid) => uid !== options.uid && uid !== 0);
  const place = takeSocketPlace(path, isForOthers ? 0o755 : 0o700);
  const open = new Set<Connection>();
  const linger = new Linger(options.clock);
  const enter = (socket: ServedSocket) => {
    const peer = peerOf(socket, options);
    if (!peer?.mayAsk || open.size >= options.connections) {
      log(peer?.mayAsk ? "too many connections" : `uid ${peer?.uid ?? "unknown"} was not let in`);
      socket.terminate();
      return null;
    }
    const connection = new Connection({ ...options, log }, peer, lineOf(socket));
    // It may have left before it was let in.
    if (connection.isClosed) return null;
    open.add(connection);
    return heard(connection, socket, linger);
  };
  try {
    const listener = listenAt({
      path,
      isForAll: isForOthers,
      enter,
      left: ({ connection }) => open.delete(connection),
      log,
    });
    const close = () => {
      listener.stop();
      place[Symbol.dispose]();
    };
    return { path, close };
  } catch (thrown) {
    place[Symbol.dispose]();
    const { message, errno } = toMusterError(thrown, path);
    throw new MusterError("SYSTEM", `cannot listen at ${path}: ${message}`, { target: path, errno, cause: thrown });
  }
}

function heard(connection: Connection, socket: ServedSocket, linger: Linger): Served & { connection: Connection } {
  return {
    connection,
    take: (chunk) => {
      connection.take(chunk);
      linger.after(socket, connection);
    },
    drained: () => connection.drained(),
    closed: () => {
      linger.forget(socket);
      connection.closed();
    },
  };
}

/** Whoever tries again and again, or asks the same again and again, does not fill the log. */
function withoutRepeats(log: (text: string) => void): (text: string) => void {
  let last = "";
  return (text) => {
    if (text !== last) log(text);
    last = text;
  };
}

/** null also if the kernel does not say who it is: then it is nobody. */
function peerOf(socket: ServedSocket, { access, procRoot }: RootServerOptions): Peer | null {
  try {
    return judgePeer(descriptorOf(socket), access, procRoot);
  } catch (thrown) {
    if (thrown instanceof SysError) return null;
    throw thrown;
  }
}

function lineOf(socket: ServedSocket): Line {
  return {
    write: (bytes) => socket.write(bytes),
    writeWith: (bytes, descriptors) => writeWith(socket, bytes, descriptors),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

/** Everything before has been taken by the socket: a message with descriptors goes out at once, or as soon as there is room. */
function writeWith(socket: ServedSocket, bytes: Uint8Array, descriptors: readonly Fd[]): Promise<void> | null {
  const number = descriptorOf(socket);
  const count = sendMessage(number, bytes, descriptors);
  if (count === bytes.length) return null;
  if (count !== -ERRNO.EAGAIN) throw new SysError(count < 0 ? -count : ERRNO.EIO, "sendmsg", "connection");
  return sendWhenRoom(duplicate(number), bytes, descriptors);
}

async function sendWhenRoom(held: Fd, bytes: Uint8Array, descriptors: readonly Fd[]): Promise<void> {
  using socket = held;
  for (;;) {
    await waitEvent(socket, EPOLL.OUT);
    const count = sendMessage(socket, bytes, descriptors);
    if (count === bytes.length) return;
    if (count !== -ERRNO.EAGAIN) throw new SysError(count < 0 ? -count : ERRNO.EIO, "sendmsg", "connection");
  }
}
