/** One line -> one request. Nothing is given to JSON.parse that could make it recurse without bound. */
import { MusterError } from "#core/model/error.ts";
import { RPC_CODES } from "./codes.ts";
import { DEEPEST_NESTING } from "./limits.ts";

export type MessageId = string | number | null;

export interface Message {
  /** undefined: a notification, which nobody waits for. */
  readonly id: MessageId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** `number` is the code of JSON-RPC; `id` that of the request if it could be read. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly number: number;
  readonly id: MessageId;
  readonly error: MusterError;

  constructor(number: number, reason: string, id: MessageId = null) {
    super(reason);
    this.number = number;
    this.id = id;
    this.error = new MusterError("USAGE", reason, { hint: "see 'muster schema rpc'" });
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONGEST_ID = 256;

/** Throws ProtocolError. */
export function parseMessage(line: Uint8Array): Message {
  const value = parseJson(line);
  if (Array.isArray(value)) throw invalid("batches are not taken: write one request a line");
  if (typeof value !== "object" || value === null) throw invalid("a request is an object");
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (id !== undefined && !isId(id)) throw invalid("`id` is a number or a string of at most 256 characters");
  if (jsonrpc !== "2.0") throw invalid('`jsonrpc` is not "2.0"', id);
  if (typeof method !== "string") throw invalid("`method` is not a string", id);
  return { id, method, params };
}

function parseJson(line: Uint8Array): unknown {
  if (depthOf(line) > DEEPEST_NESTING) throw unreadable(`nested more than ${DEEPEST_NESTING} levels deep`);
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    throw unreadable("not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable("not JSON");
  }
}

function isId(value: unknown): value is MessageId {
  if (typeof value === "string") return value.length <= LONGEST_ID;
  return value === null || (typeof value === "number" && Number.isFinite(value));
}

const unreadable = (reason: string) => new ProtocolError(RPC_CODES.parse, `the request is ${reason}`);
const invalid = (reason: string, id: MessageId = null) => new ProtocolError(RPC_CODES.invalidRequest, reason, id);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** Deepest nesting of brackets outside strings; stops counting once it is too deep. */
function depthOf(line: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let i = 0; i < line.length; i++) {
    const byte = line[i] ?? 0;
    if (isText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (OPENING.has(byte)) {
      deepest = Math.max(deepest, ++depth);
      if (deepest > DEEPEST_NESTING) return deepest;
    } else if (CLOSING.has(byte)) depth--;
  }
  return deepest;
}
