/** What paggctl(3), register_pagg() and the hooks of 2.6's pagg.h fail with: an errno, and muster's code for it. */
import { type ErrorCode, type ErrorDetails, MusterError } from "#core/model/error.ts";

/** errno name -> muster's code for it, where the situation does not tell a narrower one. */
const PAGG_ERRORS = {
  EPERM: "PERMISSION_DENIED",
  ESRCH: "NOT_FOUND",
  ENXIO: "UNSUPPORTED",
  EIO: "SYSTEM",
  ENOMEM: "SYSTEM",
  EACCES: "PERMISSION_DENIED",
  EBUSY: "NOT_ALLOWED_NOW",
  EINVAL: "USAGE",
  ENOSYS: "UNSUPPORTED",
  ENOENT: "NOT_FOUND",
  ENOEXEC: "BAD_DATA",
  EBADR: "UNSUPPORTED",
  ENODATA: "NOT_FOUND",
  ETIMEDOUT: "TIMED_OUT",
  ECANCELED: "CANCELLED",
} as const satisfies Record<string, ErrorCode>;

export type PaggErrno = keyof typeof PAGG_ERRORS;

export class PaggError extends MusterError {
  constructor(errno: PaggErrno, message: string, more: Omit<ErrorDetails, "errno"> & { code?: ErrorCode } = {}) {
    super(more.code ?? PAGG_ERRORS[errno], message, { ...more, errno });
  }
}

export function paggError(
  errno: PaggErrno,
  message: string,
  more: Omit<ErrorDetails, "errno"> & { code?: ErrorCode } = {},
): PaggError {
  return new PaggError(errno, message, more);
}
