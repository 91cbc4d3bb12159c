/**
 * A service whose state directory is a small file system of its own: full-disk.ts DIRECTORY, in a mount namespace where
 * DIRECTORY/state is that file system. Acts while there is room, while there is none and when there is again, and says what
 * came of it.
 */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { toMusterError } from "#core/model/error.ts";
import { declaration, TestService } from "./service.ts";

const [path = ""] = process.argv.slice(2);
const directory = { path, file: (name: string) => `${path}/${name}`, [Symbol.dispose]: () => {} };
const ballast = directory.file("state/ballast");

function fill(): void {
  const file = openSync(ballast, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (thrown) {
    if (toMusterError(thrown).errno !== "ENOSPC") throw thrown;
  } finally {
    closeSync(file);
  }
}

await using service = await TestService.open(directory, [declaration("web", directory)], { mode: "watch" });
await service.local.ready;
const actions: unknown[] = [];
for (const word of ["room", "full", "again"]) {
  if (word === "full") fill();
  if (word === "again") rmSync(ballast);
  // Refused, for nobody has this pid, but tried: it has its two rows.
  const targets = [{ id: `n1/member/web/${2 ** 30}` }];
  const request = { action: "member.add", targets, arguments: {}, dryRun: false, requestId: word, via: "cli" } as const;
  const { warnings } = await service.service.invoke(request);
  const { status, items } = service.service.snapshot().shelves.events;
  const shown = [...items.values()].filter(({ requestId }) => requestId !== null);
  actions.push({ word, warnings, status, shown: shown.map(({ requestId, code }) => `${requestId} ${code}`) });
}
const kept = (await service.service.events({ limit: 100 })).filter(({ requestId }) => requestId !== null);
process.stdout.write(JSON.stringify({ actions, kept: kept.map(({ requestId, code }) => `${requestId} ${code}`) }));
