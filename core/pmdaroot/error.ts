/** What any of the calls ends with if it fails: the negative status of the C interface, its text, and the real cause. */
import { type ErrorCode, MusterError } from "#core/model/error.ts";
import { errnoName } from "#ffi/errno-names.ts";
import { STATUS, statusSymbol, statusText } from "./status.ts";

export interface PmdaRootErrorDetails {
  readonly target?: string;
  /** The errno behind the status, where they differ: libpcp_pmda says EPERM whatever made a connect fail. */
  readonly errno?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

export class PmdaRootError extends MusterError {
  /** As the C function returns it: negative, for pmErrStr_r(3). */
  readonly status: number;
  /** `"PM_ERR_NOCONTAINER"`, `"EINVAL"` */
  readonly symbol: string;
  /** What pmErrStr_r(3) says of the status. */
  readonly text: string;

  constructor(status: number, message: string, details: PmdaRootErrorDetails = {}) {
    super(codeOf(status, details.errno), message, { errno: errnoOf(status), ...details });
    this.status = status;
    this.symbol = statusSymbol(status) ?? errnoName(-status);
    this.text = statusText(status);
  }
}

function errnoOf(status: number): string | null {
  return status > STATUS.GENERIC ? errnoName(-status) : null;
}

const CODE_OF_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [STATUS.NOCONTAINER, "NOT_FOUND"],
  [STATUS.ENOTUNIQ, "AMBIGUOUS"],
  [STATUS.EINVAL, "SYSTEM"],
  [STATUS.ENOTCONN, "UNREACHABLE"],
  [STATUS.ETIMEDOUT, "TIMED_OUT"],
  [STATUS.ENOTSUP, "UNSUPPORTED"],
]);

const CODE_OF_CAUSE: Readonly<Record<string, ErrorCode>> = {
  EPERM: "PERMISSION_DENIED",
  EACCES: "PERMISSION_DENIED",
  ENOENT: "NOT_FOUND",
  ECONNREFUSED: "UNREACHABLE",
  ECONNRESET: "UNREACHABLE",
  EPIPE: "UNREACHABLE",
  EAGAIN: "BUSY",
};

function codeOf(status: number, cause = errnoOf(status) ?? ""): ErrorCode {
  return CODE_OF_STATUS.get(status) ?? CODE_OF_CAUSE[cause] ?? "SYSTEM";
}
