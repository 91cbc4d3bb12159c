/**
 * cfg_status_t of libcfg(3): a framework half and a subsystem half in one int. The process set's own errors stand in the
 * subsystem half, merged with CFG_FRAME_SUCCESS; only privilege is a matter of the framework.
 */
import { type ErrorCode, MusterError } from "#core/model/error.ts";

export const CFG_SUCCESS = 0;

export const makeStatus = (subsystem: number, frame: number): number => (subsystem << 16) | (frame & 0xffff);
export const frameOf = (status: number): number => status & 0xffff;
/** The sign survives: CFG_SUBSYS_ERESTART is -1. */
export const subsystemOf = (status: number): number => status >> 16;

/** name -> [number, text], CFG_FRAME_* of cfg.h. */
export const FRAME_ERRORS = {
  SUCCESS: [0, "success"],
  EEXISTS: [1, "the subsystem is not loaded"],
  EALREADY: [2, "the request was performed already"],
  ECONFIGURED: [3, "the subsystem is not configured"],
  EPRIVS: [4, "the caller has not the privilege"],
  EMEM: [5, "out of memory"],
  ECONNECT: [6, "there is no connection to the configuration manager"],
  ESIZE: [7, "a size is wrong"],
  ESUBSYS: [8, "the subsystem failed"],
  ECOPY: [9, "data could not be copied"],
  ELOADREQ: [10, "the load request failed"],
  ELOADER: [11, "the loader failed"],
  ECFG_RTN: [12, "the subsystem has no configuration routine"],
  EATTR_TBL: [13, "the attribute table is wrong"],
  EREGISTER: [14, "the subsystem could not be registered"],
  EMODULEID: [15, "the module id is wrong"],
  EMETHOD_PRE: [16, "the method before the operation failed"],
  EMETHOD_POST: [17, "the method after the operation failed"],
  EATTR_LIST: [18, "the attribute list is wrong"],
  ENOSYM: [19, "a symbol is missing"],
  EREFCNT: [20, "the subsystem is in use"],
  EEXCEEDENTRY: [21, "there are too many entries"],
  EEXCEEDDEPTH: [22, "the nesting is too deep"],
  ENODEPEND: [23, "a subsystem it depends on is missing"],
  ESUBSYSNAME: [24, "the subsystem's name is wrong"],
  ENOHOTSWAP: [50, "the subsystem cannot be exchanged while it runs"],
  ETIMEOUT: [51, "the request took too long"],
} as const satisfies Record<string, readonly [number, string]>;

/** name -> [Linux errno, muster's code for it, text of cfg_psm_memops(3)]. */
export const PSM_ERRORS = {
  ENOENT: [2, "NOT_FOUND", "the category or pid was not found"],
  ESRCH: [3, "NOT_FOUND", "the pid could not be found in the process table"],
  EIO: [5, "SYSTEM", "the set's store failed"],
  ENOMEM: [12, "SYSTEM", "memory allocation failed"],
  EBUSY: [16, "BUSY", "the process is being created or doing exec"],
  ENODEV: [19, "UNSUPPORTED", "the process set is not there"],
  EINVAL: [22, "USAGE", "an argument is not valid"],
  ENOSPC: [28, "NOT_ALLOWED_NOW", "the maximum number is exceeded"],
  ENOTSUP: [95, "UNSUPPORTED", "this operation is not implemented"],
  EALREADY: [114, "NOT_ALLOWED_NOW", "it exists in the set already"],
} as const satisfies Record<string, readonly [number, ErrorCode, string]>;

export type PsmErrno = keyof typeof PSM_ERRORS;

/** One failed operation on the set, with the word that libcfg would have returned. */
export class PsmError extends MusterError {
  /** cfg_status_t */
  readonly status: number;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    details: { errno: string; hint?: string | null; cause?: unknown },
  ) {
    const { hint = null, cause, errno } = details;
    super(code, message, { errno, hint: hint === null ? statusText(status) : `${hint}; ${statusText(status)}`, cause });
    this.status = status;
  }
}

/** A subsystem error. `code` where the situation is narrower than the errno. */
export function psmError(
  errno: PsmErrno,
  message: string,
  more: { hint?: string; cause?: unknown; code?: ErrorCode } = {},
): PsmError {
  const [number, code] = PSM_ERRORS[errno];
  return new PsmError(makeStatus(number, FRAME_ERRORS.SUCCESS[0]), more.code ?? code, message, { ...more, errno });
}

/** The caller may not: the one error of the framework's half. */
export function privilegeError(message: string, hint?: string): PsmError {
  const status = makeStatus(0, FRAME_ERRORS.EPRIVS[0]);
  return new PsmError(status, "PERMISSION_DENIED", message, { errno: "EPERM", hint: hint ?? null });
}

/** The word for what came over a wire as an errno name: null if it is none of the set's. */
export function statusOfErrno(errno: string | null): number | null {
  if (errno === "EPERM") return makeStatus(0, FRAME_ERRORS.EPRIVS[0]);
  if (errno === null || !Object.hasOwn(PSM_ERRORS, errno)) return null;
  return makeStatus(PSM_ERRORS[errno as PsmErrno][0], FRAME_ERRORS.SUCCESS[0]);
}

/** `0x00720000` */
export const statusWord = (status: number): string => `0x${(status >>> 0).toString(16).padStart(8, "0")}`;

/** `cfg_status 0x00720000 (EALREADY: it exists in the set already)` */
export function statusText(status: number): string {
  const [name, text] = nameOfStatus(status);
  return `cfg_status ${statusWord(status)} (${name}: ${text})`;
}

function nameOfStatus(status: number): readonly [string, string] {
  const subsystem = subsystemOf(status);
  const frame = frameOf(status);
  if (subsystem !== 0) {
    const found = Object.entries(PSM_ERRORS).find(([, [number]]) => number === subsystem);
    return found ? [found[0], found[1][2]] : [`E${subsystem}`, "an error of the subsystem"];
  }
  const found = Object.entries(FRAME_ERRORS).find(([, [number]]) => number === frame);
  if (!found) return [`CFG_FRAME_${frame}`, "an error of the framework"];
  return [frame === CFG_SUCCESS ? "CFG_SUCCESS" : `CFG_FRAME_${found[0]}`, found[1][1]];
}
