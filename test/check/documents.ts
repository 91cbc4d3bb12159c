/**
 * The documents that are generated from the code: schemas, commands, exit codes, keys.
 * `bun run generate` writes them; `bun run check` fails if one differs from what the code says.
 */
import { join } from "node:path";
import { commandsDocument } from "#app/cli/commands-document.ts";
import { exitCodesDocument } from "#app/cli/exit-codes-document.ts";
import { keysDocument } from "#app/console/keys-document.ts";
import { schemaFiles } from "#core/output/generate.ts";

/** Path below the root -> text. */
function generated(): ReadonlyMap<string, string> {
  const schemas = [...schemaFiles()].map(([name, text]) => [`core/output/schemas/${name}`, text] as const);
  return new Map([
    ["app/cli/commands.md", commandsDocument()],
    ["app/cli/exit-codes.md", exitCodesDocument()],
    ["app/console/keys.md", keysDocument()],
    ...schemas,
  ]);
}

/** Paths of those that are not what the code says. */
export async function outdatedDocuments(root: string): Promise<string[]> {
  const outdated: string[] = [];
  for (const [path, text] of generated()) {
    const file = Bun.file(join(root, path));
    if (!(await file.exists()) || (await file.text()) !== text) outdated.push(path);
  }
  return outdated;
}

if (import.meta.main) {
  const root = join(import.meta.dir, "../..");
  Promise.all([...generated()].map(([path, text]) => Bun.write(join(root, path), text))).then(
    (written) => process.stdout.write(`${written.length} documents written\n`),
    (thrown) => {
      process.stderr.write(`${thrown}\n`);
      process.exit(1);
    },
  );
}
