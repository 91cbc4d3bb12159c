/** The errors of job_paggctl(3) and of jobd, by errno. */
import { type ErrorCode, MusterError } from "#core/model/error.ts";
import { SysError } from "#ffi/sys-error.ts";

/** errno -> muster's code for it, where no narrower one is given. */
const CODES = {
  EBUSY: "BUSY",
  EINVAL: "USAGE",
  EIO: "SYSTEM",
  ENODATA: "NOT_FOUND",
  ENOMEM: "SYSTEM",
  ENOTSUP: "UNSUPPORTED",
  EPERM: "PERMISSION_DENIED",
  ESRCH: "NOT_FOUND",
} as const satisfies Record<string, ErrorCode>;

export type JobErrno = keyof typeof CODES;

export function jobError(
  errno: JobErrno,
  message: string,
  more: { code?: ErrorCode; hint?: string; target?: string; cause?: unknown } = {},
): MusterError {
  return new MusterError(more.code ?? CODES[errno], message, { ...more, errno });
}

export const noJob = (jid: string): MusterError => jobError("ENODATA", `there is no job ${jid}`, { target: jid });

export const noProcess = (pid: number, why = "does not exist"): MusterError =>
  jobError("ESRCH", `process ${pid} ${why}`);

/** What the kernel refuses while a job is made or entered, as the manual page has it. */
export function kernelError(thrown: unknown, what: string): MusterError {
  if (thrown instanceof MusterError) return thrown;
  if (!(thrown instanceof SysError)) throw thrown;
  const more = { cause: thrown };
  const message = `${what}: ${thrown.message}`;
  switch (thrown.errnoName) {
    case "ESRCH":
      return jobError("ESRCH", message, more);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return jobError("EPERM", message, more);
    case "EMFILE":
    case "ENFILE":
      return jobError("ENOMEM", message, { ...more, hint: "raise the limit of open files of the service" });
    // The limit of descendants, of processes, of inodes.
    case "EAGAIN":
    case "ENOSPC":
    case "ENOMEM":
      return jobError("ENOMEM", message, {
        ...more,
        hint: "see cgroup.max.descendants and the limits above the group",
      });
    case "EBUSY":
      return jobError("EBUSY", message, more);
    case "EINVAL":
      return jobError("EINVAL", message, more);
    default:
      return jobError("EIO", message, more);
  }
}
