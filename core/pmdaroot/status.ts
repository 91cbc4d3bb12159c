/** Status codes of the interface, negative as the manual page says, and what pmErrStr_r(3) makes of them. */
import { describeErrno } from "#ffi/sys-error.ts";
import { PM_ERRORS } from "./pm-errors.ts";

/** Negated errno values, and two of PCP's own. */
export const STATUS = {
  EPERM: -1,
  ENOENT: -2,
  ESRCH: -3,
  E2BIG: -7,
  ENOEXEC: -8,
  EINVAL: -22,
  ENOTUNIQ: -76,
  ENOTSUP: -95,
  ENOTCONN: -107,
  ETIMEDOUT: -110,
  GENERIC: -12345,
  NOCONTAINER: -12399,
} as const;

const FIRST_PM_ERROR = -12345;

/** `-12399` -> `"Container not found"`, `-22` -> `"Invalid argument"`. */
export function statusText(status: number): string {
  if (status >= 0) return "No error";
  if (status > FIRST_PM_ERROR) return describeErrno(-status);
  return PM_ERRORS.get(status)?.[1] ?? `No such PMAPI error code (${status})`;
}

/** `-12399` -> `"PM_ERR_NOCONTAINER"`; null for an errno and for what has no name. */
export function statusSymbol(status: number): string | null {
  return PM_ERRORS.get(status)?.[0] ?? null;
}
