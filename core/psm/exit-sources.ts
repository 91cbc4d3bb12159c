/** What this kernel and these rights give for learning of exits. */
import { isKernelAtLeast } from "#ffi/kernel-release.ts";
import { ProcessEvents } from "#ffi/proc-events.ts";
import { readProcText } from "#ffi/proc-file.ts";
import { isInitialUserNamespace } from "#ffi/procfs.ts";
import { ExitWatch, type ExitWatchOptions } from "./exits.ts";

export type ExitSources = Pick<ExitWatchOptions, "keepsStatus" | "readsZombies" | "pidfdLimit" | "openConnector">;

const CAP_SYS_PTRACE = 19n;

/** `pidfdLimit`: how many descriptors may be spent on members. */
export function hostExitSources(procRoot: string, pidfdLimit: number): ExitSources {
  return {
    keepsStatus: isKernelAtLeast(6, 15),
    readsZombies: isInitialUserNamespace(procRoot) && mayTrace(procRoot),
    pidfdLimit,
    openConnector: ({ onExit, onLoss }) =>
      ProcessEvents.open({
        events: ["exit"],
        onEvents: (batch) => {
          for (const event of batch) if (event.type === "exit") onExit(event.pid, event.status);
        },
        onLoss,
      }),
  };
}

export function watchExits(sources: ExitSources, rest: Omit<ExitWatchOptions, keyof ExitSources>): ExitWatch {
  return new ExitWatch({ ...sources, ...rest });
}

function mayTrace(procRoot: string): boolean {
  const mask = /^CapEff:\s+([0-9a-f]+)$/m.exec(readProcText(`${procRoot}/self/status`) ?? "")?.[1] ?? "0";
  return ((BigInt(`0x${mask}`) >> CAP_SYS_PTRACE) & 1n) === 1n;
}
