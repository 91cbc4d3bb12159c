/** bun run check: types, format and lint with the walls between rooms, unused code, generated documents. */
import { join } from "node:path";
import { outdatedDocuments } from "./documents.ts";
import { brokenWalls } from "./walls.ts";

const root = join(import.meta.dir, "../..");

interface Check {
  readonly name: string;
  /** What is wrong, a line each; empty if nothing is. */
  readonly run: () => Promise<readonly string[]>;
}

/** A tool of the project's own, run by this very Bun: no Node is needed. */
function tool(...words: readonly [string, ...string[]]): Check["run"] {
  return async () => {
    const [name, ...rest] = words;
    const argv = [process.execPath, join(root, "node_modules/.bin", name), ...rest];
    const child = Bun.spawn(argv, { cwd: root, stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    return (await child.exited) === 0 ? [] : [out.trim(), err.trim()].filter((text) => text !== "");
  };
}

const CHECKS: readonly Check[] = [
  { name: "types", run: tool("tsc", "--noEmit") },
  { name: "format and lint", run: tool("biome", "check", "--error-on-warnings", ".") },
  { name: "walls", run: () => brokenWalls(root) },
  { name: "unused code", run: tool("knip") },
  {
    name: "generated documents",
    run: async () => (await outdatedDocuments()).map((path) => `${path} is not what the code says: bun run generate`),
  },
];

async function main(): Promise<number> {
  let failed = 0;
  for (const { name, run } of CHECKS) {
    const wrong = await run();
    process.stdout.write(`${wrong.length === 0 ? "ok    " : "FAILED"}  ${name}\n`);
    for (const line of wrong) process.stdout.write(`${line}\n`);
    if (wrong.length > 0) failed++;
  }
  return failed === 0 ? 0 : 1;
}

main().then((code) => process.exit(code));
