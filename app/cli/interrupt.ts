/** SIGINT and SIGTERM while there is something to be wound up: the first asks for it, the second ends the process. */
import type { Context } from "./context.ts";

export type Interruption = "SIGINT" | "SIGTERM";

export interface InterruptWatch {
  readonly signal: AbortSignal;
  /** The first signal that came. */
  readonly received: () => Interruption | null;
  readonly stop: () => void;
}

export const INTERRUPT_EXITS: Readonly<Record<Interruption, number>> = { SIGINT: 130, SIGTERM: 143 };

export function watchInterrupts(context: Pick<Context, "exit">): InterruptWatch {
  const controller = new AbortController();
  let first: Interruption | null = null;
  const handle = (name: Interruption) => () => {
    if (first !== null) context.exit(INTERRUPT_EXITS[name]);
    first = name;
    controller.abort(name);
  };
  const handlers = { SIGINT: handle("SIGINT"), SIGTERM: handle("SIGTERM") };
  process.on("SIGINT", handlers.SIGINT);
  process.on("SIGTERM", handlers.SIGTERM);
  return {
    signal: controller.signal,
    received: () => first,
    stop() {
      process.off("SIGINT", handlers.SIGINT);
      process.off("SIGTERM", handlers.SIGTERM);
    },
  };
}
