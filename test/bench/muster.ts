/** The ways to run muster: from the checkout, and as the one executable if it has been built. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, CHECKOUT } from "./bench.ts";

export interface Muster {
  readonly name: "checkout" | "built";
  readonly argv: readonly string[];
}

export function musters(bench: Bench): readonly Muster[] {
  const checkout: Muster = { name: "checkout", argv: [process.execPath, join(CHECKOUT, "app/main.ts")] };
  const built = join(CHECKOUT, "dist/muster");
  if (existsSync(built)) return [checkout, { name: "built", argv: [built] }];
  bench.missing("dist/muster", "bun run build");
  return [checkout];
}

/** A muster of its own below `directory`: configuration, state and runtime files. `config` is the text of muster.toml. */
export function musterHome(directory: string, config: string | null): Record<string, string> {
  const file = (name: string) => join(directory, name);
  mkdirSync(directory, { recursive: true });
  if (config !== null) writeFileSync(file("muster.toml"), config);
  return {
    ...(config === null ? {} : { MUSTER_CONFIG: file("muster.toml") }),
    MUSTER_STATE_DIR: file("state"),
    MUSTER_RUNTIME_DIR: file("runtime"),
  };
}
