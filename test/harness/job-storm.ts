/** Runs the storm in a process of its own, for the call blocks: job-storm.ts ROUNDS OUTSIDER. See job-storm.c. */
import { lazyC } from "#ffi/compile-c.ts";
import source from "./job-storm.c" with { type: "text" };

const library = lazyC("job-storm.c", source, { storm: { args: ["i32", "i32"], returns: "i32" } });

/** Processes of a round. */
export const PER_ROUND = 10;

function main([rounds = "", outsider = ""]: readonly string[]): void {
  library().storm(Number(rounds), Number(outsider));
}

if (import.meta.main) main(process.argv.slice(2));
