/** Whatever a group leaves on the machine for a while, and takes away again however it ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Keeper {
  #undos: (() => void)[] = [];

  /** Undone in the opposite order. Synchronous, so that it also works on the way out of a signal. */
  defer(undo: () => void): void {
    this.#undos.push(undo);
  }

  directory(): string {
    const path = mkdtempSync(join(tmpdir(), "muster-bench-"));
    this.defer(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  process<Child extends { readonly exitCode: number | null; kill(signal: NodeJS.Signals): void }>(child: Child): Child {
    this.defer(() => {
      if (child.exitCode === null) child.kill("SIGKILL");
    });
    return child;
  }

  release(): void {
    for (const undo of this.#undos.splice(0).reverse()) {
      try {
        undo();
      } catch (thrown) {
        process.stderr.write(`bench: cleaning up: ${thrown}\n`);
      }
    }
  }
}
