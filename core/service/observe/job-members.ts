/** Members of jobs, who may end at any moment: between two questions, too. */
import { MusterError } from "#core/model/error.ts";
import type { AttachedProcess } from "#core/pagg/attached.ts";
import { JOB_MODULE } from "#core/pagg/job-requests-ctl.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";

/** With their start times; those that are gone are left out. */
export function identified(procRoot: string, pids: readonly number[]): AttachedProcess[] {
  return pids.flatMap((pid) => {
    const startTicks = processIdentityTicks(procRoot, pid);
    return startTicks === null ? [] : [{ module: JOB_MODULE, pid, startTicks, data: null }];
  });
}

/** null if the job or the process that is asked about is gone. */
export function unlessEnded<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch (thrown) {
    if (isEnded(thrown)) return null;
    throw thrown;
  }
}

export function isEnded(thrown: unknown): boolean {
  return thrown instanceof MusterError && (thrown.errno === "ENODATA" || thrown.errno === "ESRCH");
}
