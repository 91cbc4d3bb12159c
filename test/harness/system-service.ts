/**
 * Root's own service where every user of the machine finds it, and such a user: in a mount namespace of the test's own, so
 * that nothing of the machine's muster is touched. Needs root.
 */
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { CommandLine, finished, MAIN, type RunResult } from "./cli.ts";
import { ownGroup, sweepGroup } from "./job-set.ts";

const UID = 60_001;
const MOUNTS = "mount -t tmpfs none /run && mount -t tmpfs none /var/lib && echo ready && read forever";
const AS_USER = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"];

type Holder = Bun.Subprocess<"pipe", "pipe", "inherit">;

export class SystemService implements AsyncDisposable {
  readonly #cli: CommandLine;
  /** Lives as long as the namespace shall. */
  readonly #holder: Holder;
  readonly #home: string;

  private constructor(cli: CommandLine, holder: Holder) {
    this.#cli = cli;
    this.#holder = holder;
    this.#home = join(cli.path, "home");
    // The way to it.
    chmodSync(cli.path, 0o711);
    mkdirSync(this.#home);
    chownSync(this.#home, UID, UID);
  }

  /** Resolves when it serves. */
  static async start(): Promise<SystemService> {
    const group = ownGroup();
    const cli = new CommandLine(`[jobs]\ncgroup = "/${group}"\n`);
    cli.defer(() => sweepGroup(group));
    const argv = ["unshare", "--mount", "sh", "-c", MOUNTS];
    const holder = Bun.spawn(argv, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const { done } = await holder.stdout.getReader().read();
    if (done) throw new Error("there is no mount namespace to be had");
    const system = new SystemService(cli, holder);
    const { exitCode, stderr } = await system.asRoot("serve");
    if (exitCode !== 0) throw new Error(stderr);
    return system;
  }

  asRoot(...words: readonly string[]): Promise<RunResult> {
    const { path, configFile } = this.#cli;
    return this.#run([], words, { HOME: path, MUSTER_CONFIG: configFile });
  }

  /** As one who has nothing of his own, until he makes something. */
  asUser(...words: readonly string[]): Promise<RunResult> {
    return this.#run(AS_USER, words, this.#userEnvironment);
  }

  /** The console of that user, on a terminal; `onOutput` is told all of what it has written so far. */
  consoleOfUser(onOutput: (output: string, write: (keys: string) => void) => void): Bun.Subprocess {
    let output = "";
    return Bun.spawn(this.#argv(AS_USER, []), {
      cwd: "/",
      env: { ...this.#userEnvironment, TERM: "xterm-256color" },
      terminal: {
        cols: 100,
        rows: 30,
        data: (terminal, bytes) => {
          output += Buffer.from(bytes).toString("utf8");
          onOutput(output, (keys) => terminal.write(keys));
        },
      },
    });
  }

  /** A process of that user's, not muster's. */
  processOfUser(): Bun.Subprocess & AsyncDisposable {
    return Bun.spawn([...AS_USER, "sleep", "1000"], { stdio: ["ignore", "ignore", "inherit"] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of [() => this.asUser("serve", "--stop"), () => this.asRoot("serve", "--stop")]) {
      const { exitCode, stderr } = await stop();
      if (exitCode !== 0) throw new Error(stderr);
    }
    this.#holder.stdin.end();
    await this.#holder.exited;
    this.#cli[Symbol.dispose]();
  }

  get #userEnvironment(): Record<string, string> {
    return { HOME: this.#home, XDG_RUNTIME_DIR: this.#home };
  }

  #argv(user: readonly string[], words: readonly string[]): string[] {
    return ["nsenter", `--mount=/proc/${this.#holder.pid}/ns/mnt`, ...user, process.execPath, MAIN, ...words];
  }

  #run(user: readonly string[], words: readonly string[], env: Record<string, string>): Promise<RunResult> {
    const child = Bun.spawn(this.#argv(user, words), {
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LANG: "C.UTF-8", ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return finished(child);
  }
}
