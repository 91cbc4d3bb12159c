/**
 * What a server sends: made here for ours, taken apart here for our client, with the checks of libpcp_pmda in their order,
 * so that what is wrong with a reply gets the code that a C program would get.
 */
import {
  asBuffer,
  CONTAINER_LENGTH,
  containerMessage,
  FEATURES,
  INFO_LENGTH,
  newMessage,
  OFFSET,
  START_LENGTH,
  STOP_LENGTH,
  TYPE,
  untilNul,
  VERSION,
} from "./codec.ts";
import { STATUS } from "./status.ts";

/** The server speaks first. */
export function infoMessage(): Buffer {
  const message = newMessage(TYPE.INFO, INFO_LENGTH);
  message.writeInt32LE(FEATURES, OFFSET.features);
  return message;
}

export interface ReplyProblem {
  readonly status: number;
  /** What the server said about it; ours does, pmdaroot(1) sends nothing that means something. */
  readonly text: string;
}

/** 0 or the negative status of the message as a whole. */
export function checkInfo(bytes: Uint8Array): number {
  if (bytes.length !== INFO_LENGTH) return STATUS.EINVAL;
  const message = asBuffer(bytes);
  if (message.readInt32LE(OFFSET.type) !== TYPE.INFO) return STATUS.ESRCH;
  if (message.readInt32LE(OFFSET.version) > VERSION) return STATUS.ENOTSUP;
  const status = message.readInt32LE(OFFSET.status);
  if (status !== 0) return status;
  return message.readInt32LE(OFFSET.length) === INFO_LENGTH ? 0 : STATUS.E2BIG;
}

export interface ContainerReply {
  readonly pid: number;
  readonly name: Uint8Array;
}

export function readContainerReply(bytes: Uint8Array, type: number): ContainerReply | ReplyProblem {
  if (bytes.length < CONTAINER_LENGTH) return problem(STATUS.EINVAL);
  const message = asBuffer(bytes);
  const nameLength = message.readInt32LE(OFFSET.nameLength);
  if (message.readInt32LE(OFFSET.type) !== type) return problem(STATUS.ESRCH);
  if (message.readInt32LE(OFFSET.version) > VERSION) return problem(STATUS.ENOTSUP);
  const status = message.readInt32LE(OFFSET.status);
  const isWhole = nameLength >= 0 && CONTAINER_LENGTH + nameLength <= bytes.length;
  const name = isWhole ? untilNul(message.subarray(OFFSET.name, OFFSET.name + nameLength)) : EMPTY;
  if (status !== 0) return problem(status, isWhole ? explanation(name) : "");
  if (message.readInt32LE(OFFSET.length) < CONTAINER_LENGTH + nameLength) return problem(STATUS.E2BIG);
  if (!isWhole) return problem(STATUS.EINVAL);
  return { pid: message.readInt32LE(OFFSET.pid), name };
}

const EMPTY = new Uint8Array(0);

/**
 * An explanation begins with a letter that says it is one: pmdaroot(1) leaves 64 bytes of its stack in some error replies,
 * which may be another container's name.
 */
const EXPLAINS = "\u0001";

function explanation(name: Uint8Array): string {
  const text = asBuffer(name).toString("utf8");
  return text.startsWith(EXPLAINS) ? text.slice(EXPLAINS.length) : "";
}

const LONGEST_EXPLANATION = 2048;

/** `text` is for our own client; the C library does not look at the name of a reply that has a status. */
export function containerError(type: number, status: number, pid: number, text = ""): Buffer {
  const name = text === "" ? EMPTY : Buffer.from(EXPLAINS + text).subarray(0, LONGEST_EXPLANATION);
  return containerMessage(type, status, pid, name);
}

export interface StartReply {
  readonly pid: number;
}

export function readStartReply(bytes: Uint8Array): StartReply | ReplyProblem {
  if (bytes.length < CONTAINER_LENGTH) return problem(STATUS.EINVAL);
  const message = asBuffer(bytes);
  if (message.readInt32LE(OFFSET.type) !== TYPE.START) return problem(STATUS.ESRCH);
  const status = message.readInt32LE(OFFSET.status);
  if (status !== 0) return problem(status);
  if (bytes.length < START_LENGTH) return problem(STATUS.EINVAL);
  if (message.readInt32LE(OFFSET.length) < START_LENGTH) return problem(STATUS.E2BIG);
  return { pid: message.readInt32LE(OFFSET.pid) };
}

export function startReply(status: number, pid: number, label: Uint8Array): Buffer {
  const message = newMessage(TYPE.START, START_LENGTH, status);
  message.writeInt32LE(pid, OFFSET.pid);
  message.writeInt32LE(label.length, OFFSET.labelLength);
  message.set(label, OFFSET.label);
  return message;
}

export interface StopReply {
  readonly pid: number;
  readonly code: number;
}

export function readStopReply(bytes: Uint8Array): StopReply | ReplyProblem {
  if (bytes.length < STOP_LENGTH) return problem(STATUS.EINVAL);
  const message = asBuffer(bytes);
  if (message.readInt32LE(OFFSET.type) !== TYPE.STOP) return problem(STATUS.ESRCH);
  if (message.readInt32LE(OFFSET.version) > VERSION) return problem(STATUS.ENOTSUP);
  const status = message.readInt32LE(OFFSET.status);
  if (status !== 0) return problem(status);
  return { pid: message.readInt32LE(OFFSET.pid), code: message.readInt32LE(OFFSET.code) };
}

function problem(status: number, text = ""): ReplyProblem {
  return { status, text };
}
