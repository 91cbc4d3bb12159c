/**
 * Forks beside what is measured, in a process of its own, for the call blocks: fork-storm.ts SECONDS RATE. Says a word
 * when it begins, then how many a second it made.
 */
import { lazyC } from "#ffi/compile-c.ts";
import source from "./fork-storm.c" with { type: "text" };
import type { Keeper } from "./keeper.ts";

const storm = lazyC("fork-storm.c", source, { fork_storm: { args: ["f64", "f64"], returns: "i64" } });

export interface Storm {
  /** Forks a second, once it is over. */
  readonly rate: Promise<number>;
}

/** Resolves when it has begun. `rate` 0: as fast as it can. */
export async function startStorm(keeper: Keeper, seconds: number, rate: number): Promise<Storm> {
  const argv = [process.execPath, import.meta.path, String(seconds), String(rate)];
  const child = keeper.process(Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "inherit" }));
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  await reader.read();
  const rest = async () => {
    const { value } = await reader.read();
    const made = Number(decoder.decode(value));
    if (!(made > 0)) throw new Error("fork-storm.ts has made no forks");
    return made;
  };
  return { rate: rest() };
}

function main([seconds = "", rate = ""]: readonly string[]): void {
  const { fork_storm } = storm();
  process.stdout.write("begins\n");
  process.stdout.write(`${Number(fork_storm(Number(seconds), Number(rate))) / Number(seconds)}\n`);
}

if (import.meta.main) main(process.argv.slice(2));
