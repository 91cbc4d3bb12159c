/**
 * The real console on a terminal that is not there: fake streams, Ink's real renderer, the screen rebuilt by a terminal
 * emulator. Keys in, screen out; nothing here sleeps.
 */
import type { OpenConsole } from "#app/console/run.ts";
import type { ThemeOptions } from "#app/console/skin.ts";
import type { RecordingSwitch } from "#app/player/recording-switch.ts";
import { openStage } from "#app/player/stage.ts";
import type { SourceEvent } from "#core/model/source.ts";
import { createVirtualClock, type VirtualClock } from "#core/playback/virtual-clock.ts";
import type { Service } from "#core/service/service.ts";
import { createScriptedService, type ScriptedService } from "./scripted-service.ts";

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
  /** Sentences as they are read: over the ends of lines, without frames. */
  flat(): string;
  /** The line that the cursor is on; empty if there is none. */
  marked(): string;
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
  /** What records here; nothing does if it is left out. */
  readonly recorder?: (service: Service, clock: VirtualClock) => RecordingSwitch;
  /** What there is. */
  readonly events?: readonly SourceEvent[];
  /** Called before the console opens, after that. */
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
  if (options.events) service.emit(...options.events);
  options.prepare?.(service);
  let requests = 0;
  let written = "";
  const recorder = options.recorder?.(service, clock);
  const stage = await openStage({
    service: recorder?.service ?? service,
    clock,
    ...(recorder ? { recorder } : {}),
    theme: { colorLevel: 2, isAscii: false, isMotionless: false, ...options.theme },
    version: "0.1.0",
    size: { columns, rows },
    maxFps: 120,
    newRequestId: () => `request-${++requests}`,
    onWrite: (text) => {
      written += text;
    },
    ...(options.stopProcess ? { stopProcess: options.stopProcess } : {}),
  });
  const { open, exit, on, settle } = stage;
  const { terminal, stdin, lines } = on;
  return {
    service,
    clock,
    exit,
    stderr: on.errors,
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
      on.resize(...sizes.map(([toColumns, toRows]) => ({ columns: toColumns, rows: toRows })));
      await settle();
    },
    lines,
    text: () => lines().join("\n"),
    flat: () =>
      lines()
        .join("\n")
        .replaceAll(/[│╭╮╰╯─\s]+/g, " "),
    marked: () => lines().find((each) => each.startsWith("▸ ")) ?? "",
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
      const taken = written;
      written = "";
      return taken;
    },
    close: stage.close,
  };
}
