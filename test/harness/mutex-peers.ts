/** Drives mutex-peer.ts. */
import { join } from "node:path";
import { linesOf } from "./lines.ts";

export class MutexPeer implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">) {
    this.#child = child;
    this.#lines = linesOf(child.stdout);
  }

  /** It has `path` mapped. */
  static async start(path: string, wrapper: readonly string[] = []): Promise<MutexPeer> {
    const argv = [...wrapper, process.execPath, join(import.meta.dir, "mutex-peer.ts"), path];
    const peer = new MutexPeer(Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
    await peer.#lines.next();
    return peer;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What the function returned. */
  async tell(line: string): Promise<number> {
    this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
    return Number((await this.#lines.next()).value);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** It is gone, whatever it held. Both its pipes are at their end then: none is left to be cleaned up some time later. */
  async kill(): Promise<void> {
    await this.#child.stdin.end();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    while (!(await this.#lines.next()).done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
