/** A controller in another process: see controller-peer.ts. */
import { join } from "node:path";
import { linesOf } from "./lines.ts";

const PROGRAM = join(import.meta.dir, "controller-peer.ts");

export class Controller implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  private constructor(argv: readonly string[]) {
    const command = [process.execPath, PROGRAM, ...argv];
    this.#child = Bun.spawn(command, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    this.#lines = linesOf(this.#child.stdout);
  }

  static async attach(endpoint: string, agent: string, profile: string, directory: string): Promise<Controller> {
    const controller = new Controller([endpoint, agent, profile, directory]);
    await controller.#next();
    return controller;
  }

  /** What the policy is; null stands for NaN. */
  async policy(): Promise<readonly (number | null)[]> {
    this.#tell("read");
    return JSON.parse(await this.#next());
  }

  async sample(...values: readonly number[]): Promise<void> {
    this.#tell(`sample ${values.join(",")}`);
    await this.#next();
  }

  async detach(): Promise<void> {
    this.#tell("detach");
    await this.#child.exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
    this.#child.stdin.flush();
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the controller has ended");
    return value;
  }
}
