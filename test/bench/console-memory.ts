/** Memory and CPU while ten pid files a second are rewritten, half of them in sight. */
import type { Bench } from "./bench.ts";
import { cpuMs, monotonicMs, residentMegabytes } from "./clocks.ts";
import { median } from "./figures.ts";
import type { PidFiles } from "./pid-files.ts";
import type { PseudoTerminal } from "./pseudo-terminal.ts";
import { figure } from "./rows.ts";

const UPDATE_MS = 100;
const SAMPLE_EVERY = 10;
/** Rows that are in sight at any size. */
const IN_SIGHT = 8;
/** A collector's heap breathes; a leak does not stop at this. */
const MOST_GROWTH = 1.1;

export async function underUpdates(bench: Bench, terminal: PseudoTerminal, files: PidFiles): Promise<void> {
  const seconds = bench.settings.isLong ? 600 : bench.settings.isQuick ? 10 : 60;
  const resident: number[] = [];
  const begun = { atMs: monotonicMs(), cpu: cpuMs(terminal.pid), bytes: terminal.bytes };
  for (let update = 0; update < (seconds * 1000) / UPDATE_MS; update++) {
    if (update % SAMPLE_EVERY === 0) resident.push(residentMegabytes(terminal.pid));
    rewrite(files, update);
    // The next beat of the clock, not so long after the last: updates do not drift.
    await Bun.sleep(Math.max(0, begun.atMs + (update + 1) * UPDATE_MS - monotonicMs()));
  }
  resident.push(residentMegabytes(terminal.pid));
  const elapsed = monotonicMs() - begun.atMs;
  const during = `${seconds} s at 10 updates a second`;
  bench.add(figure(`CPU, ${during}`, "%", ((cpuMs(terminal.pid) - begun.cpu) * 100) / elapsed));
  bench.add(figure(`bytes a second, ${during}`, "bytes", ((terminal.bytes - begun.bytes) * 1000) / elapsed));
  bench.add(figure("resident memory at the start", "MB", resident[0] ?? Number.NaN));
  bench.add(figure("resident memory at the end", "MB", resident.at(-1) ?? Number.NaN));
  bench.add(figure("resident memory at its most", "MB", Math.max(...resident)));
  bench.add(figure("last quarter of the time / second quarter", "x", growth(resident), { most: MOST_GROWTH }));
  await terminal.close();
}

/** By turns one in sight and one anywhere, each living and dead by turns. */
function rewrite(files: PidFiles, update: number): void {
  const turn = Math.floor(update / 2);
  const index = update % 2 === 0 ? turn % IN_SIGHT : (turn * 7919) % files.count;
  files.write(index, Math.floor(update / 16) % 2 === 0);
}

/** The first quarter is the program getting warm. */
function growth(resident: readonly number[]): number {
  const quarter = Math.floor(resident.length / 4);
  return median(resident.slice(-quarter)) / median(resident.slice(quarter, 2 * quarter));
}
