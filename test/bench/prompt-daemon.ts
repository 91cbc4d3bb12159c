/** Drives prompt-daemon.pl. */
import { join } from "node:path";
import type { Keeper } from "./keeper.ts";

export interface PromptDaemon {
  readonly pid: number;
  /** CLOCK_MONOTONIC of its exit, milliseconds. */
  readonly exitedMs: Promise<number>;
}

export interface PromptDaemonOptions {
  readonly pidFile: string;
  /** How long it goes on after SIGTERM. */
  readonly delayMs: number;
  /** Whether it empties its pid file, as it should. */
  readonly clears: boolean;
}

/** Resolves when it holds its lock and has written its pid. */
export async function startPromptDaemon(keeper: Keeper, options: PromptDaemonOptions): Promise<PromptDaemon> {
  const { pidFile, delayMs, clears } = options;
  const script = join(import.meta.dir, "prompt-daemon.pl");
  const argv = ["perl", script, pidFile, String(delayMs), clears ? "clear" : "keep"];
  const child = keeper.process(Bun.spawn(argv, { stdin: "ignore", stdout: "pipe", stderr: "inherit" }));
  const reader = child.stdout.getReader();
  const said = async () => new TextDecoder().decode((await reader.read()).value).trim();
  if ((await said()) !== "ready") throw new Error(`${pidFile}: the daemon of the benchmark did not start`);
  return { pid: child.pid, exitedMs: said().then(Number) };
}
