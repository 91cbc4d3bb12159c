/** A process that was started here, as it is told of. Plain data. */

/** Whose a process is: it alone is told how the process ended, and everybody once it is gone. */
export interface Starter {
  readonly uid: number;
  /** null if that is not known. */
  readonly pid: number | null;
}

export interface ProcessRow {
  readonly pid: number;
  /** With the pid, its identity; null where nobody wants to know. */
  readonly startTicks: string | null;
  readonly label: string;
  readonly commandLine: string;
  /** Who had it started. */
  readonly starter: Starter;
  readonly startedAtMs: number;
  /** null while it runs. */
  readonly endedAtMs: number | null;
  /** Wait status, wait(2); null while it runs, and if nobody could learn it. */
  readonly status: number | null;
  /** Its end was told to somebody. */
  readonly isTold: boolean;
}

/** null as a starter: whoever asks. */
export function isFor(process: { readonly starter: Starter | null }, starter: Starter): boolean {
  return process.starter === starter || process.starter === null;
}
