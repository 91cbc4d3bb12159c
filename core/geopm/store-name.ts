/** Names of agents and profiles under which something is stored. */
import { geopmError } from "./errors.ts";

/** Controllers refuse longer names, and truncate what they read. */
const MOST_BYTES = 255;

/** -3 for what no controller can have: nobody would ever ask for it. */
export function checkName(what: string, name: string): void {
  const why = problemOf(name);
  if (why !== null) throw geopmError("INVALID", `the ${what} ${JSON.stringify(name)} ${why}`, { target: name });
}

function problemOf(name: string): string | null {
  if (name.includes("\0")) return "has a NUL in it";
  if (!name.isWellFormed()) return "is not valid Unicode";
  return Buffer.byteLength(name) > MOST_BYTES ? `has more than ${MOST_BYTES} bytes` : null;
}
