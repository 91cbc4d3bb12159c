/**
 * Jobs and their jobd in a process of their own: jobd-keeper.ts SOCKET. Says a word when it serves, ends when
 * its standard input does. Whoever may connect may do everything.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "#app/cli/system-clock.ts";
import type { JobChanges } from "#core/pagg/job/jobd/answer.ts";
import { openJobd } from "#core/pagg/job/jobd/server.ts";
import { TemporaryDirectory } from "./directory.ts";
import { TestJobs } from "./job-set.ts";

/** The same, from the process that asks it. */
export class JobdKeeper implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(child: Bun.Subprocess<"pipe", "pipe", "inherit">) {
    this.#child = child;
  }

  /** Resolves when it serves. `descriptors`: the most it may have. */
  static async start(path: string, descriptors: number | "inherit" = "inherit"): Promise<JobdKeeper> {
    const keeper = [process.execPath, join(import.meta.dir, "jobd-keeper.ts"), path];
    const argv =
      descriptors === "inherit" ? keeper : ["sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...keeper];
    const child = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const { done } = await child.stdout.getReader().read();
    if (done) throw new Error("jobd-keeper.ts has ended");
    return new JobdKeeper(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** That it has open now. */
  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Exit code, after it was asked to end. */
  async end(): Promise<number> {
    this.#child.stdin.end();
    return this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

async function main([path = ""]: readonly string[]): Promise<void> {
  using directory = new TemporaryDirectory();
  using jobs = new TestJobs(directory);
  const log = (text: string) => {
    process.stderr.write(`${text}\n`);
  };
  const { set } = jobs;
  const free: JobChanges = {
    create: (asked) => set.create(asked),
    killjid: (jid, signal) => set.killjid(jid, signal),
    sethid: (hid) => set.sethid(hid),
    detachjid: (jid) => set.detachjid(jid),
    detachpid: (pid) => set.detachpid(pid),
    attachpid: (pid, jid) => set.attachpid(pid, jid),
    runcsa: () => {},
  };
  const server = openJobd({ path, jobs: set, changesBy: () => free, clock: systemClock, log });
  process.stdout.write("serves\n");
  for await (const _ of Bun.stdin.stream());
  server.close();
}

if (import.meta.main) {
  main(process.argv.slice(2)).then(
    () => process.exit(0),
    (thrown) => {
      process.stderr.write(`jobd-keeper: ${thrown}\n`);
      process.exit(1);
    },
  );
}
