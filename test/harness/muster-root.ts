/** `muster root serve` as a process of its own, for clients that block. */
import { MAIN, ownEnvironment } from "./cli.ts";
import type { EngineState } from "./containers.ts";

export class MusterRoot implements AsyncDisposable {
  readonly path: string;
  readonly #child: Bun.Subprocess<"ignore", "inherit", "pipe">;
  #log = "";

  private constructor(path: string, child: Bun.Subprocess<"ignore", "inherit", "pipe">) {
    this.path = path;
    this.#child = child;
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
    const child = Bun.spawn(
      [process.execPath, MAIN, "root", "serve", ...words, ...(variables.PCP_VAR_DIR ? [] : ["--socket", path])],
      {
        stdin: "ignore",
        stdout: "inherit",
        stderr: "pipe",
        env,
      },
    );
    const server = new MusterRoot(path, child);
    await server.#listening();
    return server;
  }

  async #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const follow = async () => {
      const decoder = new TextDecoder();
      for await (const chunk of this.#child.stderr) {
        this.#log += decoder.decode(chunk, { stream: true });
        if (this.#log.includes("listens at")) resolve();
      }
      reject(new Error(this.#log));
    };
    follow().catch(reject);
    return promise;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get log(): string {
    return this.#log;
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
