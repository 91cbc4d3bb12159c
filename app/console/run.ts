/**
 * The console's edge: opens the screen on a service, and gives the terminal back whatever happens. Drawn before there are
 * data; its exit code is 0 on q.
 */
import { type Instance, render } from "ink";
import { createElement } from "react";
import type { Clock } from "#core/model/clock.ts";
import type { Service } from "#core/service/service.ts";
import { createDesk, type Desk, type DeskOptions, type Replay } from "./desk.ts";
import type { Size } from "./layout.ts";
import type { Recorder } from "./recorder.ts";
import { Root } from "./root.tsx";
import { rememberRows } from "./row-memory.ts";
import { createSkin, type ThemeOptions } from "./skin.ts";
import { createSuspension } from "./suspension.ts";
import { guardTerminal, INTERNAL_CODE, type Leaving, RESTORE, reportOf } from "./terminal-guard.ts";
import type { UiState } from "./ui-state.ts";

/** After the last of a burst of resizes everything is drawn anew: Ink's line diff can leave a stale line behind. */
const REDRAW_AFTER_MS = 60;
const MAX_FPS = 120;
const CLEAR = "\x1b[H\x1b[2J";

export interface ConsoleOptions {
  readonly service: Service;
  readonly clock: Clock;
  readonly theme: ThemeOptions;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly version: string;
  /** Randomness of request ids; crypto.randomUUID if left out. */
  readonly newRequestId?: () => string;
  /** Real frames a second at most. Less than one: what is to be drawn is drawn when it is flushed, not before. */
  readonly maxFps?: number;
  /** Set if the service plays a fixture. */
  readonly replay?: Replay;
  /** Set if what happens here can be recorded. */
  readonly recorder?: Recorder;
  /** Stops the process group until the shell continues it; SIGTSTP if left out. */
  readonly stopProcess?: () => void;
  /** Called when the first frame is drawn. */
  readonly onOpen?: (open: OpenConsole) => void;
}

/** What a caller that drives the console can ask of it. */
export interface OpenConsole {
  readonly desk: Desk;
  /** The same console as it was when the screen was as `ui` says, on what the service knows now. */
  reopen(ui: UiState): Desk;
  /** Resolves when everything that is to be drawn has been written. */
  flush(): Promise<void>;
}

export async function runConsole(options: ConsoleOptions): Promise<number> {
  const { service, clock, stdin, stdout, stderr, version } = options;
  const newRequestId = options.newRequestId ?? (() => crypto.randomUUID());
  const { promise: left, resolve } = Promise.withResolvers<Leaving>();
  const { suspend, onLend } = createSuspension({
    clock,
    stopProcess: options.stopProcess,
    onReturn: () => desk.resize(sizeOf(stdout)),
  });
  const deskOptions: Omit<DeskOptions, "size" | "ui"> = {
    service,
    clock,
    skin: createSkin(options.theme),
    replay: options.replay ?? null,
    recorder: options.recorder ?? null,
    newRequestId,
    leave: (code) => resolve({ code, report: null }),
    suspend,
  };
  let desk = createDesk({ ...deskOptions, size: sizeOf(stdout) });

  const tree = () => createElement(Root, { desk, version, onLend });

  let ink: Instance | null = null;
  let cancelRedraw = () => {};
  let isRedrawing = false;
  const redraw = () => {
    ink?.clear();
    stdout.write(CLEAR);
    isRedrawing = true;
    stdout.emit("resize");
    isRedrawing = false;
  };
  const onResize = () => {
    if (isRedrawing) return;
    desk.resize(sizeOf(stdout));
    desk.store.flush();
    ink?.rerender(tree());
    cancelRedraw();
    cancelRedraw = clock.setTimer(REDRAW_AFTER_MS, redraw);
  };
  // Before Ink's own listener, so that Ink never draws the old frame at the new size.
  stdout.on("resize", onResize);
  const unguard = guardTerminal({ stdin, stdout, leave: resolve });

  const close = () => {
    stdout.off("resize", onResize);
    cancelRedraw();
    unmount(ink);
    desk.close();
    restore(stdin, stdout);
    unguard();
  };

  rememberRows();
  let leaving: Leaving;
  try {
    const instance = render(tree(), {
      stdin,
      stdout,
      stderr,
      alternateScreen: true,
      exitOnCtrlC: false,
      maxFps: options.maxFps ?? MAX_FPS,
      patchConsole: true,
      incrementalRendering: true,
      interactive: true,
      isScreenReaderEnabled: false,
    });
    ink = instance;
    instance.waitUntilExit().then(
      () => resolve({ code: 0, report: null }),
      (error: unknown) => resolve({ code: INTERNAL_CODE, report: reportOf(error) }),
    );
    options.onOpen?.({
      get desk() {
        return desk;
      },
      reopen(ui) {
        desk.close();
        desk = createDesk({ ...deskOptions, skin: desk.skin, size: sizeOf(stdout), ui });
        instance.rerender(tree());
        return desk;
      },
      flush: () => instance.waitUntilRenderFlush(),
    });
    leaving = await left;
  } finally {
    close();
  }
  // Only now: on the primary screen, behind the last sequence that moves its cursor.
  if (leaving.report !== null) stderr.write(leaving.report);
  return leaving.code;
}

const sizeOf = (stdout: NodeJS.WriteStream): Size => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });

function unmount(ink: Instance | null): void {
  try {
    ink?.unmount();
  } catch {
    // What cannot be torn down in order is undone by restore().
  }
}

/** Once more, whatever Ink managed to do; a terminal that has hung up cannot be written to. */
function restore(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream): void {
  try {
    if (stdin.isRaw) stdin.setRawMode(false);
    stdin.unref?.();
    stdout.write(RESTORE);
  } catch {
    // Nobody is there to see it.
  }
}
