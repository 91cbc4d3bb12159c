/** `muster root serve` as a process of its own, for clients that block. */
import { closeSync, openSync, readFileSync, watch } from "node:fs";
import { MAIN, ownEnvironment } from "./cli.ts";
import type { EngineState } from "./containers.ts";

export class MusterRoot implements AsyncDisposable {
  readonly path: string;
  readonly #child: Bun.Subprocess<"ignore", "inherit", number>;
  readonly #logFile: string;

  private constructor(path: string, child: Bun.Subprocess<"ignore", "inherit", number>, logFile: string) {
    this.path = path;
    this.#child = child;
    this.#logFile = logFile;
  }

  static async start(
    state: EngineState,
    variables: Readonly<Record<string, string>> = {},
    words: readonly string[] = [],
  ) {
    const path = variables.PCP_VAR_DIR
      ? `${variables.PCP_VAR_DIR}/pmcd/root.socket`
      : state.directory.file("ours.socket");
    const env = { ...ownEnvironment(state.directory.path), ...state.variables, ...variables };
    // A file, as pmdaroot's own: whoever reads a pipe takes the processors of those that are measured.
    const logFile = state.directory.file("ours.log");
    const stderr = openSync(logFile, "w");
    const child = Bun.spawn(
      [process.execPath, MAIN, "root", "serve", ...words, ...(variables.PCP_VAR_DIR ? [] : ["--socket", path])],
      { stdin: "ignore", stdout: "inherit", stderr, env },
    );
    closeSync(stderr);
    const server = new MusterRoot(path, child, logFile);
    await server.#listening();
    return server;
  }

  async #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (this.log.includes("listens at")) resolve();
    };
    using _watcher = watched(this.#logFile, look);
    look();
    this.#child.exited.then(() => reject(new Error(this.log)), reject);
    await promise;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  async end(): Promise<number> {
    this.#child.kill("SIGTERM");
    return this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

function watched(file: string, onChange: () => void): Disposable {
  const watcher = watch(file, onChange);
  return { [Symbol.dispose]: () => watcher.close() };
}
