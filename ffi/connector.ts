/** The socket of the proc connector: netlink(7), Documentation/driver-api/connector.rst. */
import { ERRNO } from "./errno-names.ts";
import { Fd } from "./fd.ts";
import { attempt, LONG, lazyLibc, SIZE } from "./libc.ts";
import { kernelBytes, viewOf } from "./memory.ts";
import { EVENT_BITS, type ProcessEventType, parseConnectorMessage } from "./process-event.ts";
import { setSocketOption } from "./socket-option.ts";
import { orThrow, SysError } from "./sys-error.ts";
import { attachThreadFilter } from "./thread-filter.ts";

const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const SOCK_FLAGS = 0o2004000; // close-on-exec, non-blocking
const NETLINK_CONNECTOR = 11;
const ADDRESS_LENGTH = 12;
const CN_IDX_PROC = 1;
const LISTEN = 1;
const IGNORE = 2;
const NLMSG_DONE = 3;
const HEADERS = 36;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
/** Any number; the kernel answers a request with it plus one. */
const REQUEST = 0x6d73;
const MESSAGE_ROOM = 4096;

const sockets = lazyLibc({
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", SIZE, "i32"], returns: LONG },
  recvfrom: { args: ["i32", "ptr", SIZE, "i32", "ptr", "ptr"], returns: LONG },
});

export interface Connector {
  readonly socket: Fd;
  /** Whether the receive buffer could be made larger than the system's limit (CAP_NET_ADMIN). */
  readonly isBufferForced: boolean;
}

/**
 * A socket that receives the events of whole processes, `withThreads` also those of their threads. Throws SysError: EPERM where listening is a privilege
 * (before Linux 6.6), EOPNOTSUPP in a pid or user namespace that the kernel does not tell about processes.
 */
export function openConnector(
  events: readonly ProcessEventType[],
  bufferBytes: number,
  withThreads = false,
): Connector {
  using stack = new DisposableStack();
  const number = attempt(() => sockets().socket(AF_NETLINK, SOCK_DGRAM | SOCK_FLAGS, NETLINK_CONNECTOR));
  const socket = stack.use(Fd.adopt(orThrow(number, "socket", "proc connector"), "proc connector"));
  const isBufferForced = growBuffer(socket, bufferBytes);
  const address = kernelBytes(ADDRESS_LENGTH);
  viewOf(address).setUint16(0, AF_NETLINK, true);
  viewOf(address).setUint32(8, CN_IDX_PROC, true);
  orThrow(
    attempt(() => sockets().bind(socket.number, address, ADDRESS_LENGTH)),
    "bind",
    socket.path,
  );
  // The old form first: every kernel answers it, and before it returns. Then the form with a filter, which older
  // kernels pass over in silence; the attached filter does the same work there, only later.
  request(socket, LISTEN);
  confirm(socket);
  orThrow(attachThreadFilter(socket.number, events, withThreads), "setsockopt SO_ATTACH_FILTER", socket.path);
  request(
    socket,
    LISTEN,
    events.reduce((bits, type) => (bits | EVENT_BITS[type]) >>> 0, 0),
  );
  stack.move();
  return { socket, isBufferForced };
}

/** Before Linux 6.6 the kernel does not notice by itself that a listener is gone. */
export function closeConnector(socket: Fd): void {
  if (socket.isClosed) return;
  try {
    request(socket, IGNORE);
  } finally {
    socket.close();
  }
}

/** Filled by each receiveMessage and looked at before it returns. */
const sender = kernelBytes(ADDRESS_LENGTH);
const senderView = viewOf(sender);
const senderLength = kernelBytes(4);
const senderLengthView = viewOf(senderLength);

/** Reads one message into `buffer`: its length, 0 when it is not the kernel's, or `-errno` (-EAGAIN: none left). */
export function receiveMessage(socket: Fd, buffer: Uint8Array<ArrayBuffer>): number {
  senderLengthView.setUint32(0, ADDRESS_LENGTH, true);
  const number = socket.number;
  const result = attempt(() => sockets().recvfrom(number, buffer, buffer.length, 0, sender, senderLength));
  return result > 0 && senderView.getUint32(4, true) !== 0 ? 0 : result;
}

function growBuffer(socket: Fd, bytes: number): boolean {
  const size = kernelBytes(4);
  viewOf(size).setInt32(0, bytes, true);
  if (setSocketOption(socket.number, SO_RCVBUFFORCE, size) === 0) return true;
  setSocketOption(socket.number, SO_RCVBUF, size);
  return false;
}

function request(socket: Fd, operation: number, eventBits?: number): void {
  const dataLength = eventBits === undefined ? 4 : 8;
  const message = kernelBytes(HEADERS + dataLength);
  const view = viewOf(message);
  view.setUint32(0, message.length, true);
  view.setUint16(4, NLMSG_DONE, true);
  view.setUint32(16, CN_IDX_PROC, true);
  view.setUint32(20, CN_IDX_PROC, true);
  view.setUint32(28, REQUEST, true);
  view.setUint16(32, dataLength, true);
  view.setUint32(36, operation, true);
  if (eventBits !== undefined) view.setUint32(40, eventBits, true);
  const number = socket.number;
  const result = attempt(() => sockets().send(number, message, message.length, 0));
  orThrow(result, "send", socket.path);
}

/** Reads up to the answer to LISTEN. Events before it are of the time before listening began. */
function confirm(socket: Fd): void {
  const buffer = kernelBytes(MESSAGE_ROOM);
  for (;;) {
    const length = receiveMessage(socket, buffer);
    if (length === -ERRNO.EAGAIN) throw new SysError(ERRNO.EOPNOTSUPP, "listen", socket.path);
    if (length < 0 && length !== -ERRNO.ENOBUFS) throw new SysError(-length, "recvfrom", socket.path);
    const message = parseConnectorMessage(viewOf(buffer), length);
    if (message?.type !== "acknowledgement" || message.answers !== REQUEST + 1) continue;
    if (message.errno !== 0) throw new SysError(message.errno, "listen", socket.path);
    return;
  }
}
