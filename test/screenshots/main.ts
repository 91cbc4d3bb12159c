/** bun run screenshots: draws the pictures of the console anew. */
import { join } from "node:path";
import { allPictures } from "./pictures.ts";

async function main(): Promise<void> {
  const root = join(import.meta.dir, "../..");
  for (const [path, svg] of await allPictures(root)) {
    await Bun.write(join(root, path), svg);
    process.stdout.write(`${path}\n`);
  }
}

main().then(
  () => process.exit(0),
  (thrown) => {
    process.stderr.write(`${thrown}\n`);
    process.exit(1);
  },
);
