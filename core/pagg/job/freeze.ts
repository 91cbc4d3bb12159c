/** Holding a job still, and letting it go on: cgroup.freeze. */
import { jidText } from "#core/model/jid.ts";
import { isGroupGone } from "#ffi/cgroup.ts";
import { jobError, kernelError } from "./errors.ts";
import type { RunningJob } from "./running-job.ts";

/** Throws ENOTSUP where nothing can freeze it. */
export function setFrozen(job: RunningJob, isFrozen: boolean): void {
  if (!job.group) {
    throw jobError("ENOTSUP", `job ${jidText(job.record.jid)} is held by the tracker: nothing can freeze it`);
  }
  try {
    job.group.setFrozen(isFrozen);
  } catch (thrown) {
    if (isGroupGone(thrown)) throw jobError("ENOTSUP", "this kernel cannot freeze control groups", { cause: thrown });
    throw kernelError(thrown, `job ${jidText(job.record.jid)}`);
  }
  job.isFreezeWanted = isFrozen;
  job.isFrozen = job.group.events()?.isFrozen ?? job.isFrozen;
}
