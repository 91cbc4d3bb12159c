/** Programs that muster starts for whoever is at the command line: finding them, and standing in front like a shell. */
import { constants } from "node:os";
import { MusterError } from "#core/model/error.ts";
import type { Session } from "./session.ts";
import { isTerminal } from "./stdio.ts";

/** Throws READ_ONLY and UNSUPPORTED. */
export function mustBeStartable({ isReadOnly, root }: Session): void {
  if (isReadOnly) throw new MusterError("READ_ONLY", "muster runs read-only: nothing is started");
  if (root !== null) throw new MusterError("UNSUPPORTED", "with --root nothing is changed, so nothing is started");
}

/** execve(2) does not search; a name without a slash is looked for as execvp(3) does. */
export function programOf(name: string, variables: Readonly<Record<string, string>>): string {
  if (name.includes("/")) return name;
  const path = Bun.which(name, { PATH: variables.PATH ?? "/usr/bin:/bin" });
  if (path !== null) return path;
  throw new MusterError("NOT_FOUND", `${name}: no such program`, { target: name, errno: "ENOENT" });
}

/** As shells say it: 128 and the signal where one killed it. */
export function exitCodeOfStatus(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}

/** What a shell passes on to the command in front. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;
type Signal = (typeof PASSED_ON)[number];
const FROM_TERMINAL: ReadonlySet<Signal> = new Set(["SIGINT", "SIGQUIT"]);

export interface Relay extends Disposable {
  /** Where signals go from now on; those that came before go there now. */
  passTo(send: (signal: number) => void): void;
}

/** Takes signals from now on; those that come before there is a command wait for it. */
export function relaySignals(): Relay {
  let send: ((signal: number) => void) | null = null;
  const waiting: Signal[] = [];
  const take = (name: Signal) => {
    // What the terminal sends it sends to the whole group: the command has it already.
    if (FROM_TERMINAL.has(name) && isTerminal(0)) return;
    if (send) send(constants.signals[name]);
    else waiting.push(name);
  };
  const handlers = PASSED_ON.map((name) => [name, () => take(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    passTo(next) {
      send = next;
      for (const name of waiting.splice(0)) take(name);
    },
    [Symbol.dispose]() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
