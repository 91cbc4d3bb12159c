/** What the tests of this room share: a directory of their own, counts of what could leak, another user. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProcRecord } from "#ffi/proc-file.ts";
import { SysError } from "#ffi/sys-error.ts";

export const isRoot = process.getuid?.() === 0;
export const NOBODY = 65534;

/** Milliseconds for tests that do something thousands of times, on a machine that is busy otherwise. */
export const SLOW = 120_000;

export class TemporaryDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "ffi-test-"));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/**
 * Compare with `<=`: Bun closes what earlier tests left it (pipes of Bun.spawn) in its own time. The descriptor that is kept
 * for /proc is opened by the first read: it is counted each time.
 */
export function countDescriptors(): number {
  readProcRecord("/proc/self/stat");
  return readdirSync("/proc/self/fd").length;
}

export function countThreads(): number {
  return readdirSync("/proc/self/task").length;
}

/** Lets the loop turn until it is so: what is still on its way out goes. If it never is, the test times out. */
export async function settled(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** The SysError a call throws; anything else, or nothing, fails the test. */
export function sysErrorOf(call: () => unknown): SysError {
  try {
    call();
  } catch (error) {
    if (error instanceof SysError) return error;
    throw error;
  }
  throw new Error("the call was expected to fail");
}

export async function rejectionOf(promise: Promise<unknown>): Promise<SysError> {
  const outcome = await promise.then(
    () => new Error("the promise was expected to be rejected"),
    (error: unknown) => error,
  );
  if (outcome instanceof SysError) return outcome;
  throw outcome;
}

/** A module run by another process, its standard output as text. `uid` needs root. */
export async function runModule(
  code: string,
  options: { uid?: number; wrapper?: readonly string[]; env?: Record<string, string> } = {},
): Promise<{ output: string; errors: string; exitCode: number }> {
  const ids = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  const child = Bun.spawn([...(options.wrapper ?? []), process.execPath, "-e", code], {
    cwd: join(import.meta.dir, "../.."),
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0", ...options.env },
    ...ids,
  });
  const [output, errors, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { output, errors, exitCode };
}
