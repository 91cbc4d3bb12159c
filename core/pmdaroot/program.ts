/** How a command line becomes a process: split at blanks and looked for along PATH, as pmdaroot(1) and execvp(3) do. */
import { Fd, pipe } from "#ffi/fd.ts";
import { processIdentityTicks } from "#ffi/procfs.ts";
import { findProgram, placesOf } from "#ffi/program-path.ts";
import { beginSpawn, type Child } from "#ffi/spawn.ts";
import { SysError } from "#ffi/sys-error.ts";

/** Runs of blanks are one; there are no quotes and no escapes. */
export function splitArguments(commandLine: string): string[] {
  return commandLine.split(" ").filter((word) => word !== "");
}

export interface ProgramStart {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it begins; null, or left out: where this process is. */
  readonly cwd?: string | null;
  readonly stdio: readonly [Fd | "null", Fd, Fd | "null"];
  /** Of a session and process group of its own. */
  readonly isLeader?: boolean;
  /** Where its start time is read; null: nobody wants to know. */
  readonly procRoot: string | null;
}

export interface StartedProgram {
  readonly child: Child;
  readonly startTicks: string | null;
  /** The program could not be executed; the child has ended and is collected. */
  readonly failure: SysError | null;
}

/** Throws SysError when there is no child at all: EAGAIN, ENOMEM, EMFILE. */
export function startProgram({ argv, env, ...rest }: ProgramStart): StartedProgram {
  const [name = ""] = argv;
  // A file that is not there if there is none: execve(2) says so then, in the child.
  const file = findProgram(name, env.PATH) ?? placesOf(name, env.PATH)[0] ?? name;
  const started = tryProgram({ file, argv, env, ...rest });
  if (started.failure?.errnoName !== "ENOEXEC") return started;
  // A script without a first line that says whose it is.
  started.child[Symbol.dispose]();
  return tryProgram({ file: "/bin/sh", argv: ["sh", file, ...argv.slice(1)], env, ...rest });
}

function tryProgram({
  procRoot,
  isLeader = false,
  cwd = null,
  ...options
}: ProgramStart & { readonly file: string }): StartedProgram {
  const child = beginSpawn({ ...options, newSession: isLeader, ...(cwd !== null && { cwd }) });
  // While it is there for certain: one that cannot be executed is collected at once.
  const startTicks = procRoot === null ? null : processIdentityTicks(procRoot, child.pid);
  try {
    child.execed();
    return { child, startTicks, failure: null };
  } catch (thrown) {
    if (!(thrown instanceof SysError)) throw thrown;
    return { child, startTicks, failure: thrown };
  }
}

/** Of the one who had it started: to its standard input, and from its standard output. */
export type PipeEnds = readonly [toChild: Fd, fromChild: Fd];

/** Never closed. What has this number is another file after a turn of the log. */
const STANDARD_ERROR = Fd.adopt(2, "standard error");

/** The same with both of them pipes, or with neither. What else it says goes where our own standard error goes. */
export function startConnected(
  program: Omit<ProgramStart, "stdio">,
  hasPipes: boolean,
): StartedProgram & { readonly ends: PipeEnds | null } {
  using childEnds = new DisposableStack();
  using ownEnds = new DisposableStack();
  const input = hasPipes ? pipe() : null;
  if (input) {
    childEnds.use(input.read);
    ownEnds.use(input.write);
  }
  const output = hasPipes ? pipe() : null;
  if (output) {
    childEnds.use(output.write);
    ownEnds.use(output.read);
  }
  const stdio = [input?.read ?? "null", output?.write ?? STANDARD_ERROR, STANDARD_ERROR] as const;
  const started = startProgram({ ...program, stdio });
  ownEnds.move();
  return { ...started, ends: input && output ? [input.write, output.read] : null };
}
