/**
 * The real console on a terminal that is not there: fake streams, Ink's real renderer, the screen rebuilt by a terminal
 * emulator. Keys in, screen out; nothing here sleeps.
 */
import { EventEmitter } from "node:events";
import { Terminal } from "@xterm/headless";
import { type ConsoleOptions, type OpenConsole, runConsole } from "#app/console/run.ts";
import type { ThemeOptions } from "#app/console/skin.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

class FakeInput extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  private readonly chunks: string[] = [];

  /** Ink reads on `readable`: the keys are dispatched before this returns. */
  send(text: string): void {
    this.chunks.push(text);
    this.emit("readable");
  }
  read(): string | null {
    return this.chunks.shift() ?? null;
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

class FakeOutput extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  written = "";

  readonly terminal: Terminal;
  columns: number;
  rows: number;

  constructor(terminal: Terminal, columns: number, rows: number) {
    super();
    this.terminal = terminal;
    this.columns = columns;
    this.rows = rows;
  }
  write(text: string, encodingOrDone?: unknown, done?: unknown): boolean {
    this.written += text;
    this.terminal.write(text);
    const callback = typeof encodingOrDone === "function" ? encodingOrDone : done;
    if (typeof callback === "function") queueMicrotask(() => callback());
    return true;
  }
}

export interface CellStyle {
  readonly text: string;
  readonly isInverse: boolean;
  readonly isBold: boolean;
  readonly hasColor: boolean;
}

export interface Screen {
  readonly service: ScriptedService;
  readonly clock: VirtualClock;
  readonly exit: Promise<number>;
  readonly stderr: { text: string };
  readonly open: OpenConsole;
  readonly stdin: { isRaw: boolean; hangUp(): void };
  /** Sends the bytes as one chunk and waits until what they did is on the screen. */
  press(...chunks: readonly string[]): Promise<void>;
  settle(): Promise<void>;
  /** Moves the clock, then settles. */
  advance(ms: number): Promise<void>;
  /** Several sizes in a row: a burst. */
  resize(...sizes: readonly (readonly [columns: number, rows: number])[]): Promise<void>;
  lines(): readonly string[];
  text(): string;
  /** The line that holds `text`; empty if there is none. */
  line(text: string): string;
  style(row: number, column: number): CellStyle;
  /** What was written since the last call. */
  takeWritten(): string;
  close(): Promise<void>;
}

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly theme?: Partial<ThemeOptions>;
  readonly isReadOnly?: boolean;
  readonly stopProcess?: () => void;
  /** Called before the console opens. */
  readonly prepare?: (service: ScriptedService) => void;
}

/** Esc as terminals with the kitty protocol send it: a lone ESC byte is known to be Esc only after a while. */
export const ESC = "\x1b[27u";
export const ENTER = "\r";
export const TAB = "\t";
export const DOWN = "\x1b[B";
export const UP = "\x1b[A";

export async function openScreen(options: ScreenOptions = {}): Promise<Screen> {
  const { columns = 80, rows = 24, isReadOnly = false } = options;
  const clock = createVirtualClock();
  const service = createScriptedService(clock);
  service.isReadOnly = isReadOnly;
  options.prepare?.(service);
  const terminal = new Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true });
  const stdin = new FakeInput();
  const stdout = new FakeOutput(terminal, columns, rows);
  const stderr = { text: "" };
  const opened = Promise.withResolvers<OpenConsole>();
  let requests = 0;
  const consoleOptions = {
    service,
    clock,
    theme: { colorLevel: 2, isAscii: false, isMotionless: false, ...options.theme },
    stdin,
    stdout,
    stderr: {
      write(text: string) {
        stderr.text += text;
        return true;
      },
    },
    version: "0.1.0",
    newRequestId: () => `request-${++requests}`,
    onOpen: opened.resolve,
    ...(options.stopProcess ? { stopProcess: options.stopProcess } : {}),
  } as unknown as ConsoleOptions;
  const exit = runConsole(consoleOptions);
  const open = await opened.promise;

  const settle = async () => {
    await open.flush();
    await open.flush();
    await new Promise<void>((done) => terminal.write("", done));
  };
  const lines = () =>
    Array.from(
      { length: terminal.rows },
      (_, row) => terminal.buffer.active.getLine(row)?.translateToString(true, 0, terminal.cols) ?? "",
    );
  await settle();
  return {
    service,
    clock,
    exit,
    stderr,
    open,
    stdin: {
      get isRaw() {
        return stdin.isRaw;
      },
      hangUp: () => stdin.emit("end"),
    },
    async press(...chunks) {
      for (const chunk of chunks) stdin.send(chunk);
      await settle();
    },
    settle,
    async advance(ms) {
      clock.advance(ms);
      await settle();
    },
    async resize(...sizes) {
      for (const [toColumns, toRows] of sizes) {
        terminal.resize(toColumns, toRows);
        stdout.columns = toColumns;
        stdout.rows = toRows;
        stdout.emit("resize");
      }
      await settle();
    },
    lines,
    text: () => lines().join("\n"),
    line: (text) => lines().find((each) => each.includes(text)) ?? "",
    style(row, column) {
      const cell = terminal.buffer.active.getLine(row)?.getCell(column);
      return {
        text: cell?.getChars() ?? "",
        isInverse: (cell?.isInverse() ?? 0) !== 0,
        isBold: (cell?.isBold() ?? 0) !== 0,
        hasColor: cell !== undefined && !(cell.isFgDefault() && cell.isBgDefault()),
      };
    },
    takeWritten() {
      const { written } = stdout;
      stdout.written = "";
      return written;
    },
    async close() {
      open.desk.leave(0);
      await exit;
      terminal.dispose();
    },
  };
}
