/** Drives members.pl: processes to be members, whose parent is not muster. */
import { join } from "node:path";
import type { Keeper } from "./keeper.ts";

export class Members {
  readonly pids: readonly number[];
  readonly #tell: (line: string) => Promise<string>;

  private constructor(pids: readonly number[], tell: (line: string) => Promise<string>) {
    this.pids = pids;
    this.#tell = tell;
  }

  static async start(keeper: Keeper, count: number): Promise<Members> {
    const argv = ["perl", join(import.meta.dir, "members.pl"), String(count)];
    const child = keeper.process(Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" }));
    const reader = child.stdout.getReader();
    const decoder = new TextDecoder();
    const readLine = async () => {
      let text = "";
      while (!text.endsWith("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("members.pl has ended");
        text += decoder.decode(value, { stream: true });
      }
      return text.trim();
    };
    const pids = (await readLine()).split(" ").map(Number);
    return new Members(pids, async (line) => {
      child.stdin.write(`${line}\n`);
      await child.stdin.flush();
      return readLine();
    });
  }

  /** Ends them over so many seconds: pid -> when it was collected, monotonic milliseconds. */
  async pace(seconds: number): Promise<ReadonlyMap<number, number>> {
    const stamps = (await this.#tell(`pace ${seconds}`)).split(",");
    return new Map(stamps.map((stamp) => stamp.split(" ").map(Number) as [number, number]));
  }

  statusOf(pid: number): number {
    return (this.pids.indexOf(pid) % 256) << 8;
  }
}
