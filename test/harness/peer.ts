/** Drives peer.pl: a daemon that is not muster's. */
import { join } from "node:path";
import { linesOf } from "./lines.ts";

export class Peer implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncGenerator<string>;
  readonly pid: number;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">, lines: AsyncGenerator<string>, pid: number) {
    this.#child = child;
    this.#lines = lines;
    this.pid = pid;
  }

  static async start(): Promise<Peer> {
    const child = Bun.spawn(["perl", join(import.meta.dir, "peer.pl")], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = linesOf(child.stdout);
    return new Peer(child, lines, Number((await lines.next()).value));
  }

  /** A daemon that runs as LibUCW leaves it: locked, its pid written; SIGTERM makes it empty the file and exit. */
  static async daemon(pidFile: string, onTerm: "clear" | "exit" | "ignore" | "unlock" = "clear"): Promise<Peer> {
    const peer = await Peer.start();
    await peer.tell(`lock ${pidFile} ex`);
    await peer.tell("write \\p\\n");
    await peer.tell(`on TERM ${onTerm}`);
    return peer;
  }

  async tell(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
    return (await this.#lines.next()).value ?? "";
  }

  /** Exit code, or the negative number of the signal that ended it. */
  async exited(): Promise<number> {
    await this.#child.exited;
    return this.#child.exitCode ?? -1;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
