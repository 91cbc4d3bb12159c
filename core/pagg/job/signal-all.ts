/** A signal to every process of a job that no single write can reach: each held, checked to be in it still, then signalled. */
import type { PidFd } from "#ffi/pidfd.ts";
import { SysError } from "#ffi/sys-error.ts";
import { tryHold } from "./process.ts";

export interface SignalTarget {
  /** Who is in it at this moment. */
  processes(): Iterable<number>;
  /** Whether what the descriptor holds is in it. */
  holds(pidfd: PidFd): boolean;
}

/** Who forks faster than it can be signalled gets no end of it. */
const MOST_ROUNDS = 32;

export interface SignalOutcome {
  readonly signalled: number;
  /** The last failure; what had ended meanwhile is none. */
  readonly failure: SysError | null;
}

/** Goes on with those that were forked meanwhile, until there are no new ones. Throws SysError EMFILE. */
export function signalAll(target: SignalTarget, signal: number): SignalOutcome {
  const done = new Set<number>();
  let signalled = 0;
  let failure: SysError | null = null;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fresh = [...target.processes()].filter((pid) => !done.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      done.add(pid);
      const outcome = signalOne(target, pid, signal);
      if (outcome === true) signalled++;
      else if (outcome !== false) failure = outcome;
    }
    // A question needs no second look.
    if (signal === 0) break;
  }
  return { signalled, failure };
}

function signalOne(target: SignalTarget, pid: number, signal: number): boolean | SysError {
  using pidfd = tryHold(pid);
  if (!pidfd || !target.holds(pidfd)) return false;
  try {
    return pidfd.sendSignal(signal);
  } catch (thrown) {
    if (thrown instanceof SysError) return thrown;
    throw thrown;
  }
}
