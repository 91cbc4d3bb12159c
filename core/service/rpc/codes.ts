/** Numbers of JSON-RPC 2.0 for what goes wrong. Ours stand below -32000, in the order of the table of error codes. */
import { ERROR_CODES, type ErrorCode, type ErrorRecord, errorRecord } from "#core/model/error.ts";

export const PROTOCOL_VERSION = 1;
export const SOCKET_NAME = "muster.sock";

export const RPC_CODES = {
  /** Not JSON, not UTF-8, nested too deeply. */
  parse: -32700,
  /** JSON, but no request; or too long. */
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
} as const;

const ORDER = Object.keys(ERROR_CODES);

/** `data` of the error says the same by name, and more. */
export function numberOf(code: ErrorCode): number {
  return -32000 - ORDER.indexOf(code);
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: ErrorRecord;
}

export function rpcError(thrown: unknown, number?: number): RpcError {
  const data = errorRecord(thrown);
  return { code: number ?? numberOf(data.code), message: data.message, data };
}
