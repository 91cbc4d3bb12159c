/**
 * A room is left through its door only: a relative import stays in its room, and what comes from elsewhere is named by
 * `#room/...`, where the linter's rules for each room see it.
 */
import { dirname, join, relative } from "node:path";

/** Parts of a package that are behind none of its doors. */
const INNER_PARTS = ["node_modules/ink/build/output.js", "node_modules/ink/build/instances.js"];

const SOURCES = new Bun.Glob("{app,core,ffi,test}/**/*.{ts,tsx}");
const transpilers = { ts: new Bun.Transpiler({ loader: "ts" }), tsx: new Bun.Transpiler({ loader: "tsx" }) };

/** `core/daemon/stop.ts` -> `core/daemon/`; `ffi/fd.ts` -> `ffi/`; `app/main.ts` -> `app/`. */
function roomOf(path: string): string {
  const [first = "", second = "", third] = path.split("/");
  return third !== undefined && (first === "core" || first === "app") ? `${first}/${second}/` : `${first}/`;
}

/** `file: import`, for each that leaves its room by a relative path. */
export async function brokenWalls(root: string): Promise<string[]> {
  const broken: string[] = [];
  for await (const path of SOURCES.scan(root)) {
    const text = (await Bun.file(join(root, path)).text()).replace(/^#!.*/, "");
    const transpiler = path.endsWith(".tsx") ? transpilers.tsx : transpilers.ts;
    const imports = [...transpiler.scanImports(text).map((found) => found.path), ...typeImports(text)];
    for (const target of imports.filter((name) => name.startsWith("."))) {
      const file = relative(root, join(root, dirname(path), target));
      if (file === "package.json" || INNER_PARTS.includes(file)) continue;
      if (!file.startsWith(roomOf(path))) broken.push(`${path}: ${target}`);
    }
  }
  return broken.sort();
}

/** The transpiler drops imports of types alone. */
function typeImports(text: string): string[] {
  return [...text.matchAll(/^import type [^;]*? from "([^"]+)";/gms)].map((match) => match[1] ?? "");
}
