/**
 * The messages of jobd: one C structure a request, in the byte order and alignment of a 64-bit little-endian machine.
 *
 *     0    req: which request       every offset is from the beginning of the message;
 *     4    err: an errno            `needs`: where the fields end that the request cannot do without
 *     8    size of the whole        `result`: what the reply returns
 *     12   fields of the request
 */

export const REQ = 0;
export const ERR = 4;
export const SIZE = 8;
export const HEADER_LENGTH = 12;
/** union job_message: no request is longer. */
export const LONGEST_MESSAGE = 48;

export const REQUESTS = {
  CREATE: { req: 1, length: 48, needs: 40, result: 16, jid: 24, pid: 32, user: 36, options: 40 },
  GETJID: { req: 4, length: 32, needs: 28, result: 16, pid: 24 },
  WAITJID: { req: 5, length: 40, needs: 40, result: 16, jid: 24, stat: 32, options: 36 },
  KILLJID: { req: 6, length: 32, needs: 28, result: 12, jid: 16, sig: 24 },
  GETJIDCNT: { req: 9, length: 16, needs: HEADER_LENGTH, result: 12 },
  /** `result` is the capacity on the way in, the count on the way out; at 16 an address in the client's memory. */
  GETJIDLST: { req: 10, length: 24, needs: 16, result: 12 },
  GETPIDCNT: { req: 11, length: 24, needs: 24, result: 12, jid: 16 },
  GETPIDLST: { req: 12, length: 32, needs: 32, result: 12, jid: 24 },
  GETUSER: { req: 17, length: 24, needs: 24, result: 12, jid: 16 },
  GETPRIMEPID: { req: 18, length: 24, needs: 24, result: 12, jid: 16 },
  SETHID: { req: 19, length: 32, needs: 32, result: 16, hid: 24 },
  DETACHJID: { req: 20, length: 24, needs: 24, result: 12, jid: 16 },
  DETACHPID: { req: 21, length: 32, needs: 28, result: 16, pid: 24 },
  /** `result` is the job that is wanted on the way in. */
  ATTACHPID: { req: 22, length: 32, needs: 28, result: 16, pid: 24 },
  RUNCSA: { req: 23, length: 20, needs: 20, result: 12, run: 16 },
} as const;

export type RequestName = keyof typeof REQUESTS;

const NAME_OF_NUMBER: ReadonlyMap<number, RequestName> = new Map(
  Object.entries(REQUESTS).map(([name, { req }]) => [req, name as RequestName]),
);

/** null: reserved, never implemented, or no request at all. */
export function requestName(req: number): RequestName | null {
  return NAME_OF_NUMBER.get(req) ?? null;
}

/** Bytes a list takes for each element, of jids and of pids alike: jobd counts pids by the size of a pointer. */
export const LIST_STRIDE = 8;
