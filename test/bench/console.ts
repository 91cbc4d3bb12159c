/** Groups console and memory: 10,000 discovered rows on a real terminal. */
import { join } from "node:path";
import { type Bench, count } from "./bench.ts";
import { keyToScreen } from "./console-keys.ts";
import { underUpdates } from "./console-memory.ts";
import { atRest } from "./console-rest.ts";
import { type Muster, musterHome, musters } from "./muster.ts";
import { MANY, makePidFiles, type PidFiles } from "./pid-files.ts";
import { PseudoTerminal, type Size } from "./pseudo-terminal.ts";

const SIZES = [
  { columns: 80, rows: 24, mostMs: 16 },
  { columns: 200, rows: 60, mostMs: 33 },
] as const;

export async function console(bench: Bench): Promise<void> {
  const files = makePidFiles(bench.keeper, MANY);
  const [muster] = musters(bench);
  if (!muster) return;
  for (const size of SIZES) {
    const terminal = await openMany(bench, muster, files, size);
    await keyToScreen(bench, terminal, size);
    await terminal.close();
  }
  const [size] = SIZES;
  await atRest(bench, await openMany(bench, muster, files, size), size);
}

/** A group of its own: it is the one that takes minutes. */
export async function memory(bench: Bench): Promise<void> {
  const files = makePidFiles(bench.keeper, MANY);
  const [muster] = musters(bench);
  if (!muster) return;
  await underUpdates(bench, await openMany(bench, muster, files, SIZES[0]), files);
}

/** The console with all rows read and nothing left to draw. */
async function openMany(bench: Bench, muster: Muster, files: PidFiles, size: Size): Promise<PseudoTerminal> {
  const config = `discover = ["${files.directory}"]\n`;
  const variables = musterHome(join(bench.keeper.directory(), "home"), config);
  const terminal = new PseudoTerminal(bench.keeper, muster.argv, variables, size);
  await terminal.until("all rows", (lines) => lines[1]?.includes(`1/${files.count}`) ?? false);
  await terminal.quiet(count(bench, 1500, 500));
  return terminal;
}
