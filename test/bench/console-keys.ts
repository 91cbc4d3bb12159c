/** From a key to the screen that shows what it did. */
import { type Bench, count } from "./bench.ts";
import { monotonicMs } from "./clocks.ts";
import { median } from "./figures.ts";
import { MANY } from "./pid-files.ts";
import type { PseudoTerminal, Size } from "./pseudo-terminal.ts";
import { distribution, figure } from "./rows.ts";

const DOWN = "j";
const PAGE_DOWN = "\x1b[6~";
const ESCAPE = "\x1b";
/** Each letter leaves fewer rows, or as many. */
const FILTER = [
  { key: "w", matches: 10_000 },
  { key: "z", matches: 10_000 },
  { key: "0", matches: 10_000 },
  { key: "4", matches: 1000 },
  { key: "2", matches: 100 },
] as const;

export async function keyToScreen(bench: Bench, terminal: PseudoTerminal, size: Size & { mostMs: number }) {
  const at = `${size.columns}x${size.rows}`;
  const limit = { of: "p95", most: size.mostMs } as const;
  const moves = await steps(terminal, DOWN, count(bench, 300, 30), (row) => row + 1);
  bench.add(distribution(`key to screen, cursor, ${at}`, "ms", moves.times, limit));
  bench.add(figure(`bytes a cursor move, ${at}`, "bytes", median(moves.bytes)));
  const pages = await steps(terminal, PAGE_DOWN, count(bench, 100, 10), null);
  bench.add(distribution(`key to screen, page, ${at}`, "ms", pages.times, limit));
  const letters = await filterLetters(terminal, count(bench, 20, 2));
  bench.add(distribution(`key to screen, filter letter, ${at}`, "ms", letters, limit));
}

interface Steps {
  readonly times: number[];
  readonly bytes: number[];
}

/** Presses one key again and again. `next` tells the row it leads to; null: any other row. */
async function steps(terminal: PseudoTerminal, key: string, rounds: number, next: ((row: number) => number) | null) {
  const result: Steps = { times: [], bytes: [] };
  for (let round = 0; round < rounds; round++) {
    const row = rowOf(terminal.lines());
    const isThere = (lines: readonly string[]) => (next ? rowOf(lines) === next(row) : rowOf(lines) !== row);
    const bytes = terminal.bytes;
    const begunMs = monotonicMs();
    terminal.press(key);
    const shownMs = await terminal.until(`key ${round + 1} of ${rounds}`, isThere);
    result.times.push(shownMs - begunMs);
    result.bytes.push(terminal.bytes - bytes);
    await pause(round);
  }
  return result;
}

async function filterLetters(terminal: PseudoTerminal, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    terminal.press("/");
    await terminal.until("filter line", (lines) => lines.some((line) => line.trimStart().startsWith("filter:")));
    let typed = "";
    for (const { key, matches } of FILTER) {
      await pause(round);
      typed += key;
      const isThere = (lines: readonly string[]) =>
        lines[1]?.includes(`filter: ${typed} `) === true && lines[1].includes(`/${matches} (of ${MANY})`);
      const begunMs = monotonicMs();
      terminal.press(key);
      times.push((await terminal.until(`filter letter ${key}`, isThere)) - begunMs);
    }
    terminal.press(ESCAPE);
    await terminal.until("no filter", (lines) => !lines[1]?.includes("filter:"));
  }
  return times;
}

/** The cursor's place, as the second line tells it: `7/10000`. */
function rowOf(lines: readonly string[]): number {
  return Number(/(\d+)\/\d+/.exec(lines[1] ?? "")?.[1] ?? Number.NaN);
}

/** As fingers pause: 20 to 80 ms, so that keys meet the program's own timers at every phase. */
function pause(round: number): Promise<void> {
  return Bun.sleep(20 + ((round * 37) % 61));
}
