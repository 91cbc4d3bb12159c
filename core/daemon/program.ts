/** A program is started by path: found along PATH as execvp(3) does, and named if it is missing or may not be run. */
import { MusterError } from "#core/model/error.ts";
import type { Fd } from "#ffi/fd.ts";
import { findProgram } from "#ffi/program-path.ts";
import { type Child, spawnChild } from "#ffi/spawn.ts";
import { SysError } from "#ffi/sys-error.ts";
import type { Credentials } from "./accounts.ts";

export interface Program {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | null;
  readonly credentials: Credentials | null;
  readonly newSession: boolean;
  /** Standard output, and standard error unless that is given. */
  readonly output: "inherit" | "null";
  readonly stderr?: "inherit" | "null";
  readonly umask?: number;
  readonly inherit?: readonly { readonly fd: Fd; readonly as: number }[];
  readonly gate?: boolean;
}

/** Throws START_FAILED that names the program or directory and says which step of the start failed. */
export function spawnProgram(program: Program): Child {
  const [name] = program.argv;
  if (name === undefined || name === "") throw new MusterError("USAGE", "no command to start was given");
  const file = programAt(name, program.env.PATH);
  const { cwd, credentials, output } = program;
  try {
    return spawnChild({
      file,
      argv: program.argv,
      env: program.env,
      newSession: program.newSession,
      stdio: [output, output, program.stderr ?? output],
      ...(cwd === null ? {} : { cwd }),
      ...(credentials === null ? {} : { credentials }),
      ...(program.umask === undefined ? {} : { umask: program.umask }),
      ...(program.inherit ? { inherit: program.inherit } : {}),
      ...(program.gate ? { gate: true } : {}),
    });
  } catch (thrown) {
    throw cannotRun(name, thrown);
  }
}

export function cannotRun(name: string, thrown: unknown): MusterError {
  if (!(thrown instanceof SysError)) throw thrown;
  const code = thrown.errnoName === "EPERM" ? "PERMISSION_DENIED" : "START_FAILED";
  return new MusterError(code, `cannot start ${name}: ${thrown.message}`, {
    target: name,
    errno: thrown.errnoName,
    cause: thrown,
  });
}

function programAt(name: string, path: string | undefined): string {
  const file = findProgram(name, path);
  if (file !== null) return file;
  throw new MusterError("START_FAILED", `cannot start ${name}: there is no such program along PATH`, {
    target: name,
    errno: "ENOENT",
    hint: "give the whole path",
  });
}
