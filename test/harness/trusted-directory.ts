/** A directory of a test's own that nobody else can write to, nor to any above it: modules are loaded from such. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

const uid = process.geteuid?.() ?? 0;

function isTrusted(path: string): boolean {
  const { uid: owner, mode } = statSync(path);
  const isOurs = (owner === 0 || owner === uid) && (mode & 0o022) === 0;
  return isOurs && (path === "/" || isTrusted(dirname(path)));
}

function findParent(): string | null {
  const found = [homedir(), "/run", `/run/user/${uid}`, process.cwd()].find((path) => {
    try {
      if (!isTrusted(path)) return false;
      rmSync(mkdtempSync(join(path, ".muster-test-")), { recursive: true });
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

const parent = findParent();

/** Why there is none here; null if there can be one. */
export const NO_TRUSTED_DIRECTORY =
  parent === null ? "everybody can write above every directory we may write to" : null;

export class TrustedDirectory implements Disposable {
  readonly path: string;

  constructor() {
    if (parent === null) throw new Error(NO_TRUSTED_DIRECTORY ?? "");
    this.path = mkdtempSync(join(parent, ".muster-test-"));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
