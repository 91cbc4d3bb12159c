/**
 * The real console on a terminal that is not there: Ink draws as ever, and an emulator rebuilds the screen out of what was
 * written. Looking for words in the bytes would not do: Ink writes only what changed of a line.
 */
import { EventEmitter } from "node:events";
import type { Terminal } from "@xterm/headless";
import { forgetCursor } from "#app/console/forget-cursor.ts";
import type { Size } from "#app/console/layout.ts";
import { type ConsoleOptions, type OpenConsole, runConsole } from "#app/console/run.ts";
import { frameTimerOf } from "./frame-timer.ts";

class StageInput extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  readonly #chunks: string[] = [];

  /** Ink reads on `readable`: the keys are dispatched before this returns. */
  send(text: string): void {
    this.#chunks.push(text);
    this.emit("readable");
  }
  read(): string | null {
    return this.#chunks.shift() ?? null;
  }
  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }
  setEncoding(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

class StageOutput extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  columns: number;
  rows: number;
  readonly #take: (text: string) => void;

  constructor({ columns, rows }: Size, take: (text: string) => void) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.#take = take;
  }
  write(text: string, encodingOrDone?: unknown, done?: unknown): boolean {
    this.#take(text);
    const callback = typeof encodingOrDone === "function" ? encodingOrDone : done;
    if (typeof callback === "function") queueMicrotask(() => callback());
    return true;
  }
}

/** A terminal that is not there, as Ink is given one. */
export interface StageTerminal {
  readonly terminal: Terminal;
  readonly streams: Pick<ConsoleOptions, "stdin" | "stdout" | "stderr">;
  readonly stdin: { readonly isRaw: boolean; send(bytes: string): void; emit(event: string): boolean };
  /** What was written to standard error. */
  readonly errors: { text: string };
  /** Bytes the terminal was sent so far. */
  readonly written: number;
  /** Several sizes in a row: a burst. */
  resize(...sizes: readonly Size[]): void;
  /** Resolves when all that was written is on the screen. */
  seen(): Promise<void>;
  lines(): readonly string[];
}

/** `onWrite` is told everything that is written. */
export async function openTerminal(size: Size, onWrite?: (text: string) => void): Promise<StageTerminal> {
  const xterm = await import("@xterm/headless");
  const terminal = new xterm.Terminal({
    cols: size.columns,
    rows: size.rows,
    convertEol: true,
    allowProposedApi: true,
  });
  let written = 0;
  const stdin = new StageInput();
  const stdout = new StageOutput(size, (text) => {
    written += Buffer.byteLength(text);
    terminal.write(text);
    onWrite?.(text);
  });
  const errors = { text: "" };
  const stderr = {
    write(text: string) {
      errors.text += text;
      return true;
    },
  };
  return {
    terminal,
    streams: { stdin, stdout, stderr } as unknown as StageTerminal["streams"],
    stdin,
    errors,
    get written() {
      return written;
    },
    resize(...sizes) {
      for (const { columns, rows } of sizes) {
        terminal.resize(columns, rows);
        stdout.columns = columns;
        stdout.rows = rows;
        stdout.emit("resize");
      }
    },
    seen: () => new Promise<void>((done) => terminal.write("", done)),
    lines: () =>
      Array.from(
        { length: terminal.rows },
        (_, row) => terminal.buffer.active.getLine(row)?.translateToString(true, 0, terminal.cols) ?? "",
      ),
  };
}

export interface Stage {
  readonly open: OpenConsole;
  readonly on: StageTerminal;
  /** The console's exit code, once it is left. */
  readonly exit: Promise<number>;
  readonly isLeft: boolean;
  /** Everything that is to be drawn is on the screen when this resolves. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A frame in 1000 s: real time decides nothing, so what is drawn is the same each time. */
const ON_DEMAND = 0.001;

export interface StageOptions extends Omit<ConsoleOptions, "stdin" | "stdout" | "stderr" | "onOpen"> {
  readonly size: Size;
  readonly onWrite?: (text: string) => void;
}

export async function openStage({ size, onWrite, ...options }: StageOptions): Promise<Stage> {
  const on = await openTerminal(size, onWrite);
  const opened = Promise.withResolvers<OpenConsole>();
  let isLeft = false;
  const exit = runConsole({ maxFps: ON_DEMAND, ...options, ...on.streams, onOpen: opened.resolve }).finally(() => {
    isLeft = true;
  });
  const open = await Promise.race([opened.promise, exit.then(() => opened.promise)]);
  const cancelFrame = frameTimerOf(on.streams.stdout);
  const settle = async () => {
    if (!isLeft) {
      await open.flush();
      await open.flush();
    }
    await on.seen();
  };
  await settle();
  return {
    open,
    on,
    exit,
    get isLeft() {
      return isLeft;
    },
    settle,
    async close() {
      open.desk.leave(0);
      await exit;
      cancelFrame();
      on.terminal.dispose();
      forgetCursor();
    },
  };
}
