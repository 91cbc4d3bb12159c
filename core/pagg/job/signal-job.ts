/** A signal to all of a job: SIGKILL in one write where a control group can, else to each of its processes. */
import { jidText } from "#core/model/jid.ts";
import type { PidFd } from "#ffi/pidfd.ts";
import { SIGNALS } from "#ffi/signals.ts";
import { kernelError } from "./errors.ts";
import type { Membership } from "./membership.ts";
import type { RunningJob } from "./running-job.ts";
import { type SignalOutcome, type SignalTarget, signalAll } from "./signal-all.ts";

/** Throws the last failure, after all were tried. */
export function signalJob(job: RunningJob, signal: number, membership: Membership): void {
  if (signal === SIGNALS.SIGKILL && killGroup(job)) return;
  const { failure } = signalEach(job, signal, membership);
  if (failure) throw kernelError(failure, `signal ${signal} to job ${jidText(job.record.jid)}`);
}

function killGroup(job: RunningJob): boolean {
  try {
    return job.group?.kill() ?? false;
  } catch (thrown) {
    throw kernelError(thrown, `job ${jidText(job.record.jid)} cannot be killed`);
  }
}

function signalEach(job: RunningJob, signal: number, membership: Membership): SignalOutcome {
  try {
    return signalAll(targetOf(job, membership), signal);
  } catch (thrown) {
    throw kernelError(thrown, `signal ${signal} to job ${jidText(job.record.jid)}`);
  }
}

function targetOf(job: RunningJob, membership: Membership): SignalTarget {
  const { group } = job;
  if (group) {
    return { processes: () => group.processes() ?? [], holds: (pidfd: PidFd) => group.holds(pidfd) };
  }
  return {
    processes: () => {
      membership.drain();
      return job.members;
    },
    holds: (pidfd: PidFd) => membership.isMember(job, pidfd.pid) && pidfd.isAlive(),
  };
}
