/** Waiting for the end of a job, which may come at any moment: before the wait as well. */
import { MusterError } from "#core/model/error.ts";
import { jidText } from "#core/model/jid.ts";
import type { Jid, JobEnd, JobRequests } from "#core/pagg/job/requests.ts";

/** null: it had ended already. Rejects with CANCELLED. */
export function endOf(jobs: JobRequests, jid: Jid, signal: AbortSignal | undefined): Promise<JobEnd | null> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      giveUp();
      reject(new MusterError("CANCELLED", `${jidText(jid)} goes on; it is no longer waited for`));
    };
    const giveUp = waitUnlessEnded(jobs, jid, (end) => {
      signal?.removeEventListener("abort", abort);
      resolve(end);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A job that was there a moment ago may be gone. */
function waitUnlessEnded(jobs: JobRequests, jid: Jid, ended: (end: JobEnd | null) => void): () => void {
  try {
    return jobs.waitjid(jid, ended);
  } catch (thrown) {
    if (!(thrown instanceof MusterError) || thrown.errno !== "ENODATA") throw thrown;
    ended(null);
    return () => {};
  }
}
