/**
 * The console for screen readers: the same desk and keys as on the screen, and lines on standard output instead. No
 * alternate screen, no colour, nothing is ever written twice or taken back. Ink reads the keys; what it would draw goes
 * nowhere.
 */
import { EventEmitter } from "node:events";
import { render } from "ink";
import { createElement } from "react";
import { createDesk } from "./desk.ts";
import { forgetCursor } from "./forget-cursor.ts";
import { createJournal } from "./journal/journal.ts";
import { JournalRoot } from "./root.tsx";
import type { ConsoleOptions } from "./run.ts";
import { createSkin } from "./skin.ts";
import { createSuspension } from "./suspension.ts";
import { guardTerminal, INTERNAL_CODE, type Leaving, reportOf } from "./terminal-guard.ts";

/** A page, and what is sampled, are those of this screen, however large the terminal is. */
const SIZE = { columns: 80, rows: 24 } as const;

/** Pasted text is told from keys by what terminals put around it: a paste must not act. Nothing of it is seen or heard. */
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

export interface JournalConsoleOptions extends Omit<ConsoleOptions, "replay" | "maxFps" | "onOpen"> {
  /** The terminal shows every sequence as text, and tells no paste from keys. */
  readonly isDumb?: boolean;
}

export async function runJournal(options: JournalConsoleOptions): Promise<number> {
  const { service, clock, stdin, stdout, stderr, version } = options;
  const tellsPastes = stdout.isTTY && options.isDumb !== true;
  const newRequestId = options.newRequestId ?? (() => crypto.randomUUID());
  const { promise: left, resolve } = Promise.withResolvers<Leaving>();
  const suspension = createSuspension({
    clock,
    stopProcess: options.stopProcess,
    onReturn: () => {
      if (tellsPastes) stdout.write(PASTE_ON);
      journal.whereabouts();
    },
  });
  const desk = createDesk({
    service,
    clock,
    skin: createSkin({ ...options.theme, isMotionless: true }),
    size: SIZE,
    recorder: options.recorder ?? null,
    newRequestId,
    leave: (code) => resolve({ code, report: null }),
    suspend: suspension.suspend,
  });
  if (tellsPastes) stdout.write(PASTE_ON);
  const journal = createJournal({ desk, version, say: (line) => void stdout.write(`${line}\n`) });
  const unguard = guardTerminal({ stdin, stdout, leave: resolve });
  const ink = render(createElement(JournalRoot, { desk, journal, onLend: suspension.onLend }), {
    stdin,
    stdout: new Nowhere() as unknown as NodeJS.WriteStream,
    stderr,
    exitOnCtrlC: false,
    patchConsole: true,
    interactive: true,
    isScreenReaderEnabled: false,
  });
  ink.waitUntilExit().then(
    () => resolve({ code: 0, report: null }),
    (error: unknown) => resolve({ code: INTERNAL_CODE, report: reportOf(error) }),
  );
  let leaving: Leaving;
  try {
    leaving = await left;
  } finally {
    journal.close();
    ink.unmount();
    desk.close();
    restore(stdin, tellsPastes ? stdout : null);
    unguard();
    forgetCursor();
  }
  if (leaving.report !== null) stderr.write(leaving.report);
  return leaving.code;
}

/** A terminal that has hung up cannot be written to. `stdout`: where pastes were told from keys. */
function restore(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream | null): void {
  try {
    if (stdin.isRaw) stdin.setRawMode(false);
    stdin.unref?.();
    stdout?.write(PASTE_OFF);
  } catch {
    // Nobody is there to hear it.
  }
}

/** Where Ink writes what nobody sees. */
class Nowhere extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly columns = SIZE.columns;
  readonly rows = SIZE.rows;

  write(_text: string, encodingOrDone?: unknown, done?: unknown): boolean {
    const callback = typeof encodingOrDone === "function" ? encodingOrDone : done;
    if (typeof callback === "function") queueMicrotask(() => callback());
    return true;
  }
}
