/**
 * The messages of pmdaRoot, as pmdaRootConnect(3) and pmdaroot(1) exchange them: 32-bit integers in the order of the host
 * (little-endian wherever muster runs), no padding, every message with the same header of 16 bytes.
 *
 *      0 type    4 length, of all    8 status    12 version    16 ...
 *     16 pid    20 length of the name    24 name                                          container
 *     16 pid    20 two descriptors, unused    28 ipc    32 label length    36 args length    40 label[64]    104 args    start
 *     16 pid    20 wait status    24 force    28 unused                                    stop
 */
export const TYPE = {
  INFO: 0x9000,
  HOSTNAME_REQUEST: 0x9001,
  HOSTNAME: 0x9002,
  PROCESSID_REQUEST: 0x9003,
  PROCESSID: 0x9004,
  CGROUPNAME_REQUEST: 0x9005,
  CGROUPNAME: 0x9006,
  START_REQUEST: 0x9007,
  START: 0x9008,
  STOP_REQUEST: 0x9009,
  STOP: 0x900a,
} as const;

export type ContainerRequestType =
  | typeof TYPE.HOSTNAME_REQUEST
  | typeof TYPE.PROCESSID_REQUEST
  | typeof TYPE.CGROUPNAME_REQUEST;

export const VERSION = 2;
/** Host name, process id and cgroup name: all that were ever defined. */
export const FEATURES = 7;

export const HEADER_LENGTH = 16;
export const INFO_LENGTH = 24;
/** Container messages without their name. */
export const CONTAINER_LENGTH = 24;
/** Start messages without their arguments. */
export const START_LENGTH = 104;
export const STOP_LENGTH = 32;

export const LONGEST_NAME = 4095;
export const LONGEST_LABEL = 63;
export const LONGEST_ARGUMENTS = 4095;
/** No message is longer. */
export const LONGEST_MESSAGE = START_LENGTH + LONGEST_ARGUMENTS;

/** How the child talks to its starter: pmcd's own numbers. */
export const IPC = { SOCKET: 1, PIPE: 2 } as const;

export const OFFSET = {
  type: 0,
  length: 4,
  status: 8,
  version: 12,
  /** INFO */
  features: 16,
  pid: 16,
  nameLength: 20,
  name: 24,
  ipcType: 28,
  labelLength: 32,
  argumentsLength: 36,
  label: 40,
  arguments: 104,
  code: 20,
  force: 24,
} as const;

/** A zeroed message with its header. */
export function newMessage(type: number, length: number, status = 0): Buffer {
  // An allocation of its own: libc may be given its address.
  const message = Buffer.from(new ArrayBuffer(length));
  message.writeInt32LE(type, OFFSET.type);
  message.writeInt32LE(length, OFFSET.length);
  message.writeInt32LE(status, OFFSET.status);
  message.writeInt32LE(VERSION, OFFSET.version);
  return message;
}

/** Container messages in either direction. `name` as bytes: what a container is called is up to its engine. */
export function containerMessage(type: number, status: number, pid: number, name: Uint8Array = NONE): Buffer {
  const message = newMessage(type, CONTAINER_LENGTH + name.length, status);
  message.writeInt32LE(pid, OFFSET.pid);
  message.writeInt32LE(name.length, OFFSET.nameLength);
  message.set(name, OFFSET.name);
  return message;
}

const NONE = new Uint8Array(0);

/** STOP in either direction. */
export function stopMessage(type: number, status: number, pid: number, code: number, force: number): Buffer {
  const message = newMessage(type, STOP_LENGTH, status);
  message.writeInt32LE(pid, OFFSET.pid);
  message.writeInt32LE(code, OFFSET.code);
  message.writeInt32LE(force, OFFSET.force);
  return message;
}

/** A C string: up to the first NUL, if there is one. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** A view of the same bytes with the integers Buffer reads. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
