/**
 * A program that begins only once it was let in somewhere: the child waits in front of execve until whoever is asked has
 * taken it, so that nothing it does can be missed.
 */
import { spawnChild } from "./spawn.ts";
import type { SpawnOptions } from "./spawn-plan.ts";

export interface AdmittedOptions extends Omit<SpawnOptions, "gate"> {
  /** Rejects to refuse; then the program never runs. */
  readonly admit: (pid: number) => Promise<void>;
  /** Takes back what was let in and then could not be executed; it has ended by then. */
  readonly expel: (pid: number) => Promise<void>;
}

export interface RunningProgram {
  readonly pid: number;
  /** False when it is gone. */
  signal(number: number): boolean;
  /** Its wait status. It is our child, and collected here. */
  ended(): Promise<number>;
}

/** Rejects with what `admit` says, and with the SysError of an execve that fails. */
export async function spawnAdmitted({ admit, expel, ...options }: AdmittedOptions): Promise<RunningProgram> {
  const child = spawnChild({ ...options, gate: true });
  const { pid } = child;
  try {
    await admit(pid);
    child.release();
  } catch (thrown) {
    child[Symbol.dispose]();
    throw thrown;
  }
  try {
    child.execed();
  } catch (thrown) {
    child[Symbol.dispose]();
    await expel(pid);
    throw thrown;
  }
  return {
    pid,
    signal: (number) => child.pidfd.sendSignal(number),
    ended: async () => {
      await child.pidfd.exited();
      const status = child.pidfd.reap();
      child[Symbol.dispose]();
      return status ?? 0;
    },
  };
}
