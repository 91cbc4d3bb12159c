/**
 * Every way out gives the terminal back: signals, errors nobody caught, a terminal that hung up. Ink restores it for
 * itself on most of them; not after an uncaught error (facts/bun-and-ink.md 6), so that is done here for all.
 */
import { errorRecord } from "#core/model/error.ts";

/** Synchronized output off, bracketed paste off, alternate screen off, cursor on, style off. */
export const RESTORE = "\x1b[?2026l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[0m";

const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export const INTERNAL_CODE = 70;

export interface Leaving {
  readonly code: number;
  /** To be printed on the primary screen. */
  readonly report: string | null;
}

export interface GuardedInput {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  off(event: string, listener: (...values: unknown[]) => void): unknown;
}

export interface GuardOptions {
  readonly stdin: GuardedInput;
  readonly stdout: GuardedInput;
  readonly leave: (leaving: Leaving) => void;
}

/** The returned function takes all listeners back. */
export function guardTerminal({ stdin, stdout, leave }: GuardOptions): () => void {
  const undo: (() => void)[] = [];
  const onProcess = (event: string, listener: (value: unknown) => void) => {
    process.on(event, listener);
    undo.push(() => process.off(event, listener));
  };
  /** Alone: whoever answered before would print into the console's screen, or end the process with the terminal raw. */
  const onProcessAlone = (event: string, listener: (value: unknown) => void) => {
    const others = process.rawListeners(event);
    process.removeAllListeners(event);
    onProcess(event, listener);
    undo.push(() => {
      for (const other of others) process.on(event, other as (value: unknown) => void);
    });
  };
  const onStream = (stream: GuardedInput, event: string) => {
    const listener = () => leave({ code: SIGNAL_CODES.SIGHUP, report: null });
    stream.on(event, listener);
    undo.push(() => stream.off(event, listener));
  };
  for (const [signal, code] of Object.entries(SIGNAL_CODES)) onProcess(signal, () => leave({ code, report: null }));
  onProcessAlone("uncaughtException", (error) => leave({ code: INTERNAL_CODE, report: reportOf(error) }));
  onProcessAlone("unhandledRejection", (error) => leave({ code: INTERNAL_CODE, report: reportOf(error) }));
  for (const event of ["end", "close", "error"]) onStream(stdin, event);
  onStream(stdout, "error");
  return () => {
    for (const each of undo) each();
  };
}

export function reportOf(error: unknown): string {
  const record = errorRecord(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return `muster: ${record.code}: ${record.message}\n${stack}\n`;
}
