/**
 * The one error type and its closed set of codes. Each code maps to one exit code; help, documents and the
 * JSON Schema are generated from these two tables.
 */

export const EXIT_CODES = {
  0: "done; a list may be empty; a watch ended by request",
  1: 'the honest "no": get found nothing, check says not running, an assertion failed',
  2: "cannot run here: no terminal for the console, kernel or library without what is needed",
  3: "partial: some targets failed or were refused, or incomplete data with --strict",
  4: "conflict: identity changed, lock held by another, state moved meanwhile",
  64: "usage: a bad command, option, field or id, or --yes is missing",
  65: "bad data in a fixture or input file",
  70: "internal error: a defect of muster",
  74: "output could not be written",
  75: "temporary: timed out or busy; trying again may work",
  77: "permission denied, or read-only mode",
  78: "bad configuration, with file and line",
  130: "interrupted (SIGINT) before the work was finished",
  143: "terminated (SIGTERM) before the work was finished",
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

/** code -> [exit code, meaning] */
export const ERROR_CODES = {
  USAGE: [64, "the command line is wrong"],
  UNKNOWN_FIELD: [64, "a field was asked for that the kind does not have"],
  BAD_CONFIG: [78, "a configuration file is wrong"],
  BAD_DATA: [65, "an input file is wrong"],
  NOT_FOUND: [1, "no such item"],
  AMBIGUOUS: [64, "the name fits more than one item"],
  NO_TERMINAL: [2, "the console needs a terminal"],
  UNSUPPORTED: [2, "this host cannot do it"],
  PERMISSION_DENIED: [77, "the kernel or a rule of privilege forbids it"],
  READ_ONLY: [77, "muster runs read-only"],
  NOT_ALLOWED_NOW: [4, "the action does not fit the item's state"],
  IDENTITY_CHANGED: [4, "the process is not the one that was asked about"],
  LOCK_HELD: [4, "another process holds the lock"],
  TIMED_OUT: [75, "the deadline passed"],
  BUSY: [75, "busy now; try again"],
  CANCELLED: [130, "cancelled by the operator"],
  INTERRUPTED: [143, "terminated before the work was finished"],
  START_FAILED: [3, "the daemon did not start"],
  STOP_FAILED: [3, "the daemon did not stop"],
  PARTIAL: [3, "some targets failed or were refused"],
  BAD_PID_FILE: [3, "the pid file cannot be read or does not hold a valid pid"],
  SYSTEM: [3, "a system call failed"],
  OUTPUT: [74, "output could not be written"],
  INTERNAL: [70, "a defect of muster"],
  UNREACHABLE: [75, "muster's service does not answer, or went away in the middle"],
} as const satisfies Record<string, readonly [ExitCode, string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error as plain data: what crosses the wire, the journal and `--json`. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  /** The id, path or argument it is about. */
  readonly target: string | null;
  /** Name of the errno, such as `EACCES`. */
  readonly errno: string | null;
  /** The way out. */
  readonly hint: string | null;
  readonly retryable: boolean;
  readonly causes: readonly string[];
}

export interface ErrorDetails {
  target?: string | null;
  errno?: string | null;
  hint?: string | null;
  cause?: unknown;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(["TIMED_OUT", "BUSY", "LOCK_HELD"]);

export class MusterError extends Error {
  override readonly name = "MusterError";
  readonly code: ErrorCode;
  readonly target: string | null;
  readonly errno: string | null;
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.target = details.target ?? null;
    this.errno = details.errno ?? null;
    this.hint = details.hint ?? null;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code][0];
  }
}

/** errno names that say more than "a system call failed". */
const CODE_OF_ERRNO: Readonly<Record<string, ErrorCode>> = {
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOENT: "NOT_FOUND",
  ENOSYS: "UNSUPPORTED",
  EPIPE: "OUTPUT",
};

/** Any thrown value as a MusterError; what is not known is INTERNAL, with its cause kept. */
export function toMusterError(thrown: unknown, target?: string): MusterError {
  if (thrown instanceof MusterError) return thrown;
  const errno = errnoName(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = errno === null ? "INTERNAL" : (CODE_OF_ERRNO[errno] ?? "SYSTEM");
  return new MusterError(code, message, { target: target ?? null, errno, cause: thrown });
}

/** The errno name a thrown value carries: ffi's SysError has `errnoName`, Bun's and Node's errors have `code`. */
export function errnoName(thrown: unknown): string | null {
  if (typeof thrown !== "object" || thrown === null) return null;
  const carried = thrown as { errnoName?: unknown; code?: unknown };
  for (const name of [carried.errnoName, carried.code]) {
    if (typeof name === "string" && /^E[A-Z0-9]+$/.test(name)) return name;
  }
  return null;
}

export function errorRecord(thrown: unknown, target?: string): ErrorRecord {
  const error = toMusterError(thrown, target);
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 8; cause = cause.cause) {
    if (cause.message !== error.message) causes.push(cause.message);
  }
  return {
    code: error.code,
    message: error.message,
    target: error.target ?? target ?? null,
    errno: error.errno,
    hint: error.hint,
    retryable: RETRYABLE.has(error.code),
    causes,
  };
}

/** The error a record was made from, to be thrown on this side of a wire. */
export function fromRecord(record: ErrorRecord): MusterError {
  return new MusterError(record.code, record.message, record);
}
