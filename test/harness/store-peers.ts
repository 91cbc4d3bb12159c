/** Another process at a policy store, asked line by line: see store-peer.ts. */
import { join } from "node:path";
import { linesOf } from "./lines.ts";

const PROGRAM = join(import.meta.dir, "store-peer.ts");

export class StorePeer implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  private constructor(path: string) {
    this.#child = Bun.spawn([process.execPath, PROGRAM, path], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#child.stdout);
  }

  static async run(path: string): Promise<StorePeer> {
    const peer = new StorePeer(path);
    await peer.answered();
    return peer;
  }

  /** Resolves once it is done. */
  async ask(line: string): Promise<void> {
    this.tell(line);
    await this.answered();
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
    this.#child.stdin.flush();
  }

  async answered(): Promise<void> {
    if ((await this.#lines.next()).done) throw new Error("the other process has ended");
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
