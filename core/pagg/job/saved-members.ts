/**
 * What a restart cannot find in a control group, written down a moment after it changed: who is in a job that only the tracker
 * holds, and which process is the first of another.
 */
import type { Clock } from "#core/model/clock.ts";
import type { MusterError } from "#core/model/error.ts";
import { jidText } from "#core/model/jid.ts";
import type { Membership } from "./membership.ts";
import type { RunningJob } from "./running-job.ts";
import type { JobStore } from "./store.ts";

export interface SavedMembersOptions {
  readonly store: JobStore;
  readonly membership: Membership;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

const SAVE_MS = 1000;

export class SavedMembers {
  readonly #options: SavedMembersOptions;
  readonly #unsaved = new Set<RunningJob>();
  #cancel: (() => void) | null = null;

  constructor(options: SavedMembersOptions) {
    this.#options = options;
  }

  changed(job: RunningJob): void {
    if (job.hasEnded || (job.group && isPrimeSaved(job))) return;
    this.#unsaved.add(job);
    this.#cancel ??= this.#options.clock.setTimer(SAVE_MS, () => {
      this.#cancel = null;
      this.save();
    });
  }

  /** Now, of all that have changed. */
  save(): void {
    const { store, membership, onProblem } = this.#options;
    for (const job of this.#unsaved) {
      if (job.hasEnded) continue;
      const members = [...job.members];
      const processes = (job.group ? members.slice(0, 1) : members).flatMap((pid) => {
        const startTicks = membership.startTicks(pid);
        return startTicks === null ? [] : [{ pid, startTicks }];
      });
      try {
        store.setProcesses(job.record.jid, processes);
        job.savedPrime = processes[0]?.pid ?? null;
      } catch (thrown) {
        onProblem(`members of job ${jidText(job.record.jid)}: ${(thrown as MusterError).message}`);
      }
    }
    this.#unsaved.clear();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.save();
  }
}

function isPrimeSaved({ members, savedPrime }: RunningJob): boolean {
  const [prime] = members;
  return prime === undefined || prime === savedPrime;
}
