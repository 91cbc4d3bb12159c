/** What a client sends, taken apart by the server: nothing is believed before its length has been checked. */
import {
  asBuffer,
  CONTAINER_LENGTH,
  type ContainerRequestType,
  containerMessage,
  HEADER_LENGTH,
  LONGEST_ARGUMENTS,
  LONGEST_LABEL,
  LONGEST_MESSAGE,
  LONGEST_NAME,
  newMessage,
  OFFSET,
  START_LENGTH,
  STOP_LENGTH,
  stopMessage,
  TYPE,
  untilNul,
  VERSION,
} from "./codec.ts";

export interface ContainerRequest {
  readonly type: ContainerRequestType;
  readonly pid: number;
  /** null: the process is asked about by `pid`. */
  readonly name: string | null;
}

export interface StartRequest {
  readonly type: typeof TYPE.START_REQUEST;
  readonly ipcType: number;
  /** As it came, to be sent back. */
  readonly label: Uint8Array;
  readonly labelLength: number;
  /** Program and arguments with blanks between them. */
  readonly commandLine: string;
}

export interface StopRequest {
  readonly type: typeof TYPE.STOP_REQUEST;
  readonly pid: number;
  /** TERMINATE; otherwise WAIT. */
  readonly isForced: boolean;
}

export type Request = ContainerRequest | StartRequest | StopRequest;

/** Why a message is none; there is no answer to it but the end of the connection, as from pmdaroot(1). */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/**
 * The length of the message that begins here, or null while there is less than a header. Throws MalformedMessage as soon
 * as the header alone shows that nothing good can follow.
 */
export function messageLength(bytes: Uint8Array): number | null {
  if (bytes.length < HEADER_LENGTH) return null;
  const header = asBuffer(bytes);
  const type = header.readInt32LE(OFFSET.type);
  const length = header.readInt32LE(OFFSET.length);
  const status = header.readInt32LE(OFFSET.status);
  const version = header.readInt32LE(OFFSET.version);
  if (version > VERSION) throw new MalformedMessage(`version ${version} is newer than ${VERSION}`);
  const shortest = SHORTEST.get(type);
  if (shortest === undefined) throw new MalformedMessage(`type ${hex(type)} is not a request`);
  if (length < shortest) throw new MalformedMessage(`${length} bytes are too short for type ${hex(type)}`);
  if (length > LONGEST_MESSAGE) throw new MalformedMessage(`a length of ${length} bytes is beyond ${LONGEST_MESSAGE}`);
  if (status < 0) throw new MalformedMessage(`a request with the status ${status}`);
  return length;
}

const SHORTEST: ReadonlyMap<number, number> = new Map<number, number>([
  [TYPE.HOSTNAME_REQUEST, CONTAINER_LENGTH],
  [TYPE.PROCESSID_REQUEST, CONTAINER_LENGTH],
  [TYPE.CGROUPNAME_REQUEST, CONTAINER_LENGTH],
  [TYPE.START_REQUEST, START_LENGTH],
  [TYPE.STOP_REQUEST, STOP_LENGTH],
]);

const hex = (type: number) => `0x${(type >>> 0).toString(16)}`;

/** A whole message, of the length `messageLength` gave. Throws MalformedMessage. */
export function parseRequest(bytes: Uint8Array): Request {
  const message = asBuffer(bytes);
  const type = message.readInt32LE(OFFSET.type);
  switch (type) {
    case TYPE.HOSTNAME_REQUEST:
    case TYPE.PROCESSID_REQUEST:
    case TYPE.CGROUPNAME_REQUEST:
      return parseContainer(message, type);
    case TYPE.START_REQUEST:
      return parseStart(message);
    default:
      return {
        type: TYPE.STOP_REQUEST,
        pid: message.readInt32LE(OFFSET.pid),
        isForced: message.readInt32LE(OFFSET.force) !== 0,
      };
  }
}

function parseContainer(message: Buffer, type: ContainerRequestType): ContainerRequest {
  const pid = message.readInt32LE(OFFSET.pid);
  const length = message.readInt32LE(OFFSET.nameLength);
  if (length < 0 || length > LONGEST_NAME || CONTAINER_LENGTH + length > message.length) {
    throw new MalformedMessage(`a name of ${length} bytes in a message of ${message.length}`);
  }
  if (length === 0 && type !== TYPE.HOSTNAME_REQUEST) throw new MalformedMessage("no name");
  // Collectors count the closing NUL in, others do not.
  const name = length === 0 ? null : text(message.subarray(OFFSET.name, OFFSET.name + length));
  return { type, pid, name };
}

function parseStart(message: Buffer): StartRequest {
  const labelLength = message.readInt32LE(OFFSET.labelLength);
  const length = message.readInt32LE(OFFSET.argumentsLength);
  if (labelLength < 1 || labelLength > LONGEST_LABEL) throw new MalformedMessage(`a label of ${labelLength} bytes`);
  if (length < 1 || length > LONGEST_ARGUMENTS || START_LENGTH + length > message.length) {
    throw new MalformedMessage(`arguments of ${length} bytes in a message of ${message.length}`);
  }
  return {
    type: TYPE.START_REQUEST,
    ipcType: message.readInt32LE(OFFSET.ipcType),
    label: Uint8Array.from(message.subarray(OFFSET.label, OFFSET.label + labelLength)),
    labelLength,
    commandLine: text(message.subarray(OFFSET.arguments, OFFSET.arguments + length)),
  };
}

function text(bytes: Uint8Array): string {
  return asBuffer(untilNul(bytes)).toString("utf8");
}

/** The other side: what a client sends. */
export function containerRequest(type: ContainerRequestType, asked: { pid?: number; name?: string }): Buffer {
  return containerMessage(type, 0, asked.pid ?? 0, Buffer.from(asked.name ?? ""));
}

export function startRequest(ipcType: number, label: string, commandLine: string): Buffer {
  const labelBytes = Buffer.from(label);
  const arguments_ = Buffer.from(commandLine);
  const message = newMessage(TYPE.START_REQUEST, START_LENGTH + arguments_.length);
  message.writeInt32LE(ipcType, OFFSET.ipcType);
  message.writeInt32LE(labelBytes.length, OFFSET.labelLength);
  message.writeInt32LE(arguments_.length, OFFSET.argumentsLength);
  message.set(labelBytes, OFFSET.label);
  message.set(arguments_, OFFSET.arguments);
  return message;
}

export function stopRequest(pid: number, isForced: boolean): Buffer {
  return stopMessage(TYPE.STOP_REQUEST, 0, pid, 0, isForced ? 1 : 0);
}
