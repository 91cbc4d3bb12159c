/** The answers of the control protocol, and how a reading of the pid file becomes one. */
import { errorRecord, MusterError } from "#core/model/error.ts";
import type { ControlResult } from "./control-params.ts";
import type { PidFileReading } from "./pid-file.ts";
import type { ControlStatus } from "./status.ts";

export type Answer = Omit<ControlResult, "hasActed">;

/** What a reading of the pid file says about the daemon. */
export function judge(pidFile: string, { content, isLocked }: PidFileReading): Answer {
  if (!isLocked) {
    if (content.phase === "empty")
      return answer("notRunning", `${pidFile} is empty and free: the daemon is not running`);
    return answer("stale", `${pidFile} is stale: the daemon ended without emptying it`);
  }
  switch (content.phase) {
    case "pid":
      return answer("ok", `the daemon runs as process ${content.pid}`);
    case "empty":
      return answer("ok", "the daemon is just exiting");
    case "starting":
      return badPidFile(pidFile, "is locked, but holds no pid yet: the daemon is still starting");
    case "invalid":
      return badPidFile(pidFile, content.reason);
  }
}

export function answer(status: Exclude<ControlStatus, "error">, message: string): Answer {
  return { status, message, error: null };
}

export function failure(thrown: unknown, pidFile: string): Answer {
  if (thrown instanceof MusterError) return { status: "error", message: thrown.message, error: thrown };
  const record = errorRecord(thrown, pidFile);
  const error = new MusterError(record.code, record.message, { ...record, cause: thrown });
  return { status: "error", message: error.message, error };
}

export function badPidFile(pidFile: string, reason: string): Answer {
  const error = new MusterError("BAD_PID_FILE", `pid file ${pidFile} ${reason}`, { target: pidFile });
  return { status: "error", message: error.message, error };
}
