/**
 * The documents that are generated from the code: schemas, commands, exit codes, keys, pictures of the console.
 * `bun run generate` writes them; `bun run check` fails if one differs from what the code says.
 */
import { join } from "node:path";
import { commandsDocument } from "#app/cli/commands-document.ts";
import { exitCodesDocument } from "#app/cli/exit-codes-document.ts";
import { keysDocument } from "#app/console/keys-document.ts";
import { playbackKeys } from "#app/player/keys-section.ts";
import { schemaFiles } from "#core/output/generate.ts";
import { allPictures } from "#test/screenshots/pictures.ts";

const ROOT = join(import.meta.dir, "../..");

/** Path below the root -> text. */
async function generated(): Promise<ReadonlyMap<string, string>> {
  const schemas = [...schemaFiles()].map(([name, text]) => [`core/output/schemas/${name}`, text] as const);
  return new Map([
    ["app/cli/commands.md", commandsDocument()],
    ["app/cli/exit-codes.md", exitCodesDocument()],
    ["app/console/keys.md", keysDocument([playbackKeys()])],
    ...schemas,
    ...(await allPictures(ROOT)),
  ]);
}

/** Paths of those that are not what the code says. */
export async function outdatedDocuments(): Promise<string[]> {
  const outdated: string[] = [];
  for (const [path, text] of await generated()) {
    const file = Bun.file(join(ROOT, path));
    if (!(await file.exists()) || (await file.text()) !== text) outdated.push(path);
  }
  return outdated;
}

async function write(): Promise<number> {
  const documents = [...(await generated())];
  await Promise.all(documents.map(([path, text]) => Bun.write(join(ROOT, path), text)));
  return documents.length;
}

if (import.meta.main) {
  write().then(
    (count) => {
      process.stdout.write(`${count} documents written\n`);
      process.exit(0);
    },
    (thrown) => {
      process.stderr.write(`${thrown}\n`);
      process.exit(1);
    },
  );
}
