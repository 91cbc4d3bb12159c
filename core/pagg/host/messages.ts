/**
 * What the service and a module's own process say to each other: one JSON text a line, over a socket and a pipe.
 *
 *     service --> load, events, call, attachFailed, unload -->  descriptor 3
 *             <-- started, loaded, done, took, answer, ... <--  descriptor 4
 *
 * The service trusts nothing that comes back: checkMessage() looks at every field.
 */
import { PAGG_NAMELN } from "../names.ts";
import type { Json, RequestSpec } from "../request.ts";

export const HOST_INPUT = 3;
export const HOST_OUTPUT = 4;

/** Bytes of a module's file. */
export const SOURCE_LIMIT = 1 << 20;
/** Bytes of a request's data, and of an answer. */
export const DATA_LIMIT = 1 << 20;
/** Of one line to the service: a batch in which every process is refused with words. */
export const LINE_LIMIT = 8 << 20;
/** Events in one batch, and those that may wait for a module that is slow. */
export const BATCH_SIZE = 1000;
export const QUEUE_LIMIT = 200_000;
/** Characters of what is shown of the data of a process, and of a message. */
export const TEXT_LIMIT = 200;
export const MESSAGE_LIMIT = 1000;
const REQUEST_LIMIT = 256;

/** Numbers by which the service knows a process it has told of; a pid comes round. */
export type Key = number;

/** `ticks` is when it was told, in clock ticks after the start of the machine: what started later is another process. */
export type HostEvent =
  | readonly ["fork", parent: Key, child: Key, pid: number, parentPid: number, ticks: number]
  | readonly ["init", Key, pid: number, parentPid: number, startTicks: string]
  | readonly ["adopt", Key, pid: number, parentPid: number, startTicks: string, request: number]
  | readonly ["exec", Key]
  | readonly ["exit", Key, status: number | null];

export type ToHost =
  | {
      readonly op: "load";
      readonly path: string;
      readonly name: string;
      readonly source: string;
      readonly procRoot: string;
    }
  | { readonly op: "events"; readonly batch: number; readonly events: readonly HostEvent[] }
  | { readonly op: "call"; readonly id: number; readonly request: string; readonly data: Json }
  | { readonly op: "attachFailed"; readonly id: number; readonly errno: string; readonly message: string }
  | { readonly op: "unload" };

/** What became of the processes of a batch, or of those the module itself has touched. */
export interface Outcome {
  readonly attached: readonly (readonly [Key, string | null])[];
  readonly changed: readonly (readonly [Key, string | null])[];
  /** Not attached, or let out. */
  readonly left: readonly Key[];
  readonly refused: readonly (readonly [Key, string])[];
}

export interface Loaded {
  readonly name: string;
  readonly description: string | null;
  readonly hasInit: boolean;
  readonly hasExec: boolean;
  readonly requests: readonly RequestSpec[];
}

export interface HostFailure {
  readonly message: string;
  /** `file:line` */
  readonly at: string | null;
}

export type FromHost =
  | { readonly op: "started" }
  | ({ readonly op: "loaded" } & Loaded)
  | ({ readonly op: "failed" } & HostFailure)
  | ({ readonly op: "done"; readonly batch: number } & Outcome)
  | ({ readonly op: "touched" } & Outcome)
  | { readonly op: "took"; readonly id: number }
  | { readonly op: "answer"; readonly id: number; readonly data: Json }
  | { readonly op: "refusal"; readonly id: number; readonly errno: string; readonly message: string }
  | { readonly op: "attach"; readonly id: number; readonly pid: number }
  | { readonly op: "bye" };

/** The message in a line; null for anything that is none, whatever it is. */
export function checkMessage(line: string): FromHost | null {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(message) || typeof message.op !== "string" || !Object.hasOwn(CHECKS, message.op)) return null;
  return CHECKS[message.op as FromHost["op"]](message) ? (message as FromHost) : null;
}

type Fields = Readonly<Record<string, unknown>>;

const CHECKS: Readonly<Record<FromHost["op"], (message: Fields) => boolean>> = {
  started: () => true,
  loaded: ({ name, description, hasInit, hasExec, requests }) =>
    isText(name, PAGG_NAMELN) &&
    (description === null || isText(description, MESSAGE_LIMIT)) &&
    typeof hasInit === "boolean" &&
    typeof hasExec === "boolean" &&
    isListOf(requests, isRequest) &&
    requests.length <= REQUEST_LIMIT,
  failed: ({ message, at }) => isText(message, MESSAGE_LIMIT) && (at === null || isText(at, MESSAGE_LIMIT * 5)),
  done: (message) => isNumber(message.batch) && isOutcome(message),
  touched: isOutcome,
  took: ({ id }) => isNumber(id),
  answer: (message) => isNumber(message.id) && message.data !== undefined,
  refusal: ({ id, errno, message }) =>
    isNumber(id) && isText(errno, PAGG_NAMELN) && /^E[A-Z0-9]+$/.test(errno) && isText(message, MESSAGE_LIMIT),
  attach: ({ id, pid }) => isNumber(id) && isNumber(pid) && pid > 0 && pid <= 0x7fff_ffff,
  bye: () => true,
};

function isOutcome({ attached, changed, left, refused }: Fields): boolean {
  const isShown = (pair: unknown) => isPair(pair) && (pair[1] === null || isText(pair[1], TEXT_LIMIT));
  return (
    isListOf(attached, isShown) &&
    isListOf(changed, isShown) &&
    isListOf(left, isNumber) &&
    isListOf(refused, (pair) => isPair(pair) && isText(pair[1], MESSAGE_LIMIT))
  );
}

function isRequest(value: unknown): boolean {
  return (
    isRecord(value) &&
    isText(value.name, 64) &&
    isNumber(value.number) &&
    ["read", "change", "destroy"].includes(value.effect as string) &&
    ["anyone", "service"].includes(value.need as string)
  );
}

const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown, most: number): value is string => typeof value === "string" && value.length <= most;
const isPair = (value: unknown): value is [number, unknown] =>
  Array.isArray(value) && value.length === 2 && isNumber(value[0]);

function isListOf(value: unknown, fits: (element: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(fits);
}
