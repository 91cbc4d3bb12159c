/** The socket: who may connect and how many; each connection is served by itself (connection.ts). */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { MusterError, toMusterError } from "#core/model/error.ts";
import { descriptorOf, listenAt, type ServedSocket } from "#ffi/unix-listener.ts";
import { type Caller, peerCaller } from "../caller.ts";
import { rpcError, SOCKET_NAME } from "./codes.ts";
import { Connection, type Line } from "./connection.ts";
import { Host, type HostOptions } from "./host.ts";
import { CONNECTIONS } from "./limits.ts";
import { Quota } from "./quota.ts";

export interface ServerOptions extends HostOptions {
  readonly runtimeDirectory: string;
  readonly procRoot: string;
  /** Others may connect too, and read; the table of privileges decides about the rest. */
  readonly isForAll: boolean;
  /** Connections at once; fewer than usual where descriptors are few. */
  readonly connections?: number;
}

export interface Server {
  readonly path: string;
  /** The service has become read-only, or is no longer. */
  tellMode(): void;
  /** Takes no more requests, lets actions wind up, and is gone with its socket file. */
  close(): Promise<void>;
}

/**
 * Throws SysError and MusterError. Whoever calls holds the lock of the service's pid file: only that makes a socket that
 * is there already one that a dead service left.
 */
export function openServer(options: ServerOptions): Server {
  const path = join(options.runtimeDirectory, SOCKET_NAME);
  const host = new Host(options);
  const quota = new Quota(options.connections ?? CONNECTIONS);
  let isClosing = false;
  const enter = (socket: ServedSocket) => {
    const caller = callerOf(socket, options);
    const account = caller && !isClosing ? quota.enter(caller) : null;
    if (caller && account) return new Connection(host, caller, account, lineOf(socket));
    turnAway(socket);
    return null;
  };
  rmSync(path, { force: true });
  try {
    const left = ({ account }: Connection) => quota.leave(account);
    const listener = listenAt({ path, isForAll: options.isForAll, enter, left, log: options.log });
    const close = async () => {
      isClosing = true;
      await host.windUp();
      listener.stop();
      host.attention.close();
    };
    const tellMode = () => {
      for (const tell of host.onMode) tell();
    };
    return { path, tellMode, close };
  } catch (thrown) {
    const { message, errno } = toMusterError(thrown, path);
    throw new MusterError("SYSTEM", `cannot listen at ${path}: ${message}`, { target: path, errno, cause: thrown });
  }
}

/** Null if the kernel does not say who it is: then it is nobody. */
function callerOf(socket: ServedSocket, { facts, procRoot }: ServerOptions): Caller | null {
  try {
    return peerCaller(descriptorOf(socket), facts.uid, procRoot);
  } catch {
    return null;
  }
}

function lineOf(socket: ServedSocket): Line {
  return {
    write: (bytes) => socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.terminate(),
  };
}

function turnAway(socket: ServedSocket): void {
  const error = new MusterError("BUSY", "too many connections", { hint: "try again when others have ended" });
  socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: null, error: rpcError(error) })}\n`);
  socket.end();
}
