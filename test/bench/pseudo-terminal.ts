/**
 * A program on a real terminal, and what is on its screen: every byte goes into a terminal emulator, and a moment counts
 * by the clock read when its last byte arrived, so what the emulator takes for itself is not in it.
 */
import { Terminal } from "@xterm/headless";
import { monotonicMs } from "./clocks.ts";
import { environment } from "./command.ts";
import type { Keeper } from "./keeper.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Waiter {
  readonly isThere: (lines: readonly string[]) => boolean;
  readonly resolve: (atMs: number) => void;
}

/** Synchronized output: between these the screen is not whole. */
const FRAME_BEGIN = "\x1b[?2026h";
const FRAME_END = "\x1b[?2026l";

export class PseudoTerminal {
  readonly startedMs: number;
  readonly pid: number;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
  readonly #screen: Terminal;
  readonly #child: Bun.Subprocess;
  readonly #waiters = new Set<Waiter>();
  readonly #decoder = new TextDecoder();
  #bytes = 0;
  #lastMs = 0;
  #tail = "";

  constructor(keeper: Keeper, argv: readonly string[], variables: Readonly<Record<string, string>>, size: Size) {
    this.#screen = new Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
    this.startedMs = monotonicMs();
    this.#child = Bun.spawn([...argv], {
      env: environment(variables),
      terminal: { cols: size.columns, rows: size.rows, data: (_terminal, chunk) => this.#take(chunk) },
    });
    keeper.process(this.#child);
    this.pid = this.#child.pid;
    this.exited = this.#child.exited;
  }

  /** Everything written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the last byte came; 0 before the first. */
  get lastMs(): number {
    return this.#lastMs;
  }

  press(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  /** The clock when the last byte of what made it true came; its frame is whole then. Rejects if the program ends first. */
  until(what: string, isThere: (lines: readonly string[]) => boolean, limitMs = 30_000): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter: Waiter = { isThere, resolve };
    this.#waiters.add(waiter);
    const fail = (why: string) => reject(new Error(`${what}: ${why}; on the screen:\n${this.lines().join("\n")}`));
    const timer = setTimeout(() => fail(`not within ${limitMs} ms`), limitMs);
    void this.exited.then((code) => fail(`the program ended with ${code}`));
    // What is on the screen already was there when the last byte came.
    if (this.#lastMs > 0) this.#screen.write("", () => this.#look(this.#lastMs));
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
    });
  }

  /** Resolves when nothing has been written for so long. */
  async quiet(durationMs: number): Promise<void> {
    for (let left = durationMs; left > 0; left = this.#lastMs + durationMs - monotonicMs()) await Bun.sleep(left);
  }

  lines(): readonly string[] {
    const { active } = this.#screen.buffer;
    return Array.from({ length: this.#screen.rows }, (_, row) => active.getLine(row)?.translateToString(true) ?? "");
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
    this.#child.terminal?.close();
    this.#screen.dispose();
  }

  #take(chunk: Uint8Array): void {
    const atMs = monotonicMs();
    this.#bytes += chunk.length;
    this.#lastMs = atMs;
    const text = this.#tail + this.#decoder.decode(chunk, { stream: true });
    const isWhole = text.lastIndexOf(FRAME_END) >= text.lastIndexOf(FRAME_BEGIN);
    // As long as a frame is open its beginning stays in the tail, whole or at least not lost behind a cut mark.
    this.#tail = isWhole ? text.slice(1 - FRAME_BEGIN.length) : FRAME_BEGIN + text.slice(1 - FRAME_END.length);
    this.#screen.write(chunk.slice(), () => {
      if (isWhole) this.#look(atMs);
    });
  }

  #look(atMs: number): void {
    if (this.#waiters.size === 0) return;
    const lines = this.lines();
    for (const waiter of this.#waiters) if (waiter.isThere(lines)) waiter.resolve(atMs);
  }
}
