/** Modules of a test's own, each in its own process as in the service, and what became of them. */
import { test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import type { PaggSettings } from "#core/model/pagg-settings.ts";
import type { ModuleChange } from "#core/pagg/change.ts";
import { ModuleSet } from "#core/pagg/module-set.ts";
import type { JobModule } from "#core/pagg/modules.ts";
import { ProcessEvents } from "#ffi/proc-events.ts";
import { Told } from "./told.ts";
import { NO_TRUSTED_DIRECTORY, TrustedDirectory } from "./trusted-directory.ts";

/** Why modules cannot be tested here; null if they can. */
const modulesMissing: string | null = (() => {
  try {
    ProcessEvents.open({ events: ["exit"], onEvents: () => {}, onLoss: () => {} }).close();
    return NO_TRUSTED_DIRECTORY;
  } catch (thrown) {
    return `process events are not to be had (${thrown instanceof Error ? thrown.message : thrown})`;
  }
})();

/** A test on modules' processes; skipped with the reason where there can be none, or what it needs is missing. */
export function moduleTest(
  name: string,
  body: () => Promise<void>,
  needs: { readonly program?: string; readonly isRoot?: boolean } = {},
): void {
  const program = needs.program !== undefined && Bun.which(needs.program) === null ? `no ${needs.program} here` : null;
  const root = needs.isRoot && process.geteuid?.() !== 0 ? "not root" : null;
  const reason = modulesMissing ?? program ?? root;
  if (reason === null) test(name, body);
  else test.skip(`${name} (skipped: ${reason})`, body);
}

export interface TestModulesOptions {
  readonly settings?: Partial<PaggSettings>;
  readonly hostCommand?: readonly string[];
  readonly job?: JobModule | null;
}

export const HOST_COMMAND = [process.execPath, join(import.meta.dir, "../../app/main.ts"), "--module-host"];

export class TestModules implements AsyncDisposable {
  readonly directory = new TrustedDirectory();
  readonly set: ModuleSet;
  readonly #told = new Told<ModuleChange>();
  readonly changes = this.#told.all;
  readonly problems: string[] = [];
  readonly output: string[] = [];

  constructor({ settings = {}, hostCommand = HOST_COMMAND, job = null }: TestModulesOptions = {}) {
    this.set = new ModuleSet({
      node: "n1",
      settings: { modules: [this.directory.path], load: [], stallSeconds: 60, ...settings },
      clock: systemClock,
      procRoot: "/proc",
      uid: process.geteuid?.() ?? 0,
      hostCommand,
      job,
      onChange: (changes) => this.#told.push(...changes),
      onProblem: (message) => {
        this.problems.push(message);
        this.#told.wake();
      },
      onOutput: (module, line) => {
        this.output.push(`${module}: ${line}`);
        this.#told.wake();
      },
    });
  }

  write(name: string, text: string): string {
    const path = this.directory.file(name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** The first change that fits, of those that were and those to come. */
  until<T>(find: (change: ModuleChange) => T | null): Promise<T> {
    return this.#told.until(find);
  }

  /** What `look` finds, asked again whenever something has come. */
  when<T>(look: () => T | null): Promise<T> {
    return this.#told.when(look);
  }

  /** The words of the problem a module was unloaded for. */
  failure(module: string): Promise<string> {
    return this.until((change) =>
      change.type === "failed" && change.module === module ? change.problem.message : null,
    );
  }

  attached(module: string, pid: number): Promise<string | null> {
    return this.when(() => {
      const process = this.set.attached(module).find((attached) => attached.pid === pid);
      return process ? { data: process.data } : null;
    }).then(({ data }) => data);
  }

  detached(module: string, pid: number): Promise<{ isExited: boolean; status: number | null }> {
    return this.until((change) =>
      change.type === "detached" && change.process.module === module && change.process.pid === pid ? change.end : null,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.set.close();
    this.directory[Symbol.dispose]();
  }
}
