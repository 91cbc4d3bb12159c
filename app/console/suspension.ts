/** Lends the terminal to the shell (ctrl-z) and takes it back when the shell continues us. */
import type { Clock } from "#core/model/clock.ts";
import type { LendTerminal } from "./root.tsx";

/** Long enough that the shell has stopped us before the terminal is taken back. */
const SUSPEND_MS = 50;

export interface Suspension {
  suspend(): void;
  readonly onLend: (lend: LendTerminal) => void;
}

export interface SuspensionOptions {
  readonly clock: Clock;
  /** Stops the process group until the shell continues it; SIGTSTP if left out. */
  readonly stopProcess: (() => void) | undefined;
  readonly onReturn: () => void;
}

export function createSuspension({ clock, stopProcess, onReturn }: SuspensionOptions): Suspension {
  const stop = stopProcess ?? (() => process.kill(0, "SIGTSTP"));
  /** null while it is lent. */
  let lend: LendTerminal | null = null;
  return {
    suspend() {
      const use = lend;
      lend = null;
      void use?.(async () => {
        stop();
        await new Promise<void>((proceed) => clock.setTimer(SUSPEND_MS, proceed));
      }).then(() => {
        lend = use;
        onReturn();
      });
    },
    onLend: (next) => {
      lend = next;
    },
  };
}
