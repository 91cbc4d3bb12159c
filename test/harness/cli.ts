/**
 * The command line as its users have it: `bun app/main.ts` as a process, in a directory of its own with its own
 * configuration, journal and /run, so that nothing of the machine shows.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "./directory.ts";

export const MAIN = join(import.meta.dir, "../../app/main.ts");

/** Variables with which muster keeps everything of its own below `path`. Bun.spawn passes on no change of process.env. */
export function ownEnvironment(path: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "/usr/bin:/bin",
    HOME: path,
    LANG: "C.UTF-8",
    MUSTER_CONFIG: join(path, "muster.toml"),
    MUSTER_STATE_DIR: join(path, "state"),
    MUSTER_RUNTIME_DIR: join(path, "runtime"),
  };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** As another user, in a directory that he may be in: needs root. */
  readonly uid?: number;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** All that it said, and how it ended. */
export async function finished(child: Bun.ReadableSubprocess): Promise<RunResult> {
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

export class CommandLine implements Disposable {
  readonly #directory = new TemporaryDirectory();
  readonly #cleanUps: (() => void)[] = [];
  readonly path = this.#directory.path;
  readonly configFile = join(this.path, "etc/muster.toml");
  readonly runDirectory = join(this.path, "run");

  /** `toml` is what muster.toml holds; /run of the machine is never searched. */
  constructor(toml = "") {
    for (const name of ["etc/daemons.d", "run", "state", "runtime"])
      mkdirSync(join(this.path, name), { recursive: true });
    this.configure(toml);
  }

  configure(toml: string): void {
    const discover = toml.includes("discover") ? "" : `discover = ["${this.runDirectory}"]\n`;
    writeFileSync(this.configFile, discover + toml);
  }

  /** A file below the directory, with the directories above it. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  get env(): Record<string, string> {
    return { ...ownEnvironment(this.path), MUSTER_CONFIG: this.configFile };
  }

  /** Started, for tests that talk to it while it runs. */
  spawn(args: readonly string[], options: RunOptions = {}) {
    const user = options.uid === undefined ? [] : ["setpriv", `--reuid=${options.uid}`, "--clear-groups"];
    return Bun.spawn([...user, process.execPath, MAIN, ...args], {
      cwd: options.uid === undefined ? this.path : "/",
      env: { ...this.env, ...options.env },
      stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return finished(this.spawn(args, options));
  }

  /** Through a shell, where `muster` is the command: for redirections and pipes. */
  async shell(script: string): Promise<RunResult> {
    const muster = `muster() { ${process.execPath} ${MAIN} "$@"; }`;
    const child = Bun.spawn(["bash", "-c", `${muster}\n${script}`], {
      cwd: this.path,
      env: this.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return finished(child);
  }

  /** Done when the test is over, before the directory goes. */
  defer(cleanUp: () => void): void {
    this.#cleanUps.push(cleanUp);
  }

  [Symbol.dispose](): void {
    for (const cleanUp of this.#cleanUps.reverse()) cleanUp();
    this.#directory[Symbol.dispose]();
  }
}
