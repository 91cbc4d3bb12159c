/** The service's hand on the journal, on a disk that is full for a while. */
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "#test/harness/directory.ts";

const FULL_DISK = join(import.meta.dir, "../../harness/full-disk.ts");
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot)(
  "what a full disk did not take is said, and is written when it does again; then nothing more is said",
  async () => {
    using directory = new TemporaryDirectory();
    mkdirSync(directory.file("state"));
    const script = `mount -t tmpfs -o size=2m tmpfs "$1/state" && exec "$2" "$3" "$1"`;
    const argv = ["unshare", "-m", "sh", "-c", script, "sh", directory.path, process.execPath, FULL_DISK];
    const child = Bun.spawn(argv, { stdout: "pipe", stderr: "pipe" });
    const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect(errors).toBe("");
    const { actions, kept } = JSON.parse(out);
    const rows = (words: readonly string[]) =>
      words.flatMap((word) => [`${word} ACTION_BEGUN`, `${word} ACTION_ENDED`]);
    expect(actions).toEqual([
      { word: "room", warnings: [], status: "ready", shown: rows(["room"]) },
      {
        word: "full",
        warnings: [{ code: "NOT_RECORDED", target: directory.file("state/journal.db"), message: expect.any(String) }],
        status: "failed",
        shown: rows(["room", "full"]),
      },
      { word: "again", warnings: [], status: "ready", shown: rows(["room", "full", "again"]) },
    ]);
    expect(kept).toEqual(rows(["room", "full", "again"]));
  },
);
