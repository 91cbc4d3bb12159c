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

/** Who is killed by himself may have forked before: that is for the next write. */
const MOST_WRITES = 32;

function killGroup({ group, record }: RunningJob): boolean {
  try {
    for (let write = 0; group !== null && write < MOST_WRITES; write++) {
      if (!group.kill()) return false;
      const processes = () => group.leaderless();
      const { signalled, failure } = signalAll({ processes, holds: (pidfd) => group.holds(pidfd) }, SIGNALS.SIGKILL);
      if (failure) throw failure;
      if (signalled === 0) break;
    }
    return group !== null;
  } catch (thrown) {
    throw kernelError(thrown, `job ${jidText(record.jid)} cannot be killed`);
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
