/** Commands run to their end and timed, from before exec to after their exit. */
import { monotonicMs } from "./clocks.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly exitCode?: number;
}

/** The environment of everything measured: nothing of the caller's that colours, debugs or redirects. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "/usr/bin:/bin", HOME = "/" } = process.env;
  return { PATH, HOME, LANG: "C.UTF-8", TERM: "xterm-256color", ...more };
}

/** Milliseconds. Throws if it exits otherwise than it should: a fast failure is no result. */
export function timed(command: Command): number {
  const begun = monotonicMs();
  const result = run(command);
  const elapsed = monotonicMs() - begun;
  const { exitCode: expected = 0 } = command;
  if (result.exitCode !== expected) {
    const said = result.stderr.toString().trim().slice(0, 500);
    throw new Error(`${command.argv.join(" ")}: exit ${result.exitCode} instead of ${expected}: ${said}`);
  }
  return elapsed;
}

export function run({ argv, variables = {} }: Command) {
  return Bun.spawnSync([...argv], {
    env: environment(variables),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}
