/**
 * geopm_error(3): GEOPM's numbers and words. Negative numbers are GEOPM's own, positive ones are errno. Every refusal of this
 * room is a GeopmError, which carries the number that the same call of GEOPM's library returns.
 */
import { type ErrorCode, errnoName as errnoNameOf, MusterError } from "#core/model/error.ts";
import { errnoName } from "#ffi/errno-names.ts";
import { describeErrno, SysError } from "#ffi/sys-error.ts";

/** name -> [number, muster's code for it, text of geopm_error_message()]. */
export const GEOPM_ERRORS = {
  RUNTIME: [-1, "SYSTEM", "Runtime error"],
  LOGIC: [-2, "INTERNAL", "Logic error"],
  INVALID: [-3, "USAGE", "Invalid argument"],
  FILE_PARSE: [-4, "BAD_DATA", "Unable to parse input file"],
  LEVEL_RANGE: [-5, "USAGE", "Control hierarchy level is out of range"],
  NOT_IMPLEMENTED: [-6, "UNSUPPORTED", "Feature not yet implemented"],
  PLATFORM_UNSUPPORTED: [-7, "UNSUPPORTED", "Current platform not supported or unrecognized"],
  MSR_OPEN: [-8, "SYSTEM", "Could not open MSR device"],
  MSR_READ: [-9, "SYSTEM", "Could not read from MSR device"],
  MSR_WRITE: [-10, "SYSTEM", "Could not write to MSR device"],
  AGENT_UNSUPPORTED: [-11, "UNSUPPORTED", "Specified Agent not supported or unrecognized"],
  AFFINITY: [-12, "SYSTEM", "MPI ranks are not affinitized to distinct CPUs"],
  NO_AGENT: [-13, "NOT_FOUND", "Requested agent is unavailable or invalid"],
  DATA_STORE: [-14, "SYSTEM", "Encountered a data store error"],
} as const satisfies Record<string, readonly [number, ErrorCode, string]>;

export type GeopmErrorName = keyof typeof GEOPM_ERRORS;

const NAMES = Object.keys(GEOPM_ERRORS) as GeopmErrorName[];
const NAME_OF_NUMBER = new Map<number, GeopmErrorName>(NAMES.map((name) => [GEOPM_ERRORS[name][0], name]));

/** errno names that say more than "a system call failed". */
const CODE_OF_ERRNO: Readonly<Record<string, ErrorCode>> = {
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOENT: "NOT_FOUND",
  EEXIST: "NOT_ALLOWED_NOW",
  EBUSY: "BUSY",
  ETIMEDOUT: "TIMED_OUT",
  EINVAL: "USAGE",
};

/** `-3` -> `GEOPM_ERROR_INVALID`, `17` -> `EEXIST`. */
export function geopmErrorName(number: number): string {
  const name = NAME_OF_NUMBER.get(number);
  if (name !== undefined) return `GEOPM_ERROR_${name}`;
  return number > 0 ? errnoName(number) : `unknown error ${number}`;
}

/** What geopm_error_message() says of a number in a process that has seen no error yet: nothing of 0. */
export function geopmErrorMessage(number: number): string {
  if (number === 0) return "";
  const name = NAME_OF_NUMBER.get(number);
  if (name !== undefined) return `<geopm> ${GEOPM_ERRORS[name][2]}`;
  return `<geopm> ${number > 0 ? describeErrno(number) : `Unknown error ${number}`}`;
}

export interface GeopmErrorDetails {
  readonly target?: string | null;
  /** The way out; the number and GEOPM's word for it are put behind it. */
  readonly hint?: string | null;
  readonly cause?: unknown;
  /** The name of the errno where it is not told by the number. */
  readonly errno?: string | null;
  /** Where the situation is narrower than the number. */
  readonly code?: ErrorCode;
}

export class GeopmError extends MusterError {
  /** As GEOPM's functions return it: negative, or an errno. Never 0. */
  readonly number: number;

  constructor(number: number, message: string, details: GeopmErrorDetails = {}) {
    const { target = null, hint = null, cause } = details;
    const errno = details.errno ?? (number > 0 ? errnoName(number) : null);
    const word = `${geopmErrorName(number)} (${number}): ${geopmErrorMessage(number)}`;
    super(details.code ?? codeOf(number, errno), message, {
      target,
      errno,
      hint: hint === null ? word : `${hint}; ${word}`,
      cause,
    });
    this.number = number;
  }
}

function codeOf(number: number, errno: string | null): ErrorCode {
  if (errno !== null) return CODE_OF_ERRNO[errno] ?? "SYSTEM";
  const name = NAME_OF_NUMBER.get(number);
  return name === undefined ? "SYSTEM" : GEOPM_ERRORS[name][1];
}

/** `geopmError("INVALID", "...")`, or with an errno: `geopmError(17, "...")`. */
export function geopmError(
  what: GeopmErrorName | number,
  message: string,
  details: GeopmErrorDetails = {},
): GeopmError {
  return new GeopmError(typeof what === "number" ? what : GEOPM_ERRORS[what][0], message, details);
}

/**
 * Any thrown value as a GeopmError, numbered as GEOPM's exception handler does it: an errno keeps its number, the rest is -1.
 */
export function toGeopmError(thrown: unknown, target?: string): GeopmError {
  if (thrown instanceof GeopmError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const details = { target: target ?? null, cause: thrown };
  const errno = errnoOf(thrown);
  if (errno !== null) return new GeopmError(errno, message, details);
  const known = thrown instanceof MusterError ? { code: thrown.code, hint: thrown.hint, target: thrown.target } : {};
  return geopmError("RUNTIME", message, { ...details, ...known });
}

/** SysError has the number; errors of node:fs have it negated. */
function errnoOf(thrown: unknown): number | null {
  if (thrown instanceof SysError) return thrown.errno;
  if (errnoNameOf(thrown) === null || !(thrown instanceof Error) || !("errno" in thrown)) return null;
  return typeof thrown.errno === "number" && thrown.errno !== 0 ? Math.abs(thrown.errno) : null;
}
