/**
 * bun run build: one self-contained executable, dist/muster. Lazy imports stay lazy (--splitting) and are byte code, so a
 * command loads what it needs and no more, as in a checkout.
 */
import { join } from "node:path";
import type { BunPlugin } from "bun";

const root = join(import.meta.dir, "..");

/**
 * better-sqlite3 looks for its native library beside its package at run time; its per-platform entry is a static require,
 * which is embedded. React's developer tools are never loaded in production, but Ink names them.
 */
const embed: BunPlugin = {
  name: "embed",
  setup(build) {
    build.onResolve({ filter: /^better-sqlite3$/ }, () => ({
      path: Bun.resolveSync(`better-sqlite3/linux-${process.arch}`, root),
    }));
    build.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: "nothing" }));
    build.onLoad({ filter: /.*/, namespace: "nothing" }, () => ({ contents: "export default {}", loader: "js" }));
  },
};

async function main(): Promise<number> {
  const result = await Bun.build({
    entrypoints: [join(root, "app/main.ts")],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    define: { "process.env.NODE_ENV": '"production"', "process.env.DEV": '"false"' },
    compile: { outfile: join(root, "dist/muster") },
    plugins: [embed],
    throw: false,
  });
  for (const log of result.logs) process.stderr.write(`${log}\n`);
  if (!result.success) return 1;
  const size = Bun.file(join(root, "dist/muster")).size;
  process.stdout.write(`dist/muster: ${(size / 1e6).toFixed(1)} MB\n`);
  return 0;
}

main().then((code) => process.exit(code));
