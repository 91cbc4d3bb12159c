/** Descriptors in the messages of a socket, which Bun's sockets cannot carry: unix(7), sendmsg(2). */
import { ERRNO } from "./errno-names.ts";
import { Fd, fdNumber } from "./fd.ts";
import { attempt, LONG, lazyLibc } from "./libc.ts";
import { addressOf, kernelBytes, MAXIMUM_LENGTH, viewOf } from "./memory.ts";
import { checkInteger, orThrow } from "./sys-error.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SHUT_RDWR = 2;
const MSG = { DONTWAIT: 0x40, NOSIGNAL: 0x4000, CTRUNC: 0x8, CMSG_CLOEXEC: 0x4000_0000 } as const;

/** struct msghdr on 64 bits, and struct cmsghdr. */
const HEADER = 56;
const CONTROL_HEADER = 16;
/** SCM_MAX_FD */
const MOST_DESCRIPTORS = 253;

const sockets = lazyLibc({
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  sendmsg: { args: ["i32", "ptr", "i32"], returns: LONG },
  recvmsg: { args: ["i32", "ptr", "i32"], returns: LONG },
});

/** Nothing more in either direction; the descriptor stays open. */
export function shutdownSocket(socket: Fd): void {
  const number = socket.number;
  const result = attempt(() => sockets().shutdown(number, SHUT_RDWR));
  if (result !== -ERRNO.ENOTCONN) orThrow(result, "shutdown", socket.path);
}

/** One sendmsg(2) that neither waits nor raises SIGPIPE: the bytes that were taken, or `-errno`. */
export function sendMessage(socket: Fd | number, bytes: Uint8Array, descriptors: readonly Fd[] = []): number {
  checkInteger(descriptors.length, 0, MOST_DESCRIPTORS, "sendmsg", "descriptors");
  const body = kernelBytes(bytes.length);
  body.set(bytes);
  const control = controlOf(descriptors);
  const message = messageHeader(body, control);
  const number = fdNumber(socket);
  const count = attempt(() => sockets().sendmsg(number, message.header, MSG.NOSIGNAL | MSG.DONTWAIT));
  // What the header points to stays referenced until the call is over.
  return message.keep.length > 0 ? count : 0;
}

function controlOf(descriptors: readonly Fd[]): Uint8Array<ArrayBuffer> {
  if (descriptors.length === 0) return kernelBytes(0);
  const length = CONTROL_HEADER + descriptors.length * 4;
  const control = kernelBytes(Math.ceil(length / 8) * 8);
  const view = viewOf(control);
  view.setBigUint64(0, BigInt(length), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  for (const [index, fd] of descriptors.entries()) view.setInt32(CONTROL_HEADER + index * 4, fd.number, true);
  return control;
}

function messageHeader(body: Uint8Array<ArrayBuffer>, control: Uint8Array<ArrayBuffer>) {
  const vector = kernelBytes(16);
  viewOf(vector).setBigUint64(0, body.length === 0 ? 0n : BigInt(addressOf(body)), true);
  viewOf(vector).setBigUint64(8, BigInt(body.length), true);
  const header = kernelBytes(HEADER);
  const view = viewOf(header);
  view.setBigUint64(16, BigInt(addressOf(vector)), true);
  view.setBigUint64(24, 1n, true);
  if (control.length > 0) view.setBigUint64(32, BigInt(addressOf(control)), true);
  view.setBigUint64(40, BigInt(control.length), true);
  return { header, keep: [vector, body, control] };
}

export interface ReceivedMessage {
  /** Empty at the end of the stream. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Close-on-exec; the caller's to close. */
  readonly descriptors: readonly Fd[];
}

/** One recvmsg(2) of at most `room` bytes; null when nothing has come yet. Throws SysError. */
export function receiveMessage(socket: Fd, room: number): ReceivedMessage | null {
  const body = kernelBytes(checkInteger(room, 1, MAXIMUM_LENGTH, "recvmsg", "room"));
  const control = kernelBytes(CONTROL_HEADER + Math.ceil(MOST_DESCRIPTORS / 2) * 8);
  const message = messageHeader(body, control);
  const number = socket.number;
  const count = attempt(() => sockets().recvmsg(number, message.header, MSG.DONTWAIT | MSG.CMSG_CLOEXEC));
  if (count === -ERRNO.EAGAIN) return null;
  orThrow(count, "recvmsg", socket.path);
  const used = Number(viewOf(message.header).getBigUint64(40, true));
  return { bytes: body.subarray(0, count), descriptors: descriptorsIn(control.subarray(0, used), socket.path) };
}

function descriptorsIn(control: Uint8Array, path: string): Fd[] {
  const view = viewOf(control);
  const found: Fd[] = [];
  for (let offset = 0; offset + CONTROL_HEADER <= control.length; ) {
    const length = Number(view.getBigUint64(offset, true));
    const end = offset + length;
    if (length < CONTROL_HEADER || end > control.length) break;
    const isRights = view.getInt32(offset + 8, true) === SOL_SOCKET && view.getInt32(offset + 12, true) === SCM_RIGHTS;
    for (let at = offset + CONTROL_HEADER; isRights && at + 4 <= end; at += 4) {
      found.push(Fd.adopt(view.getInt32(at, true), `descriptor from ${path}`));
    }
    offset += Math.ceil(length / 8) * 8;
  }
  return found;
}
